"""New against old at the same time: evidence that the new one is worse, whatever both share.

Each step takes one outcome of the new version and r of the old one from the same time. A season, a provider's bad day
or a slow drift moves both and gives no evidence. Source: Turner, Ly and Grünwald, "Generic E-variables for exact
sequential k-sample tests that allow for optional stopping", JSPI 230 (2024), arXiv 2106.02693.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.stats.bets import Floats, check_unit
from quarterdeck.stats.processes import LOG_MAX

MULTIPLIERS: tuple[float, ...] = (1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
"""By how much worse the new version may be: the alternatives that share the wealth."""

_RATE_MIN, _RATE_MAX = 1e-6, 1 - 1e-6


class TwoSample:
    """`update(x, y)`: one outcome in [0, 1] of the new version and r >= 1 of the old one. Reject at `value` >= 1/α.

    Under "new and old have the same rate in each block", `value` is an e-process for any shared rate, also a drifting
    one. Outcomes between 0 and 1 are taken as their expectation over a coin: a valid, weaker bet.
    `k`, `n`: what is known of the old version before the start.
    """

    def __init__(self, k: float = 0.0, n: float = 0.0, *, multipliers: Sequence[float] = MULTIPLIERS) -> None:
        if not 0 <= k <= n:
            msg = f"expected 0 <= k <= n, got k = {k}, n = {n}"
            raise ValueError(msg)
        self._k, self._n = float(k), float(n)
        self._multipliers = np.asarray(multipliers, dtype=np.float64)
        self._log: Floats = np.zeros(len(self._multipliers))
        self.blocks = 0

    def update(self, x: float, y: Sequence[float]) -> float:
        """Take one block; answers the evidence so far. Raises ValueError outside 0..1 or for an empty `y`."""
        control = np.asarray(y, dtype=np.float64)
        if control.size == 0:
            msg = "a block needs at least one outcome of the old version"
            raise ValueError(msg)
        check_unit(np.append(control, x))
        p0 = np.clip((self._k + 0.5) / (self._n + 1), _RATE_MIN, _RATE_MAX)
        p1 = np.minimum(p0 * self._multipliers, (1 + p0) / 2)
        pooled = (p1 + control.size * p0) / (1 + control.size)
        growth = _expected_log(x, p1, pooled) + sum(_expected_log(float(one), p0, pooled) for one in control)
        self._log = np.minimum(self._log + growth, LOG_MAX)
        self._k += float(control.sum())
        self._n += control.size
        self.blocks += 1
        return self.value

    @property
    def value(self) -> float:
        """E: the mean wealth over the alternatives; 1 without blocks."""
        top = float(self._log.max())
        return float(np.exp(top) * np.mean(np.exp(self._log - top)))


def _expected_log(x: float, p: Floats | float, q: Floats) -> Floats:
    """log of p(x)/q(x) for a coin that shows 1 with chance x; at x in {0, 1} the likelihood ratio itself."""
    if x == 1:
        return np.asarray(np.log(p / q))
    if x == 0:
        return np.asarray(np.log((1 - p) / (1 - q)))
    return np.asarray(np.log(x * (p / q) + (1 - x) * ((1 - p) / (1 - q))))
