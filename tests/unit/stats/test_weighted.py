"""Weighted estimates: known values, what cannot be said, and that unknown odds are told and not mixed in."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quarterdeck.stats import Estimate, Insufficient
from quarterdeck.stats.student import t_quantile
from quarterdeck.stats.weighted import (
    calibrate,
    relative_error,
    total_of_weights,
    weighted_mean,
    weighted_share,
    weighted_total,
)


@pytest.mark.parametrize(
    ("q", "degrees", "value"),
    [
        (0.975, 1, 12.7062), (0.975, 1.6, 12.7062), (0.975, 2, 4.30265), (0.975, 2.5, 3.57465), (0.975, 4.5, 2.65891),
        (0.975, 10, 2.22814), (0.995, 30, 2.75000), (0.95, 200, 1.65251), (0.975, 1e6, 1.95997), (0.5, 7, 0.0),
    ],
)  # fmt: skip
def test_student_quantiles(q: float, degrees: float, value: float) -> None:
    """Values of scipy.stats.t.ppf; below two degrees that of one."""
    assert t_quantile(q, degrees) == pytest.approx(value, rel=2e-3)


@pytest.mark.parametrize(("q", "degrees"), [(0.4, 3), (1.0, 3), (0.9, 0.5)])
def test_impossible_quantiles_are_refused(q: float, degrees: float) -> None:
    with pytest.raises(ValueError, match="got"):
        t_quantile(q, degrees)


def test_a_census_is_exact() -> None:
    values = [1.0, 2.0, 3.5]
    assert weighted_total(values, [1.0] * 3).answer == Estimate(6.5, 6.5, 6.5, 3, "exact")
    assert weighted_share([0, 1, 1], [1.0] * 3).answer == Estimate(2 / 3, 2 / 3, 2 / 3, 3, "exact")


def test_a_known_total_and_its_spread() -> None:
    """Twelve units kept one in four beside one for certain: by hand."""
    values, odds = [float(n) for n in range(1, 13)] + [100.0], [0.25] * 12 + [1.0]
    found = weighted_total(values, odds).answer
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(4 * 78 + 100)
    parts = [v * v * 12 for v in values[:12]]
    degrees = sum(parts) ** 2 / sum(p * p for p in parts) - 1
    half = t_quantile(0.975, degrees) * sqrt(sum(parts))
    assert (found.low, found.high) == pytest.approx((412 - half, 412 + half))


def test_a_mean_per_unit_of_size() -> None:
    found = weighted_mean([2.0, 6.0] * 6, [0.5] * 12, [1.0, 2.0] * 6).answer
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(8 / 3)
    assert found.low < 8 / 3 < found.high


@example([(0.0, 0.1)] * 7 + [(1.2e-140, 0.1)])
@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from([0.1, 0.5, 1.0])), min_size=8, max_size=40))
def test_the_interval_holds_the_estimate(units: list[tuple[float, float]]) -> None:
    values, odds = [v for v, _ in units], [p for _, p in units]
    for found in (weighted_total(values, odds), weighted_mean(values, odds)):
        if isinstance(found.answer, Estimate):
            assert found.answer.low <= found.answer.value <= found.answer.high


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 1.0)), min_size=1, max_size=60))
def test_a_share_stays_within_its_bounds(units: list[tuple[bool, float]]) -> None:
    found = weighted_share([float(hit) for hit, _ in units], [p for _, p in units]).answer
    if isinstance(found, Estimate):
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_no_hit_is_not_certainty() -> None:
    """As Wilson's interval of 0 among 50, which one unit in ten makes a little narrower."""
    found = weighted_share([0.0] * 50, [0.1] * 50).answer
    assert isinstance(found, Estimate)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.067, abs=0.01)


