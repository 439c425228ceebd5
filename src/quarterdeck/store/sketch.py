"""Log-bucket histograms: quantiles that can be added together.

What for: a rollup keeps, per cohort and minute, how many values fell in each bucket; the sum of two such
histograms is the histogram of both. A quantile read from it is within 1 % of the true order statistic.
Refuses: values below zero have no bucket of their own, they count as zero.
Source of the scheme: DDSketch (Masson, Rim, Lee, VLDB 2019), logarithmic mapping without collapsing.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log

GAMMA = 1.02
"""Width of a bucket: each ends 2 % above where it starts, so its middle is at most (γ-1)/(γ+1) = 0.99 % away."""

ZERO_BUCKET = -32768
"""The bucket of 0 (the logarithm has none). Buckets fit 16 bits: ±32767 reaches beyond 1e±281."""

_LOG_GAMMA = log(GAMMA)


def bucket_of(value: float) -> int:
    """The bucket that holds `value` (any unit)."""
    return ZERO_BUCKET if value <= 0 else max(-32767, min(32767, ceil(log(value) / _LOG_GAMMA)))


def value_of(bucket: int) -> float:
    """The middle of a bucket, in the unit of what was put in."""
    return 0.0 if bucket == ZERO_BUCKET else float(2 * GAMMA**bucket / (GAMMA + 1))


def quantile(counts: Mapping[int, int], q: float) -> float | None:
    """The value at rank floor(q·(n-1)) of what the histogram holds, 0 <= q <= 1; None when it is empty."""
    rank = q * (sum(counts.values()) - 1)
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen > rank:
            return value_of(bucket)
    return None
