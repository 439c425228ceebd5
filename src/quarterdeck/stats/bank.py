"""Many detectors at once: one array step for hundreds of streams.

The same arithmetic as `EDetector` with a `Baseline` each (a test holds both to one answer), 104 bytes a stream.
Source: as for `EDetector`; the threshold of a stream is its part of one budget (`alarm_threshold`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quarterdeck.stats.bets import BET_SIZES, Floats, check_unit

_WEALTH_MAX = 1e250
"""A change that lasts for months must not overflow; nobody needs more to decide."""
_MEAN_MAX = 1 - 1e-9


class DetectorBank:
    """Detectors of the upper side over an array of streams of any shape.

    `k`, `n`: what each stream's baseline has seen before; `tolerance`: the smallest relative worsening that matters;
    `learn=False` keeps the baselines as they are. All arguments broadcast to the shape of `thresholds`.
    `last` is the evidence of the last update, before an alarm reset it.
    """

    def __init__(
        self,
        thresholds: ArrayLike,
        k: ArrayLike,
        n: ArrayLike,
        *,
        tolerance: ArrayLike = 0.1,
        learn: bool = True,
        bets: Sequence[float] = BET_SIZES,
    ) -> None:
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        shape = self.thresholds.shape
        self.k = np.array(np.broadcast_to(np.asarray(k, dtype=np.float64), shape))
        self.n = np.array(np.broadcast_to(np.asarray(n, dtype=np.float64), shape))
        if bool(np.any(self.k < 0)) or bool(np.any(self.k > self.n)):
            msg = "expected 0 <= k <= n for each stream"
            raise ValueError(msg)
        self._factor = 1 + np.broadcast_to(np.asarray(tolerance, dtype=np.float64), shape)
        self._learn = learn
        self._bets = np.asarray(bets, dtype=np.float64)
        self._wealth: Floats = np.zeros((*shape, len(self._bets)))
        self.last: Floats = np.zeros(shape)

    def add(self, threshold: float, k: float = 0.0, n: float = 0.0, *, tolerance: float = 0.1) -> int:
        """One more stream of a flat bank; answers its index. Raises ValueError unless 0 <= k <= n and the bank is flat."""
        if self.thresholds.ndim != 1 or not 0 <= k <= n:
            msg = "expected a bank with one axis, and 0 <= k <= n"
            raise ValueError(msg)
        self.thresholds = np.append(self.thresholds, threshold)
        self.k, self.n = np.append(self.k, k), np.append(self.n, n)
        self._factor = np.append(self._factor, 1 + tolerance)
        self._wealth = np.concatenate([self._wealth, np.zeros((1, len(self._bets)))])
        return len(self.thresholds) - 1

    @property
    def value(self) -> Floats:
        """R of each stream: 0 without observations."""
        return np.asarray(self._wealth.mean(axis=-1))

    @property
    def mean(self) -> Floats:
        """The mean that the next bet of each stream is made against."""
        return np.minimum((self.k + 0.5) / (self.n + 1) * self._factor, _MEAN_MAX)

    def update(self, x: ArrayLike, at: Any = ..., *, scale: ArrayLike = 1.0) -> NDArray[np.bool_]:
        """One observation in [0, 1] for each stream of `at` (an index of the array; all by default).

        `scale`: what is known to move the mean of just this observation (the season, its task class), as a factor; the
        baseline learns without it. Answers which streams reached their threshold; those begin anew. Raises ValueError
        for observations outside 0..1 or a scale that is not positive.
        """
        values, scales = np.asarray(x, dtype=np.float64), np.asarray(scale, dtype=np.float64)
        check_unit(values)
        if not bool(np.all(scales > 0)):
            msg = "scale must be positive"
            raise ValueError(msg)
        k, n = self.k[at], self.n[at]
        m = np.minimum((k + 0.5) / (n + 1) * self._factor[at] * scales, _MEAN_MAX)
        wealth = (1 + self._wealth[at]) * (1 + self._bets * ((values - m) / m)[..., None])
        self.last = np.asarray(wealth.mean(axis=-1))
        alarms = self.last >= self.thresholds[at]
        wealth[alarms] = 0.0
        self._wealth[at] = np.minimum(wealth, _WEALTH_MAX)
        if self._learn:
            self.k[at], self.n[at] = k + np.minimum(values / scales, 1), n + 1
        return np.asarray(alarms)
