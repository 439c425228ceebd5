"""What a value is now and was before, as it may be shown: with interval and n, or with the reason why there is none."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, inf

import numpy as np

from quarterdeck.model.measured import Measured
from quarterdeck.observe.signals.recent import wilson_bounds
from quarterdeck.stats import detectable_rate, sequential_size
from quarterdeck.stats.bets import Floats
from quarterdeck.stats.ranks import quantile_of

N_MIN = 5
POINTS = 0.10
"""The change that is looked for when it is said how many runs it takes: ten points of a rate."""
SHIFT = 0.15
"""The same for an amount: the middle run stands where 65 % stood before."""
WILSON = "mean, Wilson"
MEDIAN = "median, order statistics"


def mean_of(mean: float, n: float) -> Measured:
    """The mean of n observations in 0..1."""
    if n < N_MIN:
        return _few(n)
    low, high = wilson_bounds(np.array(mean), np.array(float(n)))
    return Measured(float(mean), float(low), float(high), round(n), WILSON)


def median_of(values: Floats) -> Measured:
    """The median of a list of amounts."""
    n = len(values)
    if n < N_MIN:
        return _few(n)
    ordered = np.sort(values)
    half = 0.98 * n**0.5
    low, high = max(0, int(n / 2 - half)), min(n - 1, ceil(n / 2 + half))
    middle = float(ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return Measured(middle, float(ordered[low]), float(ordered[high]), n, MEDIAN)


def median_of_counts(counts: Floats) -> Measured:
    """The median of amounts that were counted in buckets (`stats.Ranks`)."""
    n = float(counts.sum())
    if n < N_MIN:
        return _few(n)
    half = 0.98 / n**0.5
    low, middle, high = (quantile_of(counts, min(1.0, max(0.0, 0.5 + side * half))) or 0.0 for side in (-1, 0, 1))
    return Measured(middle, low, high, round(n), "running median, 4 % buckets")


def _few(n: float) -> Measured:
    return Measured(None, None, None, round(n), None, f"fewer than {N_MIN} runs", N_MIN)


def runs_needed(normal: float, evidence: float, threshold: float, *, amount: bool) -> int | None:
    """Further observations of the change that is looked for until `threshold`, on average, from the evidence there is.

    `normal`: the mean that is bet against. None when no such change exists (the rate is close to 1).
    """
    changed = normal + (SHIFT if amount else max(POINTS, normal * 0.2))
    missing = threshold / max(1.0, evidence)
    if not 0 < normal < changed < 1 or not 1 < missing < inf:
        return 0 if missing <= 1 else None
    return ceil(sequential_size(normal, changed, missing))


def sees(normal: float, runs: float, threshold: float) -> float | None:
    """The smallest mean that as many observations again would show, within a percent; None when none would."""
    if not 0 < normal < 1 or runs < 1 or not 1 < threshold < inf:
        return None
    return _sees(float(f"{normal:.3g}"), float(f"{runs:.2g}"), float(f"{threshold:.2g}"))


@lru_cache(maxsize=8_192)
def _sees(normal: float, runs: float, threshold: float) -> float | None:
    return detectable_rate(normal, runs, threshold) if normal < 1 else None
