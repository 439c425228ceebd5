"""What is normal, and what counts as one observation."""

import numpy as np
import pytest

from quarterdeck.stats import Baseline, Estimate, Insufficient, block, day_effect, intraclass_correlation


def test_a_baseline_learns_and_keeps_its_tolerance():
    baseline = Baseline(tolerance=0.1)
    for x in (0, 0, 1, 0):
        baseline = baseline.absorb(x)
    assert baseline.rate == pytest.approx(1.5 / 5)
    assert baseline.m == pytest.approx(1.1 * 1.5 / 5)


def test_a_half_life_forgets():
    old = Baseline(k=50, n=100, half_life=10)
    for _ in range(100):
        old = old.absorb(0)
    assert old.rate < 0.1
    assert old.n < 16


def test_a_stream_that_always_fails_still_has_a_mean_to_bet_on():
    assert Baseline(k=100, n=100, tolerance=0.5).m < 1


def test_impossible_baselines_are_refused():
    with pytest.raises(ValueError, match="0 <= k <= n"):
        Baseline(k=2, n=1)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        Baseline().absorb(2)


def test_blocks_are_means_in_order_of_first_appearance():
    assert block([1, 0, 1, 0.5], ["b", "a", "b", "c"]).tolist() == [1, 0, 0.5]
    assert block([], []).tolist() == []
    with pytest.raises(ValueError, match="one key for each value"):
        block([1, 2], ["a"])


def test_intraclass_correlation_is_recovered():
    rng = np.random.default_rng(3)
    units = np.repeat(np.arange(2_000), 10)
    # Beta(a, b) rates have an intraclass correlation of 1/(a + b + 1).
    rates = np.repeat(rng.beta(1.9, 17.1, 2_000), 10)
    found = intraclass_correlation(rng.random(20_000) < rates, units)
    assert isinstance(found, Estimate)
    assert found.low <= 0.05 <= found.high
    assert found.high - found.low < 0.03


def test_independent_outcomes_show_none():
    rng = np.random.default_rng(4)
    found = intraclass_correlation(rng.random(5_000) < 0.2, np.repeat(np.arange(500), 10))
    assert isinstance(found, Estimate)
    assert abs(found.value) < 0.02


def test_few_units_are_not_enough():
    assert intraclass_correlation([1, 0, 1], ["a", "a", "b"]) == Insufficient(
        "fewer than 10 units with two or more outcomes", 1, 10
    )


def test_a_day_effect_is_recovered_and_counting_noise_is_not_one():
    rng = np.random.default_rng(5)
    n = np.full(200, 5_000)
    shocked = rng.binomial(n, 0.1 * np.exp(rng.normal(0, 0.1, 200))) / n
    found, none = day_effect(shocked, n), day_effect(rng.binomial(n, 0.1) / n, n)
    assert isinstance(found, Estimate)
    assert found.low <= 0.1 <= found.high
    assert isinstance(none, Estimate)
    assert none.value < 0.03
    assert isinstance(day_effect([0.1] * 6, [10] * 6), Insufficient)
