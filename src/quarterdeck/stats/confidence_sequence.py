"""An interval for a bounded mean that may be looked at after every observation.

Refuses: to be read as evidence; it shows what is still compatible with the data, and `EProcess` decides.
Source: the means that two betting processes have never rejected; Waudby-Smith and Ramdas, JRSS-B 86 (2024).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quarterdeck.stats.bets import Floats, check_unit, log_bet
from quarterdeck.stats.processes import LOG_MAX

RESOLUTION = 1_000
"""Candidate means between 0 and 1; the interval is rounded outwards to the next candidate."""


def confidence_sequence(x: ArrayLike, alpha: float = 0.05) -> Floats:
    """Lower and upper bounds after each observation: shape (n,) in, (n, 2) out.

    With a chance of at least 1 − alpha all n intervals hold the mean, whenever one looks. Raises ValueError for
    observations outside 0..1 or an alpha outside (0, 1).
    """
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != 1:
        msg = f"expected a list of observations, got the shape {values.shape}"
        raise ValueError(msg)
    if not 0 < alpha < 1:
        msg = f"alpha must lie between 0 and 1, got {alpha}"
        raise ValueError(msg)
    check_unit(values)
    means = (np.arange(RESOLUTION) + 0.5) / RESOLUTION
    above = np.zeros((RESOLUTION, 9))
    below = np.zeros((RESOLUTION, 9))
    alive = np.ones(RESOLUTION, dtype=bool)
    bounds = np.empty((len(values), 2))
    for at, value in enumerate(values):
        above = np.minimum(above + log_bet(value, means), LOG_MAX)
        below = np.minimum(below + log_bet(value, means, side="lower"), LOG_MAX)
        evidence = (np.exp(above).mean(axis=1) + np.exp(below).mean(axis=1)) / 2
        alive &= evidence < 1 / alpha
        bounds[at] = _outwards(alive, bounds[at - 1] if at else np.array([0.0, 1.0]))
    return bounds


def _outwards(alive: np.ndarray, before: Floats) -> Floats:
    """The span of candidates that are left, rounded outwards; what it was before when none is."""
    left = np.nonzero(alive)[0]
    if len(left) == 0:
        return before
    low = 0.0 if left[0] == 0 else (left[0] - 0.5) / RESOLUTION
    high = 1.0 if left[-1] == RESOLUTION - 1 else (left[-1] + 1.5) / RESOLUTION
    return np.array([max(low, before[0]), min(high, before[1])])