def test_too_few_is_an_answer() -> None:
    for found in (weighted_total([1.0] * 4, [0.5] * 4), weighted_share([1.0] * 4, [0.5] * 4)):
        assert found.answer == Insufficient("fewer than 5 sampled units", 4, 5)
    assert isinstance(weighted_mean([], []).answer, Insufficient)
    assert isinstance(weighted_share([], []).answer, Insufficient)
    assert isinstance(weighted_total([], []).answer, Insufficient)


def test_units_that_are_all_alike_give_no_interval() -> None:
    assert isinstance(weighted_mean([3.0] * 9, [0.5] * 9).answer, Insufficient)


def test_unknown_odds_are_left_out_and_counted() -> None:
    values, odds = [float(n) for n in range(10)], [0.5] * 10
    known = weighted_total(values, odds)
    mixed = weighted_total([*values, 1e9, 2e9], [*odds, None, None])
    assert mixed == (known.answer, 2)
    assert weighted_mean([*values, 1e9], [*odds, None], [1.0] * 11).unknown == 1


def test_the_error_of_a_total_is_known_before_the_draw() -> None:
    assert relative_error([1.0] * 100, [0.25] * 100) == pytest.approx(sqrt(100 * 3) / 100)
    assert relative_error([5.0, 6.0], [1.0, 1.0]) == 0
    assert relative_error([0.0], [0.5]) is None


def test_calibrated_weights_add_up_to_what_is_known() -> None:
    """Two strata of which the draw's own odds say a little too much and too little."""
    odds, strata = [0.3, 0.3, 1.0, 0.5, None], ["a", "a", "a", "b", "a"]
    assert calibrate(odds, strata, {"a": 8}) == [0.25, 0.25, 1.0, 0.5, None]
    with pytest.raises(ValueError, match="kept 2 of 1"):
        calibrate(odds, strata, {"a": 1})


def test_with_strata_only_the_spread_within_them_counts() -> None:
    """Strata that differ much and hold units that differ little: Cochran's variance of a stratified total, by hand."""
    values, strata = [1.0, 2.0, 3.0, 101.0, 102.0, 103.0], ["a"] * 3 + ["b"] * 3
    found = weighted_total(values, [0.5] * 6, strata=strata).answer
    assert isinstance(found, Estimate)
    assert found.value == 624
    variance = 2 * (6**2 * (1 - 0.5) * 1.0 / 3)
    degrees = 4 - 1  # four equal contributions, less one
    assert found.high - found.value == pytest.approx(t_quantile(0.975, degrees) * sqrt(variance))


@pytest.mark.parametrize(
    ("values", "odds"),
    [([1.0], [0.5, 0.5]), ([1.0], [0.0]), ([1.0], [1.5]), ([float("nan")], [1.0]), ([float("inf")], [1.0])],
)
def test_impossible_input_is_refused(values: list[float], odds: list[float]) -> None:
    with pytest.raises(ValueError, match=r"expected|must"):
        weighted_total(values, odds)


def test_how_many_there_were_from_sums_of_weights() -> None:
    """A hundred that came one in ten, and fifty for themselves."""
    found = total_of_weights(1050.0, 100 * 90.0, known=150, sampled=100)
    assert isinstance(found, Estimate)
    assert found.value == 1050
    assert found.high - found.value == pytest.approx(t_quantile(0.975, 99) * sqrt(9000))
    assert total_of_weights(7.0, 0.0, known=7, sampled=0) == Estimate(7.0, 7.0, 7.0, 7, "exact")
    assert isinstance(total_of_weights(31.0, 90.0, known=4, sampled=3), Insufficient)
    assert isinstance(total_of_weights(0.0, 0.0, known=0, sampled=0), Insufficient)
    with pytest.raises(ValueError, match="known"):
        total_of_weights(1.0, 0.0, known=7, sampled=0)


def test_hits_and_sizes_must_fit() -> None:
    with pytest.raises(ValueError, match="hits"):
        weighted_share([2.0], [1.0])
    with pytest.raises(ValueError, match="size"):
        weighted_mean([2.0], [1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="size"):
        weighted_mean([2.0], [1.0], [-1.0])
