"""Months of a noisy fleet through the patrol: quiet while nothing changes, and soon told when one cohort or all get worse.

Short versions of `benchmarks/fleet.py`, without a server: six cohorts, conversations of ten alike runs, uneven days.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.sim.month import DAY_S, DIFFUSE, DIFFUSE_SHARE, RATES, Month, diffuse, one_cohort
from tests.sim.month_runs import run_of

from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals import Patrol, SignalsOptions

COHORTS = 6
A_DAY = 3_000
HISTORY_DAYS = 6.0


def played(patrol: Patrol, month: Month) -> list[Finding]:
    return [found for event in month.events() for found in patrol.take(run_of(event))]


def new_patrol() -> Patrol:
    return Patrol("default", SignalsOptions())


def reached(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.state == "reached"]


def test_the_month_has_the_rates_that_it_says() -> None:
    bad = np.array([event.bad for event in Month(40_000, cohorts=4, seed=3).events()], dtype=float)
    bad[:, 1] = np.maximum(bad[:, 1], bad[:, 3])  # an end by a guardrail is an error inside
    assert bad.mean(axis=0) == pytest.approx(RATES, rel=0.12)
    month = Month(40_000, cohorts=4, seed=3, worse=diffuse(0.0))
    changed = np.array([event.bad for event in month.events()], dtype=float).mean(axis=0)
    assert changed[0] == pytest.approx(RATES[0] * 0.6 + DIFFUSE[0] * DIFFUSE_SHARE, rel=0.12)


def test_equal_seeds_give_equal_months_in_the_order_of_their_ends() -> None:
    first, again, other = (list(Month(500, cohorts=4, seed=seed).events()) for seed in (1, 1, 2))
    assert first == again != other
    assert [event.ended_s for event in first] == sorted(event.ended_s for event in first)


@pytest.mark.slow
def test_a_noisy_fortnight_without_a_change_is_quiet() -> None:
    patrol = new_patrol()
    assert reached(played(patrol, Month(14 * A_DAY, cohorts=COHORTS, days=14, seed=5))) == []
    clustering = next(one for one in patrol.promise(0).conditions if one.name == "clustering")
    assert "failing" in clustering.because  # it knows that the runs of one conversation are alike


@pytest.mark.slow
@pytest.mark.parametrize("diffusely", [False, True])
def test_a_change_is_told_soon_and_where_it_is(diffusely: bool) -> None:
    since_s = HISTORY_DAYS * DAY_S
    worse = diffuse(since_s) if diffusely else one_cohort(2, since_s)
    month = Month(int(8 * A_DAY), cohorts=COHORTS, days=8, seed=11, worse=worse)
    found = reached(played(new_patrol(), month))
    assert found
    first = found[0]
    since_ns = run_of(next(month.events())).started_at_ns + int(since_s * 1e9)
    sessions = (first.at_ns - since_ns) / 1e9 / DAY_S * A_DAY
    if diffusely:
        assert sessions < 4_000
    else:
        assert dict(first.where).get("agent") == "agent-02"
        assert sessions / COHORTS < 800
