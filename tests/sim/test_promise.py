"""The promise of the statistics core, in short: the rows of benchmarks/stats_promise.py with few repetitions, against their bars.

Seeded: the numbers are the same in every run. The full length is measured by the benchmark.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def promise() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "stats_promise.py"
    spec = importlib.util.spec_from_file_location("stats_promise", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_quiet_fleet_keeps_its_budget(promise):
    """At one a month, more than 4 in a month come by chance four times in a thousand; a plug-in rate gives dozens."""
    assert promise.null_months(1, 1, noise=False)["alarms"] <= 4


def test_blocks_and_bad_days_keep_it_too(promise):
    """At one a month, more than 19 in twelve months come by chance twice in a hundred."""
    assert promise.null_months(12, 2, noise=True)["alarms"] <= 19


@pytest.mark.parametrize(("one_cohort", "bar"), [(False, 750), (True, 165)])
def test_changes_are_found_in_time(promise, one_cohort, bar):
    found = promise.delay(20, 3, noise=False, one_cohort=one_cohort)
    assert found["found"] == 20
    assert found["mean_sessions"] <= bar * 1.15  # 20 fleets: a standard error of about 5 %


@pytest.mark.parametrize(("one_cohort", "bar"), [(False, 2_000), (True, 400)])
def test_noise_costs_no_more_than_said(promise, one_cohort, bar):
    found = promise.delay(20, 5, noise=True, one_cohort=one_cohort)
    assert found["found"] == 20
    assert found["mean_sessions"] <= bar * 1.15


def test_one_shot_tests_are_near_the_bound(promise):
    found = promise.row_6(0.2)
    assert found["alpha_0.05"]["stop_over_bound_max"] <= 1.7
    assert found["alpha_0.0005"]["stop_over_bound_max"] <= 1.4
    assert found["alpha_0.05"]["false_alarms_max"] <= 0.08  # the largest of five shares of 200, each at most .05


def test_a_gate_may_be_looked_at_after_each_session(promise):
    found = promise.row_8(0.1)
    assert max(found["p_0.9"]["ship"], found["p_0.9"]["kill"]) <= 0.06
    assert found["p_0.94"]["ship"] >= 0.98
    assert found["p_0.86"]["kill"] >= 0.98


def test_the_bad_slice_is_named(promise):
    found = promise.row_10(0.1)
    assert min(found["one_way"], found["two_way"]) >= 0.9


def test_a_mix_that_shifts_is_no_regression(promise):
    found = promise.row_15(0.05)
    assert found["stratified_alarms_per_month"] <= 1
    assert found["unstratified_alarms_per_month"] >= 1, "without strata the shift raises alarms: the test would see it"
