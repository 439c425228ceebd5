"""Estimates for a whole from a part that was kept with known odds.

Each kept unit stands for 1/p units, p being its inclusion probability. Totals are Horvitz and Thompson's (JASA 47
(1952) 663-685), means and shares Hájek's ratio ("Comment", in Foundations of Statistical Inference, 1971). Units count
as independent given the threshold of their draw, which holds for bottom-k samples with rank conditioning (Cohen and
Kaplan, PODC 2007): the variance of a total is estimated by Σ y²(1-p)/p².
Intervals are normal with Student's t; its degrees of freedom are those of the units that make up the variance
(Satterthwaite, Biometrics 2 (1946) 110-114), so a sum that hangs on a few large units gets the wide interval it deserves.
Where it is known how many units each stratum has, `calibrate` makes weights that add up to that: the draw is then a
simple random sample of each stratum (Cochran, Sampling Techniques, 3rd ed. 1977, chapter 5), and with `strata` only the
spread within strata counts.
Refuses: to mix units of unknown odds into a number. They are left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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


def calibrate(
    probabilities: Sequence[float | None], strata: Sequence[str], drawn_from: Mapping[str, int]
) -> list[float | None]:
    """Probabilities such that the sampled units of each stratum (p < 1) add up to what they were drawn from.

    `drawn_from`: stratum → units that were left to the draw, kept or not; strata that it does not name stay as they
    are. Units that were kept for certain (p = 1) and unknown ones stay too. Raises ValueError when fewer units are said
    than were kept.
    """
    kept = Counter(h for h, p in zip(strata, probabilities, strict=True) if p is not None and p < 1)
    wrong = [h for h, n in kept.items() if h in drawn_from and drawn_from[h] < n]
    if wrong:
        msg = f"stratum {wrong[0]!r} kept {kept[wrong[0]]} of {drawn_from[wrong[0]]} units"
        raise ValueError(msg)
    return [
        kept[h] / drawn_from[h] if p is not None and p < 1 and h in drawn_from else p
        for h, p in zip(strata, probabilities, strict=True)
    ]


def weighted_total(
    values: Sequence[float],
    probabilities: Sequence[float | None],
    *,
    strata: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> Weighted:
    """The total of `values` (any unit, shape (n,)) over the whole. `probabilities`: shape (n,), in (0, 1], None = unknown.

    `strata`: shape (n,), with probabilities of `calibrate`. Raises ValueError for unequal lengths, values that are not
    finite, or a probability outside (0, 1].
    """
    y, p, unknown = _units(values, probabilities)
    value = float(np.sum(y / p))
    parts = _centred(y, p, _strata(strata, probabilities))
    return Weighted(_answer(value, parts, p, confidence, "Horvitz-Thompson"), unknown)


def weighted_mean(
    values: Sequence[float],
    probabilities: Sequence[float | None],
    sizes: Sequence[float] | None = None,
    *,
    strata: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> Weighted:
    """The mean of `values` over the whole, per unit of `sizes` (1 each when left out). Errors as `weighted_total`."""
    y, p, unknown = _units(values, probabilities)
    x = _sizes(sizes, probabilities, len(y))
    whole = float(np.sum(x / p))
    if whole <= 0:
        return Weighted(Insufficient("nothing was kept that could be weighed", len(y), _UNITS_MIN), unknown)
    value = float(np.sum(y / p)) / whole
    parts = _centred((y - value * x) / whole, p, _strata(strata, probabilities))
    return Weighted(_answer(value, parts, p, confidence, "Hájek"), unknown)


def weighted_share(
    hits: Sequence[float],
    probabilities: Sequence[float | None],
    sizes: Sequence[float] | None = None,
    *,
    strata: Sequence[str] | None = None,
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
    contributions = _contributions(_centred((y - value * x) / whole, p, _strata(strata, probabilities)), p)
    variance = float(np.sum(contributions))
    if variance > 0 and 0 < value < 1:
        n, degrees = value * (1 - value) / variance, _degrees(contributions)
    else:  # no sampled unit differs: how many units it would be if they were drawn alike
        n, degrees = whole * whole / float(np.sum(_contributions(x, p))), float(drawn - 1)
    low, high = _wilson(value, n, t_quantile(0.5 + confidence / 2, max(1.0, degrees)))
    return Weighted(Estimate(value, low, high, len(y), "Hájek, Wilson interval"), unknown)


def total_of_weights(total: float, excess: float, *, known: int, sampled: int, confidence: float = 0.95) -> Answer:
    """How many units there were, from sums over those that came: of their weights w, and of w(w-1).

    `known` units have a weight, `sampled` of them one above 1. The interval is normal, and not below what was seen.
    Raises ValueError for sums that cannot be.
    """
    if not 0 <= sampled <= known <= total + 1e-6 or excess < 0:
        msg = f"expected 0 <= sampled <= known <= total and excess >= 0, got {sampled}, {known}, {total}, {excess}"
        raise ValueError(msg)
    if known and not sampled:
        return Estimate(total, total, total, known, "exact")
    if sampled < _UNITS_MIN:
        return _too_few(sampled)
    half = t_quantile(0.5 + confidence / 2, float(sampled - 1)) * sqrt(excess)
    return Estimate(total, max(float(known), total - half), total + half, known, "Horvitz-Thompson")


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


def _strata(strata: Sequence[str] | None, probabilities: Sequence[float | None]) -> list[str] | None:
    """The strata of the units whose probability is known."""
    if strata is None:
        return None
    return [h for h, p in zip(strata, probabilities, strict=True) if p is not None]


def _centred(parts: Floats, p: Floats, strata: list[str] | None) -> Floats:
    """`parts` less their mean in each stratum, among sampled units, so that their squares make the sample variance.

    A stratum with one sampled unit shows no spread of its own: that unit stays as it is.
    """
    if strata is None:
        return parts
    found = parts.copy()
    _, unit = np.unique(np.asarray(strata), return_inverse=True)
    drawn = p < 1
    counts = np.bincount(unit[drawn], minlength=int(unit.max(initial=-1)) + 1)
    sums = np.bincount(unit[drawn], weights=parts[drawn], minlength=len(counts))
    several = drawn & (counts[unit] > 1)
    n = counts[unit[several]]
    found[several] = (parts[several] - sums[unit[several]] / n) * np.sqrt(n / (n - 1))
    return found


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
    parts = contributions / contributions.max()  # squares of tiny ones would vanish
    return max(1.0, float(np.sum(parts)) ** 2 / float(np.sum(parts**2)) - 1)


def _too_few(drawn: int) -> Insufficient:
    return Insufficient(f"fewer than {_UNITS_MIN} sampled units", drawn, _UNITS_MIN)


def _wilson(rate: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval with a number of trials that need not be whole."""
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    return (0.0 if rate == 0 else max(0.0, centre - half)), (1.0 if rate == 1 else min(1.0, centre + half))
