"""Impact ratios where the name is the unit: many texts under one name are one observation, not many.

Clustering on texts, or a plain z interval, raises two to six times the promised false alarms (docs/design/statistics.md).
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import ArrayLike

from quarterdeck.stats.estimate import Answer, Estimate, Insufficient

NAMES_MIN = 5


def name_level_interval(group: ArrayLike, reference: ArrayLike, confidence: float = 0.95) -> Answer:
    """The impact ratio mean(group) / mean(reference) with a t interval on its logarithm.

    Both are one rate for each name, shape (names,). Delta method for the variance of a log mean, Welch-Satterthwaite
    degrees of freedom. Insufficient with fewer than 5 names in a group, or when a group was never selected.
    Raises ValueError for rates below 0 or a confidence outside (0, 1).
    """
    a, b = np.asarray(group, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if bool(np.any(a < 0)) or bool(np.any(b < 0)) or not 0 < confidence < 1:
        msg = "expected rates >= 0 and a confidence in (0, 1)"
        raise ValueError(msg)
    fewest = min(len(a), len(b))
    if fewest < NAMES_MIN:
        return Insufficient(f"fewer than {NAMES_MIN} names in a group", fewest, NAMES_MIN)
    if a.mean() == 0 or b.mean() == 0:
        return Insufficient("a group was never selected: the ratio has no finite interval", fewest)
    from scipy.special import stdtrit  # noqa: PLC0415 - heavy; only who asks for this pays

    parts = [float(v.var(ddof=1) / (len(v) * v.mean() ** 2)) for v in (a, b)]
    variance = sum(parts)
    ratio = float(a.mean() / b.mean())
    if variance == 0:
        return Estimate(ratio, ratio, ratio, len(a) + len(b), "name-level t")
    freedom = variance**2 / sum(part**2 / (len(v) - 1) for part, v in zip(parts, (a, b), strict=True))
    half = float(stdtrit(freedom, 0.5 + confidence / 2)) * variance**0.5
    return Estimate(ratio, ratio * exp(-half), ratio * exp(half), len(a) + len(b), "name-level t")
