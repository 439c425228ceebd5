"""The decision: what pairs say, how often it is wrong, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.probes import Pair
from quarterdeck.probes.pairs import in_words, weigh

WORSE, BOTH, NEITHER, BETTER = Pair(True, False), Pair(True, True), Pair(False, False), Pair(False, True)


def test_the_candidate_alone_fails() -> None:
    found = weigh([WORSE] * 20)
    assert (found.verdict, found.pairs, found.candidate_failures, found.baseline_failures) == ("regression", 7, 7, 0)
    assert found.evidence >= 20 > 10 > found.reverse_evidence
    assert "failed 7 of 7 times" in in_words(found)


@pytest.mark.parametrize("pair", [BOTH, NEITHER, BETTER])
def test_a_candidate_that_is_no_worse_is_a_wobble_soon(pair: Pair) -> None:
    found = weigh([pair] * 20)
    assert found.verdict == "wobble"
    assert found.pairs <= 6
    assert ("both sides" in in_words(found)) == (pair == BOTH)


def test_pairs_that_say_neither_are_undecided_at_their_end_only() -> None:
    mixed = [WORSE, NEITHER, WORSE, WORSE, NEITHER, WORSE, BOTH, WORSE, NEITHER, BETTER] * 2
    assert weigh(mixed[:9]).verdict is None
    assert weigh(mixed[:4], 4).verdict == "undecided"
    assert "undecided" in in_words(weigh(mixed[:4], 4))


def test_no_pair_says_nothing() -> None:
    found = weigh([])
    assert found == (None, 1.0, 1.0, 0, 0, 0)
    assert in_words(found) == "no pair has been run yet"


def test_pairs_after_the_verdict_are_not_read() -> None:
    assert weigh([WORSE] * 7 + [BETTER] * 13) == weigh([WORSE] * 20)


@pytest.mark.parametrize("most", [0, 21, -1])
def test_the_number_of_pairs_is_bounded(most: int) -> None:
    with pytest.raises(BadInput, match="expected 1 to 20"):
        weigh([], most)


def verdicts(candidate: float, baseline: float, reps: int, seed: int) -> dict[str | None, float]:
    rng = np.random.default_rng(seed)
    draws = rng.random((reps, 20, 2)) < [candidate, baseline]
    found = [weigh([Pair(bool(c), bool(b)) for c, b in pairs]).verdict for pairs in draws]
    return {name: found.count(name) / reps for name in ("regression", "wobble", "undecided")}


def test_an_input_that_fails_every_second_time_is_no_regression() -> None:
    assert verdicts(0.5, 0.5, 400, 1)["regression"] <= 0.02


def test_a_real_difference_is_found() -> None:
    found = verdicts(0.95, 0.05, 200, 2)
    assert found["regression"] >= 0.9
    assert found["wobble"] == 0
