"""Amounts become ranks that can be bet on without knowing their distribution."""

import numpy as np
import pytest

from quarterdeck.stats import EProcess, Ranks


@pytest.mark.parametrize("draw", ["lognormal", "exponential", "constant"])
def test_the_mean_rank_is_one_half_whatever_the_distribution(draw):
    rng = np.random.default_rng(51)
    values = {
        "lognormal": rng.lognormal(8, 1.5, 4_000),
        "exponential": rng.exponential(3, 4_000),
        "constant": np.full(4_000, 7.0),
    }[draw]
    ranks = Ranks(tolerance=0)
    seen = []
    for value in values:
        seen.append(ranks.rank(value))
        ranks.learn(value)
    assert np.mean(seen) == pytest.approx(0.5, abs=0.02)
    assert 0 < min(seen) <= max(seen) < 1


def test_growth_within_the_tolerance_is_no_evidence_and_a_threefold_one_is():
    rng = np.random.default_rng(52)

    def evidence(factor):
        ranks, process = Ranks(tolerance=0.1), EProcess(0.5)
        for value in rng.lognormal(9, 0.5, 300):
            ranks.learn(value)
        return [process.update(ranks.rank(value * factor)) for value in rng.lognormal(9, 0.5, 300)]

    assert max(evidence(1.1)) < 20
    assert next(n for n, e in enumerate(evidence(3.0), 1) if e >= 10) <= 12


def test_a_half_life_forgets_and_buckets_are_bounded():
    ranks = Ranks(half_life=20)
    for value in [1.0] * 200 + [100.0] * 200:
        ranks.learn(value)
    assert ranks.quantile(0.5) == pytest.approx(100, rel=0.04)
    assert ranks.n < 30
    many = Ranks()
    for exponent in np.linspace(-9, 300, 500):
        many.learn(10.0**exponent)
    assert many.rank(1e300) < 1
    assert many.quantile(0.0) == 0
    assert Ranks().quantile(0.5) is None


def test_zero_is_an_amount_and_a_negative_one_is_refused():
    ranks = Ranks()
    ranks.learn(0)
    assert ranks.quantile(0.5) == 0
    for bad in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="finite amount"):
            ranks.rank(bad)
