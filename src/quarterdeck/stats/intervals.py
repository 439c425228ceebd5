"""Intervals for a rate seen in n independent trials.

Refuses: a rate without its n. With no trial there is nothing to say, and the caller hears that as an error.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval `(low, high)` of a binomial rate, both within 0..1.

    Source: E. B. Wilson, JASA 22 (1927) 209-212; recommended for small n by Brown, Cai and DasGupta,
    Statistical Science 16 (2001) 101-133. Raises ValueError for n < 1, successes outside 0..n, or a
    confidence outside (0, 1).
    """
    check_counts(successes, n, confidence)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = successes / n
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    # At the ends the formula gives the bound exactly; rounding may miss it by one part in 2^53.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def check_counts(successes: int, n: int, confidence: float) -> None:
    """Raises ValueError for counts that no interval can be made of."""
    if n < 1:
        msg = f"an interval needs at least one trial, got n = {n}"
        raise ValueError(msg)
    if not 0 <= successes <= n:
        msg = f"successes must lie in 0..{n}, got {successes}"
        raise ValueError(msg)
    if not 0 < confidence < 1:
        msg = f"confidence must lie between 0 and 1, got {confidence}"
        raise ValueError(msg)
