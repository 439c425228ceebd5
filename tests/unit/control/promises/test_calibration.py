"""Promises against what runs took: shares, losses, who is not scored, and when a cohort has drifted."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.control.promises import Cohort, calibrate
from quarterdeck.control.promises.calibration import HINDSIGHT, pinball
from quarterdeck.model.estimates import Estimate, Promise, Spread
from quarterdeck.model.runs import Run, Tokens

from .runs import START_NS, make_run

SPREAD = Spread(10.0, 50.0, 90.0, 99.0)


def kept(number: int, total: int, *, warnings: tuple[str, ...] = (), **changes: Any) -> Run:
    estimate = Estimate({"tokens_total": SPREAD}, "high", cold=False, basis=(), why="", warnings=warnings)
    return make_run(
        number, total=total, estimate=Promise("default", f"run-{number:05d}", START_NS, "server", estimate), **changes
    )


def only(runs: list[Run]) -> Cohort:
    (cohort,) = calibrate(runs, "tokens_total", window=200)
    return cohort


def test_shares_are_of_runs_at_or_below_each_quantile() -> None:
    cohort = only([kept(n, n) for n in range(1, 101)])
    assert [cohort.coverage[level].share for level in (0.5, 0.9, 0.99)] == [0.5, 0.9, 0.99]
    assert cohort.drift is None
    low, high = cohort.coverage[0.9].low, cohort.coverage[0.9].high
    assert low is not None
    assert high is not None
    assert low < 0.9 < high


def test_what_is_known_from_below_and_what_knew_later_runs_is_not_scored() -> None:
    partial = Tokens(input=5, output=0, coverage="partial")
    cohort = only(
        [
            kept(1, 60),
            kept(2, 5, lifecycle="lost"),
            kept(3, 5, status="error"),
            kept(4, 5, tokens=partial),
            kept(5, 5, warnings=(HINDSIGHT,)),
            make_run(6),
        ]
    )
    assert (cohort.n, cohort.censored, cohort.unpromised, cohort.coverage[0.5].share) == (1, 3, 2, 0.0)


def test_too_few_runs_have_no_loss_and_no_drift() -> None:
    cohort = only([kept(n, 10_000) for n in range(5)])
    assert (cohort.pinball[0.9], cohort.pinball_constant[0.9], cohort.drift) == (None, None, None)


def test_losses_are_beside_those_of_a_constant_over_the_same_runs() -> None:
    cohort = only([kept(n, 20) for n in range(7)])
    assert cohort.pinball[0.5] == pytest.approx(pinball(20, 50, 0.5))
    assert cohort.pinball_constant[0.5] == 0.0


def test_runs_that_leave_the_promise_are_a_drift_that_names_its_cohort() -> None:
    runs = [kept(n, n % 100 + 1) for n in range(200)] + [kept(n, 95) for n in range(200, 400)]
    cohort = only(runs)
    assert cohort.drift is not None
    assert (cohort.drift.agent, cohort.drift.model, cohort.drift.level, cohort.drift.share) == (
        "triage",
        "m-1",
        0.9,
        0.0,
    )
    assert "triage on m-1 takes more than promised: 0% of its newest 200 runs" in cohort.drift.why
    assert only(runs[:200]).drift is None
