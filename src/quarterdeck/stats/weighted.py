"""Estimates for a whole from a part that was kept with known odds.

Each kept unit stands for 1/p units, p being its inclusion probability. Totals are Horvitz and Thompson's (JASA 47
(1952) 663-685), means and shares Hájek's ratio ("Comment", in Foundations of Statistical Inference, 1971). Units count
as independent given the threshold of their draw, which holds for bottom-k samples with rank conditioning (Cohen and
Kaplan, PODC 2007): the variance of a total is estimated by Σ y²(1-p)/p².
Intervals are normal with Student's t; its degrees of freedom are those of the units that make up the variance
(Satterthwaite, Biometrics 2 (1946) 110-114), so a sum that hangs on a few large units gets the wide interval it deserves.
Refuses: to mix units of unknown odds into a number. They are left out and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.stats.estimate import Answer, Estimate, Insufficient
from quarterdeck.stats.student import t_quantile

_UNITS_MIN = 5
"""Fewer sampled units than this say nothing of the spread of the others."""

Floats = NDArray[np.float64]


class Weighted(NamedTuple):
    """The answer, and how many units were left out because their inclusion probability is unknown."""

    answer: Answer
    unknown: int


def weighted_total(
    values: Sequence[float], probabilities: Sequence[float | None], *, confidence: float = 0.95
) -> Weighted:
    """The total of `values` (any unit, shape (n,)) over the whole. `probabilities`: shape (n,), in (0, 1], None = unknown.

    Raises ValueError for unequal lengths, values that are not finite, or a probability outside (0, 1].
    """
    y, p, unknown = _units(values, probabilities)
    value = float(np.sum(y / p))
    return Weighted(_answer(value, y, p, confidence, "Horvitz-Thompson"), unknown)


def weighted_mean(
    values: Sequence[float],
    probabilities: Sequence[float | None],
    sizes: Sequence[float] | None = None,
    *,
    confidence: float = 0.95,
) -> Weighted:
    """The mean of `values` over the whole, per unit of `sizes` (1 each when left out). Errors as `weighted_total`."""
    y, p, unknown = _units(values, probabilities)
    x = _sizes(sizes, probabilities, len(y))
    whole = float(np.sum(x / p))
    if whole <= 0:
        return Weighted(Insufficient("nothing was kept that could be weighed", len(y), _UNITS_MIN), unknown)
    value = float(np.sum(y / p)) / whole
    return Weighted(_answer(value, (y - value * x) / whole, p, confidence, "Hájek"), unknown)


def weighted_share(
    hits: Sequence[float],
    probabilities: Sequence[float | None],
    sizes: Sequence[float] | None = None,
    *,
    confidence: float = 0.95,
) -> Weighted:
    """The share of hits in the whole: `hits` of `sizes` (1 each when left out) in each unit, 0 <= hits <= sizes.

    The interval is Wilson's with the effective number of units (Korn and Graubard, Survey Methodology 24 (1998)
    193-201), so that it stays within 0..1 and holds for no hit at all. Errors as `weighted_total`, and ValueError for
    hits outside 0..sizes.
    """
    y, p, unknown = _units(hits, probabilities)
    x = _sizes(sizes, probabilities, len(y))
    if bool(np.any((y < 0) | (y > x))):
        msg = "hits must lie in 0..sizes"
        raise ValueError(msg)
    whole = float(np.sum(x / p))
    if whole <= 0:
        return Weighted(Insufficient("nothing was kept that could be weighed", len(y), _UNITS_MIN), unknown)
    value = min(1.0, float(np.sum(y / p)) / whole)
    drawn = int(np.sum(p < 1))
    if drawn == 0:
        return Weighted(Estimate(value, value, value, len(y), "exact"), unknown)
    if drawn < _UNITS_MIN:
        return Weighted(_too_few(drawn), unknown)
    contributions = _contributions((y - value * x) / whole, p)
    variance = float(np.sum(contributions))
    if variance > 0 and 0 < value < 1:
        n, degrees = value * (1 - value) / variance, _degrees(contributions)
    else:  # no sampled unit differs: how many units it would be if they were drawn alike
        n, degrees = whole * whole / float(np.sum(_contributions(x, p))), float(drawn - 1)
    low, high = _wilson(value, n, t_quantile(0.5 + confidence / 2, max(1.0, degrees)))
    return Weighted(Estimate(value, low, high, len(y), "Hájek, Wilson interval"), unknown)


def relative_error(values: Sequence[float], probabilities: Sequence[float]) -> float | None:
    """The standard error of a total before it is drawn, relative to it, when every unit of the whole is known.

    sqrt(Σ y²(1-p)/p) / Σ y; None when the total is not above 0. Raises ValueError as `weighted_total`.
    """
    y, p, _ = _units(values, probabilities)
    total = float(np.sum(y))
    return sqrt(float(np.sum(y * y * (1 - p) / p))) / total if total > 0 else None


def _units(values: Sequence[float], probabilities: Sequence[float | None]) -> tuple[Floats, Floats, int]:
    """Values and probabilities of the units whose probability is known, and how many others there are."""
    if len(values) != len(probabilities):
        msg = f"expected one probability per value, got {len(values)} values and {len(probabilities)} probabilities"
        raise ValueError(msg)
    y = np.asarray(values, dtype=np.float64)
    p = np.array([np.nan if one is None else one for one in probabilities], dtype=np.float64)
    known = ~np.isnan(p)
    y, p = y[known], p[known]
    if not bool(np.all(np.isfinite(y))) or not bool(np.all((p > 0) & (p <= 1))):
        msg = "values must be finite and probabilities must lie in (0, 1]"
        raise ValueError(msg)
    return y, p, int(np.sum(~known))


def _sizes(sizes: Sequence[float] | None, probabilities: Sequence[float | None], n: int) -> Floats:
    if sizes is None:
        return np.ones(n)
    if len(sizes) != len(probabilities):
        msg = f"expected one size per value, got {len(sizes)} sizes and {len(probabilities)} probabilities"
        raise ValueError(msg)
    known = [size for size, p in zip(sizes, probabilities, strict=True) if p is not None]
    x = np.asarray(known, dtype=np.float64)
    if not bool(np.all(np.isfinite(x) & (x >= 0))):
        msg = "sizes must be finite and not below 0"
        raise ValueError(msg)
    return x


def _answer(value: float, parts: Floats, p: Floats, confidence: float, method: str) -> Answer:
    """The interval around `value`, whose error is the sum of independent errors of `parts`, each kept with `p`."""
    drawn = int(np.sum(p < 1))
    if drawn == 0 and len(p):
        return Estimate(value, value, value, len(p), "exact")
    if drawn < _UNITS_MIN:
        return _too_few(drawn)
    contributions = _contributions(parts, p)
    variance = float(np.sum(contributions))
    if variance <= 0:
        return Insufficient("the sampled units are all alike: there is no spread to build an interval on", drawn)
    half = t_quantile(0.5 + confidence / 2, _degrees(contributions)) * sqrt(variance)
    return Estimate(value, value - half, value + half, len(p), method)


def _contributions(parts: Floats, p: Floats) -> Floats:
    """What each unit adds to the variance of the total of `parts`."""
    return np.asarray(parts * parts * (1 - p) / (p * p))


def _degrees(contributions: Floats) -> float:
    """How many equal units would make up this variance, less one; at least 1."""
    return max(1.0, float(np.sum(contributions)) ** 2 / float(np.sum(contributions**2)) - 1)


def _too_few(drawn: int) -> Insufficient:
    return Insufficient(f"fewer than {_UNITS_MIN} sampled units", drawn, _UNITS_MIN)


def _wilson(rate: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval with a number of trials that need not be whole."""
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    return (0.0 if rate == 0 else max(0.0, centre - half)), (1.0 if rate == 1 else min(1.0, centre + half))
