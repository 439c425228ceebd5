"""Simulated fleets, sampled by the policy itself: estimates from kept sessions against the truth of all.

The fleet stands still and the key of the draw changes, so that what varies is the draw alone. Many strata of unequal
size, costs with a heavy tail, error rates that differ by stratum, sessions of several runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from tests.unit.observe.sampling.sessions import session, terms

from quarterdeck.observe.sampling.facts import SessionFacts
from quarterdeck.observe.sampling.policy import decide_window
from quarterdeck.stats import Answer, Estimate
from quarterdeck.stats.weighted import calibrate, weighted_mean, weighted_share, weighted_total

DRAWS = 500
STATED = 0.95
LEAST_COVERAGE = 0.93
"""Of 500 intervals at 95 %, fewer than 93 % hold the truth by chance once in forty times."""


class Fleet(NamedTuple):
    """Sessions, and what nobody can see of those that are left out: how many of their runs say a word."""

    sessions: list[SessionFacts]
    says: dict[str, int]


def fleet(seed: int, *, strata: int, most: int, hours: int = 1) -> Fleet:
    """`most` sessions an hour in the largest stratum, half as many in the next, and so on."""
    chance = np.random.default_rng(seed)
    sessions: list[SessionFacts] = []
    says: dict[str, int] = {}
    for stratum in range(strata):
        error_rate, word_rate, level = chance.uniform(0.01, 0.3), chance.uniform(0.05, 0.4), chance.normal(-4, 1)
        for hour in range(hours):
            size = int(most / (1 + stratum))
            costs, durations = chance.lognormal(level, 1.3, size), chance.lognormal(3, 1, size)
            failed, runs = chance.random(size) < error_rate, chance.integers(1, 4, size)
            words = chance.binomial(runs, np.where(failed, min(1.0, 2 * word_rate), word_rate))
            for at in range(size):
                made = session(
                    len(sessions),
                    stratum=f"task{stratum} hour{hour}|agent|1|v|m|t",
                    cost_usd=float(costs[at]),
                    duration_s=float(durations[at]),
                    evidence="error" if failed[at] else None,
                    runs=int(runs[at]),
                )
                sessions.append(made)
                says[made.session_key] = int(words[at])
    return Fleet(sessions, says)


class Found(NamedTuple):
    """One draw: the answers for the total cost, the mean cost, and the share of runs that say the word."""

    total: Answer
    mean: Answer
    share: Answer


def draw(whole: Fleet, key: int, reservoir: int, *, calibrated: bool) -> Found:
    """What the policy keeps with this key, and what is estimated from it."""
    how = replace(terms(reservoir=reservoir), key=key.to_bytes(4, "big"))
    by_key = {s.session_key: s for s in whole.sessions}
    decisions = decide_window(whole.sessions, {}, how)
    kept = [d for d in decisions if d.kept]
    odds, strata = [d.probability for d in kept], None
    if calibrated:
        strata = [d.stratum for d in kept]
        odds = calibrate(odds, strata, Counter(d.stratum for d in decisions if d.probability != 1.0))
    costs = [by_key[d.session_key].cost_usd or 0.0 for d in kept]
    sizes = [float(by_key[d.session_key].runs) for d in kept]
    hits = [float(whole.says[d.session_key]) for d in kept]
    return Found(
        weighted_total(costs, odds, strata=strata, confidence=STATED).answer,
        weighted_mean(costs, odds, strata=strata, confidence=STATED).answer,
        weighted_share(hits, odds, sizes, strata=strata, confidence=STATED).answer,
    )


def truths(whole: Fleet) -> Found:
    total = sum(s.cost_usd or 0.0 for s in whole.sessions)
    share = sum(whole.says.values()) / sum(s.runs for s in whole.sessions)
    exact = [Estimate(v, v, v, len(whole.sessions), "truth") for v in (total, total / len(whole.sessions), share)]
    return Found(*exact)


@pytest.fixture(scope="module")
def whole() -> Fleet:
    return fleet(20_261_124, strata=12, most=500)


@pytest.fixture(scope="module", params=[False, True], ids=["odds alone", "calibrated"])
def draws(whole: Fleet, request: pytest.FixtureRequest) -> list[Found]:
    return [draw(whole, key, reservoir=40, calibrated=request.param) for key in range(DRAWS)]


@pytest.mark.parametrize("name", Found._fields)
def test_intervals_hold_the_truth_as_often_as_they_say(whole: Fleet, draws: list[Found], name: str) -> None:
    truth = getattr(truths(whole), name).value
    answers = [getattr(found, name) for found in draws]
    held = sum(isinstance(a, Estimate) and a.low <= truth <= a.high for a in answers) / DRAWS
    print(f"{name}: {held:.1%} of {DRAWS} intervals at {STATED:.0%} hold the truth")
    assert held >= LEAST_COVERAGE


@pytest.mark.parametrize("name", Found._fields)
def test_estimates_are_right_on_average(whole: Fleet, draws: list[Found], name: str) -> None:
    truth = getattr(truths(whole), name).value
    values = [getattr(found, name).value for found in draws]
    assert abs(np.mean(values) - truth) <= 4 * np.std(values) / DRAWS**0.5


def test_over_half_a_day_estimates_are_within_five_per_cent() -> None:
    """Several fleets, the reservoir as shipped (200 per stratum and hour), half of all sessions left out."""
    errors = []
    for seed in range(4):
        whole = fleet(seed, strata=6, most=1_200, hours=12)
        truth = truths(whole)
        for key in range(3):
            found = draw(whole, key, reservoir=200, calibrated=True)
            errors += [abs(a.value / t.value - 1) for a, t in zip(found, truth, strict=True)]
    print(f"largest relative error of {len(errors)} estimates: {max(errors):.1%}")
    assert max(errors) <= 0.05
