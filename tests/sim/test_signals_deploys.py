"""Deploys of equal age, many times over: no change raises no more than its α, a change is found soon.

The world of these tests: runs start at random, fail at a random moment of their course (so failures are known first), cost
tokens as long as they last, and are of one kind. Seeded: the numbers are the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from quarterdeck.model.signals import Deploy
from quarterdeck.observe.signals import SignalsOptions
from quarterdeck.observe.signals.columns import Columns
from quarterdeck.observe.signals.controls import Controls
from quarterdeck.observe.signals.deploy_test import DeployTest
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.observe.signals.records import Record

pytestmark = pytest.mark.slow

COLUMNS = Columns((SIGNALS[0], SIGNALS[1]), SignalsOptions(scores_max=0))
SECOND = 10**9
NOT_BLOCKED = np.zeros(2, dtype=bool)
ALPHA = 0.05
Rate = Callable[[float], float]


def world(
    rng: np.random.Generator,
    version: str,
    begin_s: float,
    end_s: float,
    a_second: float,
    rate: Rate,
    tokens: float = 1.0,
) -> list[Record]:
    """Runs that start in a span of time, in the order in which they end."""
    records = []
    for start in begin_s + np.sort(rng.uniform(0, 1, rng.poisson(a_second * (end_s - begin_s)))) * (end_s - begin_s):
        lasted = float(rng.lognormal(3.2, 0.6))
        failed = rng.random() < rate(start)
        lasted *= rng.random() if failed else 1.0
        values = np.array([float(failed), lasted * 500 * tokens * float(rng.lognormal(0, 0.3))])
        ended = start + lasted
        parts = (version, None, None, None, None)
        records.append(Record(f"{version}{start}", int(start * SECOND), int(ended * SECOND), 0, parts, None, values))
    return sorted(records, key=lambda one: one.ended_ns)


def peaks(old: list[Record], new: list[Record], until_s: float) -> tuple[np.ndarray, dict[int, float]]:
    """Highest evidence of both signals, and by column when 1/219 was passed."""
    opened = min(one.started_ns for one in new)
    controls = Controls([one for one in old if one.ended_ns <= opened], old[0].started_ns, opened, 2)
    test = DeployTest(_at(opened), COLUMNS, controls, 0.1)
    test.usual_ns = 70 * SECOND
    test.thresholds = np.full(2, 219.0)
    best, passed = np.zeros(2), {}
    later = [one for one in old if one.ended_ns > opened]
    for one in sorted([*later, *new], key=lambda one: one.ended_ns):
        if one.ended_ns > opened + until_s * SECOND:
            break
        if one.parts[0] == "v1":
            test.old(one)
            continue
        for crossing in test.new(one, NOT_BLOCKED):
            if crossing.state == "reached":
                passed[crossing.column] = (one.ended_ns - opened) / SECOND
        best = np.maximum(best, test.evidence)
    return best, passed


def _at(opened_ns: int) -> Deploy:
    return Deploy((), "prompt_version", "v1", "v2", opened_ns)


def share_of_false(
    n: int, seed: int, one: Callable[[np.random.Generator], tuple[list[Record], list[Record]]]
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    best = np.array([peaks(*one(rng), 240.0)[0] for _ in range(n)])
    return (best >= 1 / ALPHA).mean(axis=0)


N = 100
LIMIT = 0.11
"""At α = .05 more than 11 of 100 come by chance less than once in a hundred."""


def test_an_instant_change_of_nothing_is_nothing() -> None:
    def one(rng: np.random.Generator) -> tuple[list[Record], list[Record]]:
        rate = rng.uniform(0.02, 0.3)
        return world(rng, "v1", -300, 0, 2, lambda _: rate), world(rng, "v2", 0, 240, 2, lambda _: rate)

    assert (share_of_false(N, 1, one) <= LIMIT).all()


def test_with_few_old_runs_it_is_nothing_either() -> None:
    def one(rng: np.random.Generator) -> tuple[list[Record], list[Record]]:
        return world(rng, "v1", -300, 0, 0.15, lambda _: 0.12), world(rng, "v2", 0, 600, 1, lambda _: 0.12)

    assert (share_of_false(N, 2, one) <= LIMIT).all()


def test_a_bad_hour_that_both_versions_see_is_no_evidence() -> None:
    """A canary of a fifth; the rate triples for both a minute after it came."""

    def one(rng: np.random.Generator) -> tuple[list[Record], list[Record]]:
        def rate(at: float) -> float:
            return 0.3 if at > 60 else 0.1

        return world(rng, "v1", -300, 240, 4, rate), world(rng, "v2", 0, 240, 1, rate)

    assert share_of_false(N, 3, one)[0] <= LIMIT


def test_a_worse_version_is_found_within_a_minute() -> None:
    """12 % to 31 % failing after an instant cut-over, with three minutes of history: 19 of 20 within 75 s."""
    rng, found = np.random.default_rng(4), []
    for _ in range(40):
        old, new = world(rng, "v1", -180, 0, 4, lambda _: 0.12), world(rng, "v2", 0, 90, 4, lambda _: 0.31)
        found.append(peaks(old, new, 90.0)[1].get(0, np.inf))
    assert np.mean(np.array(found) <= 75) >= 0.95


def test_threefold_tokens_are_found_in_ten_runs() -> None:
    rng, found = np.random.default_rng(5), []
    for _ in range(40):
        old = world(rng, "v1", -30_000, 0, 0.02, lambda _: 0.0)
        new = world(rng, "v2", 0, 2_000, 0.02, lambda _: 0.0, tokens=3.0)
        passed = peaks(old, new, 5_000.0)[1].get(1, np.inf)
        opened = min(one.started_ns for one in new)
        found.append(sum(one.ended_ns - opened <= passed * SECOND for one in new if passed < np.inf) or 99)
    assert np.median(found) <= 14
