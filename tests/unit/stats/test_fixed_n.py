"""Exact intervals, tests and sizes against published values."""

import pytest

from quarterdeck.stats import (
    beta_binomial_e,
    clopper_pearson,
    confidence_sequence,
    detectable_rate,
    kl,
    mcnemar_exact,
    pass_k,
    sample_size,
    sequential_size,
    zero_failure_n,
)


@pytest.mark.parametrize(
    ("k", "n", "p0", "e"),
    [(9, 10, 0.5, 9.309091), (60, 100, 0.5, 0.913050), (16, 100, 0.1, 0.513225), (30, 100, 0.1, 537_977.88)],
)
def test_beta_binomial_evidence(k, n, p0, e):
    assert beta_binomial_e(k, n, p0) == pytest.approx(e, rel=1e-6)


def test_clopper_pearson():
    assert clopper_pearson(90, 100) == pytest.approx((0.8238, 0.9510), abs=5e-5)
    assert clopper_pearson(0, 10)[0] == 0
    assert clopper_pearson(10, 10)[1] == 1
    with pytest.raises(ValueError, match="at least one trial"):
        clopper_pearson(0, 0)


def test_pass_k():
    assert pass_k(6, 8, 4) == pytest.approx(0.2142857, abs=5e-8)
    assert pass_k([8, 0, 3], [8, 8, 3], 4) == 0.5
    with pytest.raises(ValueError, match="no task has 9"):
        pass_k(6, 8, 9)
    with pytest.raises(ValueError, match="successes <= trials"):
        pass_k(9, 8, 1)


def test_mcnemar():
    assert mcnemar_exact(15, 5) == pytest.approx(0.041389, abs=5e-7)
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(5, 5) == 1
    assert 0 <= mcnemar_exact(4_000, 1_000) < 1e-100


@pytest.mark.parametrize(
    ("p", "q", "nats"), [(0.16, 0.1, 0.01725), (0.2, 0.1, 0.0444), (0.25, 0.1, 0.09233), (0.04, 0.02, 0.00793)]
)
def test_divergence(p, q, nats):
    assert kl(p, q) == pytest.approx(nats, abs=5e-6)


def test_sizes():
    assert [zero_failure_n(rate) for rate in (0.95, 0.99, 0.999)] == [59, 299, 2_995]
    assert sample_size(0.1, 0.2) == 199
    threshold = 1_000
    rate = detectable_rate(0.1, 500, threshold)
    assert rate is not None
    assert sequential_size(0.1, rate, threshold) == pytest.approx(500)
    assert detectable_rate(0.1, 2, threshold) is None
    assert sequential_size(0.1, 0.1, threshold) == float("inf")
    with pytest.raises(ValueError, match="two different rates"):
        sample_size(0.1, 0.1)


def test_a_confidence_sequence_only_narrows_and_holds_the_mean():
    bounds = confidence_sequence([1, 0, 0, 0, 0] * 60)
    assert bounds.shape == (300, 2)
    assert (bounds[1:, 0] >= bounds[:-1, 0]).all()
    assert (bounds[1:, 1] <= bounds[:-1, 1]).all()
    assert bounds[-1, 0] < 0.2 < bounds[-1, 1]
    assert bounds[-1, 1] - bounds[-1, 0] < 0.2
    assert confidence_sequence([]).shape == (0, 2)
    with pytest.raises(ValueError, match="alpha"):
        confidence_sequence([1], alpha=0)
