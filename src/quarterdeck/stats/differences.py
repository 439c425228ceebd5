"""Two shares compared: the interval of their difference, and which of many differences stand out.

Refuses: a difference without its two n, and a ranking that forgets how many values were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from quarterdeck.stats.intervals import wilson

ShareVerdict = Literal["more_often", "less_often", "no_difference_shown", "not_enough_data"]

SIDE_N_MIN = 20
"""Runs that each side needs: below it a Wilson interval spans half the scale (as in the fleet's sentence)."""
COUNT_MIN = 5
"""Runs with the value, on both sides together: fewer say nothing at any level that a ranking of many values uses."""


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """One value on two sides: `first` of `first_n` against `second` of `second_n`.

    `difference` is the first share minus the second with `low` and `high` (95 %). `lift` is their ratio, None when the
    second is 0. `score` is the end of the corrected interval that is nearest to no difference, 0 when that interval
    holds none, None with too little data. All four are None where a side is empty.
    """

    first: int
    first_n: int
    second: int
    second_n: int
    difference: float | None
    low: float | None
    high: float | None
    lift: float | None
    score: float | None
    verdict: ShareVerdict


def newcombe(first: int, first_n: int, second: int, second_n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval `(low, high)` of the difference of two independent rates, within -1..1: the square-and-add method.

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10 (Wilson scores without continuity
    correction). Raises ValueError as `wilson` does.
    """
    rate_1, rate_2 = first / first_n if first_n else 0.0, second / second_n if second_n else 0.0
    low_1, high_1 = wilson(first, first_n, confidence)
    low_2, high_2 = wilson(second, second_n, confidence)
    difference = rate_1 - rate_2
    low = difference - sqrt((rate_1 - low_1) ** 2 + (high_2 - rate_2) ** 2)
    high = difference + sqrt((high_1 - rate_1) ** 2 + (rate_2 - low_2) ** 2)
    return max(-1.0, low), min(1.0, high)


def compare_shares(
    counts: Sequence[tuple[int, int]], first_n: int, second_n: int, *, confidence: float = 0.95
) -> list[ShareDifference]:
    """Each (first, second) count compared, in the order given; all are looked at together.

    The score's interval is at 1 - (1 - confidence) / m, m the values with enough data (Bonferroni), so that the one
    that stands out of many by chance alone does not. Raises ValueError for counts outside 0..n.
    """
    enough = [
        first_n >= SIDE_N_MIN and second_n >= SIDE_N_MIN and first + second >= COUNT_MIN for first, second in counts
    ]
    corrected = 1 - (1 - confidence) / max(1, sum(enough))
    return [
        _compare(pair, (first_n, second_n), confidence, corrected if fits else None)
        for pair, fits in zip(counts, enough, strict=True)
    ]


def _compare(
    pair: tuple[int, int], sides: tuple[int, int], confidence: float, corrected: float | None
) -> ShareDifference:
    (first, second), (first_n, second_n) = pair, sides
    if not first_n or not second_n:
        return ShareDifference(first, first_n, second, second_n, None, None, None, None, None, "not_enough_data")
    low, high = newcombe(first, first_n, second, second_n, confidence)
    difference = first / first_n - second / second_n
    lift = (first / first_n) / (second / second_n) if second else None
    score, verdict = _judged(pair, sides, corrected)
    return ShareDifference(first, first_n, second, second_n, difference, low, high, lift, score, verdict)


def _judged(
    pair: tuple[int, int], sides: tuple[int, int], corrected: float | None
) -> tuple[float | None, ShareVerdict]:
    if corrected is None:
        return None, "not_enough_data"
    low, high = newcombe(pair[0], sides[0], pair[1], sides[1], corrected)
    if low > 0:
        return low, "more_often"
    if high < 0:
        return -high, "less_often"
    return 0.0, "no_difference_shown"
