"""Quantiles of a stream of token counts: a histogram over logarithmic bins that slowly forgets.

A quantile is off by at most the width of a bin (5 %). Refuses: negative counts, and an answer before there is one.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate

_WIDTH = math.log(1.05)
_BINS = 320
"""Up to 1.05 ** 320 ≈ 6 million tokens; more lands in the last bin."""
_HALVE_AT = 4_000
"""At this weight all weights are halved, so what came long ago fades."""


def bin_of(tokens: float) -> int:
    """The bin of a count (>= 0)."""
    at = int(math.log1p(tokens) / _WIDTH)
    return at if at < _BINS else _BINS - 1


class TokenSketch:
    """`add` a count, ask for a `quantile`. `n`: how many were added; `largest`: of all."""

    __slots__ = ("_bins", "_weight", "largest", "n")

    def __init__(self) -> None:
        self._bins = [0.0] * _BINS
        self._weight = 0.0
        self.largest = 0.0
        self.n = 0

    def add(self, tokens: float, bin_at: int) -> None:
        """Count one observation (>= 0) of this bin."""
        self._bins[bin_at] += 1.0
        self._weight += 1.0
        self.n += 1
        self.largest = max(self.largest, tokens)
        if self._weight >= _HALVE_AT:
            self._bins = [weight / 2 for weight in self._bins]
            self._weight /= 2

    def quantile(self, q: float) -> float | None:
        """The upper edge of the bin in which share `q` (0 to 1) of the weight is reached; None while empty."""
        if self.n == 0:
            return None
        sums = list(accumulate(self._bins))
        at = bisect_left(sums, max(q * sums[-1], 1e-9))
        return min(math.expm1((min(at, _BINS - 1) + 1) * _WIDTH), self.largest)
