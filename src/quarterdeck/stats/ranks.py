"""Amounts without an upper end (tokens, dollars, seconds): where a value stands among those before it.

A rank lies in 0..1, has the mean 1/2 while nothing changes whatever the distribution is, and so can be bet on with
m = 1/2 and no baseline to estimate. Source: conformal test martingales, Vovk, Gammerman and Shafer, Algorithmic
Learning in a Random World (2022), ch. 8. Refuses: to say by how much a value is larger; only how unusual it is.
"""

from __future__ import annotations

from math import exp, floor, inf, log

import numpy as np

from quarterdeck.stats.bets import Floats

BUCKET_LOG = log(1.04)
"""Values within 4 % are equal: a tie counts half."""
BUCKETS = 1_024
"""From a millionth up, 1,023 steps of 4 % span 17 orders of magnitude; larger values share the last one."""
_UNIT = 1e-6
"""Values up to a millionth (of a second, a dollar, a token) are one bucket."""


class Ranks:
    """Counts of past values in logarithmic buckets. `tolerance`: the relative growth that is not worth waking someone."""

    def __init__(self, tolerance: float = 0.1, *, half_life: float | None = None) -> None:
        if tolerance < 0 or (half_life is not None and half_life <= 0):
            msg = f"expected tolerance >= 0 and half_life > 0, got {tolerance} and {half_life}"
            raise ValueError(msg)
        self._shift = 1 + tolerance
        self._keep = 1.0 if half_life is None else 0.5 ** (1 / half_life)
        self._counts: Floats = np.zeros(BUCKETS)
        self.n = 0.0

    def rank(self, value: float) -> float:
        """The middle rank of `value / (1 + tolerance)` among the values before it and itself, in (0, 1). Learns nothing."""
        at = _bucket(value / self._shift)
        return (float(self._counts[:at].sum()) + (float(self._counts[at]) + 1) / 2) / (self.n + 1)

    def learn(self, value: float) -> None:
        """Count a value. Raises ValueError for one that is negative or not finite."""
        at = _bucket(value)
        if self._keep < 1:
            self._counts *= self._keep
            self.n *= self._keep
        self._counts[at] += 1
        self.n += 1

    def fade(self, share: float) -> None:
        """Let all that was seen count `share` of what it did. Raises ValueError outside (0, 1]."""
        if not 0 < share <= 1:
            msg = f"expected a share in (0, 1], got {share}"
            raise ValueError(msg)
        self._counts *= share
        self.n *= share

    @property
    def counts(self) -> Floats:
        """How often each bucket was seen, shape (BUCKETS,)."""
        return self._counts

    def restore(self, counts: Floats) -> None:
        """Take over what `counts` of another told. Raises ValueError for another shape."""
        if counts.shape != (BUCKETS,):
            msg = f"expected {BUCKETS} counts, got the shape {counts.shape}"
            raise ValueError(msg)
        self._counts = counts.copy()
        self.n = float(counts.sum())

    def quantile(self, share: float) -> float | None:
        """The value below which `share` of the past lies, within 4 %; None without any."""
        return quantile_of(self._counts, share)


def quantile_of(counts: Floats, share: float) -> float | None:
    """The value below which `share` of what was counted lies, within 4 %; None without any. Counts of several may be added."""
    total = float(counts.sum())
    if total == 0:
        return None
    at = int(np.searchsorted(np.cumsum(counts), share * total))
    return 0.0 if at == 0 else exp((min(at, BUCKETS - 1) - 0.5) * BUCKET_LOG) * _UNIT


def _bucket(value: float) -> int:
    if not 0 <= value < inf:
        msg = f"expected a finite amount >= 0, got {value}"
        raise ValueError(msg)
    return 0 if value <= _UNIT else min(BUCKETS - 1, 1 + floor(log(value / _UNIT) / BUCKET_LOG))
