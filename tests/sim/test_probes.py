"""The promise of probes, in short: the decision with its reverse process on synthetic inputs, beside a retry."""

from __future__ import annotations

import numpy as np
import pytest

from quarterdeck.model.probes import Pair
from quarterdeck.probes.pairs import PAIRS_MAX, Weighed, weigh

REPS = 500


def probes(seed: int, candidate: np.ndarray, baseline: np.ndarray) -> list[Weighed]:
    """One probe for each chance of failing."""
    rng = np.random.default_rng(seed)
    failed = rng.random((len(candidate), PAIRS_MAX, 2)) < np.stack([candidate, baseline], axis=1)[:, None, :]
    return [weigh([Pair(bool(c), bool(b)) for c, b in pairs]) for pairs in failed]


def share(found: list[Weighed], verdict: str) -> float:
    return sum(one.verdict == verdict for one in found) / len(found)


def test_what_fails_alike_on_both_sides_is_no_regression_and_is_a_wobble_soon() -> None:
    chances = np.random.default_rng(11).beta(0.5, 2.0, REPS)
    found = probes(12, chances, chances)
    assert share(found, "regression") <= 0.02
    assert share(found, "wobble") >= 0.95
    assert np.mean([one.pairs for one in found]) <= 8


def test_an_input_that_fails_every_second_time_is_no_regression() -> None:
    half = np.full(REPS, 0.5)
    found = probes(13, half, half)
    assert share(found, "regression") <= 0.02
    assert share(found, "wobble") >= 0.9


@pytest.mark.parametrize(("candidate", "baseline"), [(0.95, 0.05), (0.8, 0.1)])
def test_a_real_difference_is_found_and_seldom_a_wobble(candidate: float, baseline: float) -> None:
    found = probes(14, np.full(REPS, candidate), np.full(REPS, baseline))
    assert share(found, "regression") >= 0.9
    assert share(found, "wobble") <= 0.02
    assert np.mean([one.pairs for one in found]) <= 13
