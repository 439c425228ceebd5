"""Bets on a bounded mean: how much the wealth of a sceptic grows with one observation.

All metrics are mapped to x in [0, 1]; the upper side is "worse". A bet is fair or unfavourable while the mean, given
the past, is at most m, so wealth is a measure of evidence against "the mean is at most m".
Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86 (2024), arXiv
2010.09686. For x in {0, 1} a bet is the likelihood ratio of the rate m + size·(1 − m) against m.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Side = Literal["upper", "lower"]
Floats = NDArray[np.float64]

BET_SIZES: tuple[float, ...] = (0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 0.85)
"""Small sizes find small changes late, large ones find large changes soon; nine cost at most log(9) of evidence."""


def bet(x: ArrayLike, m: ArrayLike, *, side: Side = "upper", sizes: ArrayLike = BET_SIZES) -> Floats:
    """Growth factors, shape `broadcast(x, m).shape + (len(sizes),)`, one for each size.

    `x` in [0, 1]; `m` in (0, 1), fixed before `x` is seen. Upper: 1 + size·(x − m)/m, valid while E[x | past] <= m.
    Lower: 1 − size·(x − m)/(1 − m), valid while E[x | past] >= m. Raises ValueError outside these ranges.
    """
    return np.exp(log_bet(x, m, side=side, sizes=sizes))


def log_bet(x: ArrayLike, m: ArrayLike, *, side: Side = "upper", sizes: ArrayLike = BET_SIZES) -> Floats:
    """The logarithm of `bet`: sums do not overflow where products would."""
    values, means = np.asarray(x, dtype=np.float64), np.asarray(m, dtype=np.float64)
    check_unit(values)
    if not bool(np.all((means > 0) & (means < 1))):
        msg = "m must lie strictly between 0 and 1"
        raise ValueError(msg)
    scale = means if side == "upper" else means - 1
    edge = np.asarray((values - means) / scale)
    return np.log1p(np.asarray(sizes, dtype=np.float64) * edge[..., None])


def check_unit(values: Floats) -> None:
    """Raises ValueError unless all values lie in [0, 1]."""
    if not bool(np.all((values >= 0) & (values <= 1))):
        msg = "observations must lie in 0..1; map the metric to that range first"
        raise ValueError(msg)
