"""Outcomes that are alike within a conversation, an hour or a day: one mean for each such unit, and how alike they are.

Evidence counts independent units. Sessions of one burst that count singly raise false alarms tens of times.
Source: one-way analysis of variance; Donner, International Statistical Review 54 (1986) 67-82, for unequal sizes.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quarterdeck.stats.bets import Floats
from quarterdeck.stats.estimate import Answer, Estimate, Insufficient

BLOCK_ABOVE = 0.01
"""Intraclass correlation above which outcomes are taken in blocks."""


def block(x: ArrayLike, key: ArrayLike) -> Floats:
    """The mean of `x` in each unit of `key`, units in order of their first appearance. Shapes: (n,), (n,) → (units,)."""
    values, keys = _paired(x, key)
    if len(values) == 0:
        return np.zeros(0)
    _, first, unit = np.unique(keys, return_index=True, return_inverse=True)
    sums = np.bincount(unit, weights=values)
    counts = np.bincount(unit)
    return np.asarray((sums / counts)[np.argsort(first, kind="stable")])


def intraclass_correlation(x: ArrayLike, key: ArrayLike) -> Answer:
    """How alike the values of one unit are: 0 = as unlike as of any two, 1 = equal.

    The interval is the point ± 1.96 standard errors of Donner's formula, cut to [-1, 1]. Insufficient with fewer than
    ten units of two or more values, or when all values are equal.
    """
    values, keys = _paired(x, key)
    _, unit = np.unique(keys, return_inverse=True)
    sizes = np.bincount(unit) if len(values) else np.zeros(0, dtype=np.int64)
    grouped = int(np.sum(sizes >= 2))
    if grouped < 10:
        return Insufficient("fewer than 10 units with two or more outcomes", grouped, 10)
    k, n = len(sizes), len(values)
    means = np.bincount(unit, weights=values) / sizes
    between = float(np.sum(sizes * (means - values.mean()) ** 2)) / (k - 1)
    within = float(np.sum((values - means[unit]) ** 2)) / (n - k)
    size = (n - float(np.sum(sizes**2)) / n) / (k - 1)
    spread = between + (size - 1) * within
    if spread <= 0:
        return Insufficient("all outcomes are equal", grouped)
    icc = (between - within) / spread
    half = 1.96 * _icc_se(icc, size, k, n)
    return Estimate(icc, max(-1.0, icc - half), min(1.0, icc + half), k, "one-way ANOVA")


def _icc_se(icc: float, size: float, k: int, n: int) -> float:
    """Standard error for units of about equal size (Donner 1986, equation 5.2)."""
    numerator = 2 * (1 - icc) ** 2 * (1 + (size - 1) * icc) ** 2 * (n - 1)
    return sqrt(numerator / (size**2 * (n - k) * (k - 1)))


def day_effect(rates: ArrayLike, n: ArrayLike) -> Answer:
    """Relative standard deviation of the true rate from day to day, beyond what counts alone would give.

    `rates` and `n`: the rate and the number of outcomes of each day. Method of moments (DerSimonian and Laird, 1986).
    The interval is the point ± 1.96 standard errors of a standard deviation. Insufficient below seven days.
    """
    values, counts = np.asarray(rates, dtype=np.float64), np.asarray(n, dtype=np.float64)
    used = counts > 0
    values, counts = values[used], counts[used]
    if len(values) < 7:
        return Insufficient("fewer than 7 days with outcomes", len(values), 7)
    mean = float(np.average(values, weights=counts))
    if not 0 < mean < 1:
        return Insufficient("no day differs: the rate is 0 or 1 throughout", len(values))
    weights = counts / (mean * (1 - mean))
    q = float(np.sum(weights * (values - mean) ** 2))
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    relative = sqrt(max(0.0, (q - (len(values) - 1)) / scale)) / mean
    half = 1.96 * relative / sqrt(2 * (len(values) - 1))
    return Estimate(relative, max(0.0, relative - half), relative + half, len(values), "DerSimonian-Laird")


def _paired(x: ArrayLike, key: ArrayLike) -> tuple[Floats, NDArray[np.generic]]:
    values, keys = np.asarray(x, dtype=np.float64), np.asarray(key)
    if values.ndim != 1 or values.shape != keys.shape:
        msg = f"expected one key for each value, got {values.shape} values and {keys.shape} keys"
        raise ValueError(msg)
    return values, keys
