"""New against old, side by side, for all rates in one array step.

The arithmetic is that of `stats.TwoSample` (Turner, Ly and Grünwald 2024); a test holds both to one answer.
"""

from __future__ import annotations

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats.bets import Floats
from quarterdeck.stats.processes import LOG_MAX
from quarterdeck.stats.two_sample import MULTIPLIERS

_MULTIPLIERS = np.asarray(MULTIPLIERS)
_RATE_MIN, _RATE_MAX = 1e-6, 1 - 1e-6


class Pairs:
    """`k`, `n`: what is known of the old version's rate, from controls that were used and from before."""

    def __init__(self, size: int) -> None:
        self.k: Floats = np.zeros(size)
        self.n: Floats = np.zeros(size)
        self.logs: Floats = np.zeros((size, len(MULTIPLIERS)))

    def update(self, x: Floats, y: Floats, rates: Bools) -> None:
        """One new run `x` (size,) and its controls `y` (r, size); NaN = unknown. Columns without a control do not move."""
        known = ~np.isnan(y)
        count = known.sum(axis=0)
        use = rates & ~np.isnan(x) & (count > 0)
        control = np.where(known, y, 0.0)
        p0 = np.clip((self.k + 0.5) / (self.n + 1), _RATE_MIN, _RATE_MAX)[:, None]
        p1 = np.minimum(p0 * _MULTIPLIERS, (1 + p0) / 2)
        pooled = (p1 + count[:, None] * p0) / (1 + count[:, None])
        growth = _expected_log(np.where(use, x, 0.0)[:, None], p1, pooled)
        each = _expected_log(np.where(use, control, 0.0)[..., None], p0, pooled)
        growth = growth + np.where(known[..., None], each, 0.0).sum(axis=0)
        self.logs[use] = np.minimum(self.logs[use] + growth[use], LOG_MAX)
        self.k[use] += control.sum(axis=0)[use]
        self.n[use] += count[use]


def log_mean(logs: Floats) -> Floats:
    """The logarithm of the mean wealth over the last axis."""
    top = logs.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logs - top[..., None]).mean(axis=-1)))


def _expected_log(x: Floats, p: Floats, q: Floats) -> Floats:
    """log of p(x)/q(x) for a coin that shows 1 with chance x."""
    return np.asarray(np.log(x * (p / q) + (1 - x) * ((1 - p) / (1 - q))))
