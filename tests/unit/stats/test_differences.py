"""Newcombe's interval against published values, and a ranking that chance alone does not lead."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.stats import compare_shares, newcombe

SIDES = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
CASES = SIDES.flatmap(lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1])))


@pytest.mark.parametrize(
    ("case", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_published_values(case: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe (1998), table II, method 10, rows (a), (b), (d) and (h)."""
    assert newcombe(*case) == pytest.approx((low, high), abs=5e-5)


@given(CASES)
def test_it_holds_the_difference_and_turning_the_sides_turns_it(case: tuple[int, int, int, int]) -> None:
    first, first_n, second, second_n = case
    low, high = newcombe(*case)
    assert -1 <= low <= first / first_n - second / second_n + 1e-12
    assert first / first_n - second / second_n - 1e-12 <= high <= 1
    assert newcombe(second, second_n, first, first_n) == pytest.approx((-high, -low))


def test_it_covers_the_true_difference_as_often_as_it_says() -> None:
    rng = random.Random(7)
    held = 0
    for _ in range(2000):
        first = sum(rng.random() < 0.12 for _ in range(60))
        second = sum(rng.random() < 0.30 for _ in range(90))
        low, high = newcombe(first, 60, second, 90)
        held += low <= -0.18 <= high
    assert 0.93 <= held / 2000 <= 0.97


def test_a_verdict_says_what_the_corrected_interval_shows() -> None:
    more, less, same, rare = compare_shares([(80, 20), (5, 60), (50, 49), (2, 1)], 100, 100)
    assert [one.verdict for one in (more, less, same, rare)] == [
        "more_often",
        "less_often",
        "no_difference_shown",
        "not_enough_data",
    ]
    assert more.lift == pytest.approx(4.0)
    assert more.difference == pytest.approx(0.6)
    assert more.score is not None
    assert more.low is not None
    assert 0 < more.score < more.low  # wider for the three that were compared
    assert same.score == 0
    assert rare.score is None
    assert rare.low is not None


def test_small_or_empty_sides_are_not_enough() -> None:
    (small,) = compare_shares([(19, 0)], 19, 1000)
    assert small.verdict == "not_enough_data"
    (empty,) = compare_shares([(0, 7)], 0, 1000)
    assert (empty.difference, empty.lift, empty.score, empty.verdict) == (None, None, None, "not_enough_data")
    (only,) = compare_shares([(30, 0)], 100, 100)
    assert only.lift is None
    assert only.verdict == "more_often"
    assert compare_shares([], 5, 5) == []


def test_among_many_values_without_a_difference_one_stands_out_rarely() -> None:
    rng = random.Random(11)
    alarms = 0
    for _ in range(200):
        counts = [
            (sum(rng.random() < 0.2 for _ in range(80)), sum(rng.random() < 0.2 for _ in range(80))) for _ in range(20)
        ]
        alarms += any(one.verdict in ("more_often", "less_often") for one in compare_shares(counts, 80, 80))
    assert alarms / 200 <= 0.08


@pytest.mark.parametrize("counts", [[(101, 0)], [(-1, 0)], [(0, 101)]])
def test_impossible_counts_are_refused(counts: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="got"):
        compare_shares(counts, 100, 100)
