"""How many are needed, and what cannot be seen with fewer."""

from __future__ import annotations

from math import ceil, inf, log, sqrt
from statistics import NormalDist

SEQUENTIAL_FACTOR = 1.4
"""Mean stopping time of the nine-bet mixture over log(1/α)/KL at usual α; see docs/benchmarks.md."""


def kl(p: float, q: float) -> float:
    """Kullback-Leibler divergence of two Bernoulli rates, in nats: what one outcome tells on average."""
    if not 0 <= p <= 1 or not 0 < q < 1:
        msg = f"expected p in 0..1 and q in (0, 1), got {p} and {q}"
        raise ValueError(msg)
    return (p * log(p / q) if p else 0.0) + ((1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0)


def sample_size(p0: float, p1: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Trials in each of two groups to tell the rates p0 and p1 apart, two-sided at `alpha`.

    Normal approximation with unpooled variance (Fleiss, Statistical Methods for Rates and Proportions, 3.2).
    Raises ValueError for equal rates or values outside (0, 1).
    """
    if p0 == p1 or not all(0 < value < 1 for value in (p0, p1, alpha, power)):
        msg = f"expected two different rates, alpha and power in (0, 1), got {p0}, {p1}, {alpha}, {power}"
        raise ValueError(msg)
    normal = NormalDist()
    mean = (p0 + p1) / 2
    reach = normal.inv_cdf(1 - alpha / 2) * sqrt(2 * mean * (1 - mean))
    reach += normal.inv_cdf(power) * sqrt(p0 * (1 - p0) + p1 * (1 - p1))
    return ceil((reach / (p0 - p1)) ** 2)


def sequential_size(p0: float, p1: float, threshold: float) -> float:
    """Outcomes that evidence needs on average to reach `threshold` when the rate is p1 and p0 is normal; inf if equal."""
    if threshold <= 1:
        msg = f"expected a threshold above 1, got {threshold}"
        raise ValueError(msg)
    rate = kl(p1, p0)
    return inf if rate == 0 else SEQUENTIAL_FACTOR * log(threshold) / rate


def detectable_rate(p0: float, n: float, threshold: float) -> float | None:
    """The smallest rate above p0 that n outcomes would show on average at `threshold`; None when none would."""
    if sequential_size(p0, 1 - 1e-9, threshold) > n:
        return None
    low, high = p0, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if sequential_size(p0, middle, threshold) <= n else (middle, high)
    return high


def zero_failure_n(rate: float, confidence: float = 0.95) -> int:
    """Trials without failure that show a success rate of at least `rate`: the smallest n with rate^n <= 1 − confidence."""
    if not 0 < rate < 1 or not 0 < confidence < 1:
        msg = f"expected a rate and a confidence in (0, 1), got {rate} and {confidence}"
        raise ValueError(msg)
    return ceil(log(1 - confidence) / log(rate))
