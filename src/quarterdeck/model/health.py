"""How the way in is doing: the numbers that the health document shows as they are.

Whoever runs the way in (observe.pipeline, the composition root) fills these; the API only writes them down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LimitNow:
    """One named limit and where it stands. `capacity` None = not bounded; `unit` is a word such as "bytes"."""

    name: str
    current: float
    capacity: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class IngestHealth:
    """The way in since the process started. Counts are spans; `rejected` and `refused` map a reason to a count.

    `rejected` spans were understood and turned down one by one; `refused` were whole requests turned away (overload,
    size, key). `settle_lag_s` is the age of the oldest commit that the run summaries do not reflect yet (0 = none).
    `skeleton_share` is the share of new traces that are stored without their long texts because the queue stays full
    (0 = none), `skeleton_spans` counts the spans that lost texts that way. `spans_per_s` is the mean of the last minute. None = nothing measured yet.
    """

    spans_per_s: float | None = None
    acknowledged: int = 0
    repeated: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    queue_bytes: int = 0
    queue_bytes_max: int = 0
    commit_ms_p50: float | None = None
    commit_ms_p99: float | None = None
    settle_lag_s: float | None = None
    limits: Sequence[LimitNow] = ()
    skeleton_share: float = 0.0
    skeleton_spans: int = 0
