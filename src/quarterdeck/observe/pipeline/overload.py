"""Overload: when requests wait for long, texts are let go so that facts are not (docs/design/ingest.md, rule 9).

Pure: how full the queue is and what time it is go in, the stage comes out. In each stage a share of the traces is kept
as skeletons, chosen by a hash of the trace's id, so that the choice is the same on every machine and a higher stage
only adds to it. Refuses to drop a span.
"""

from __future__ import annotations

from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from quarterdeck.observe.pipeline.options import PipelineOptions

_STEP = 0.5
"""Half of the traces first, then all: the first step frees most of what is to be freed and keeps examples of everything."""
_HASHES = 1 << 64


class Stage(NamedTuple):
    """`share` of the traces are kept as skeletons (0 = none). `high_since_s`, `low_since_s`: since when without a break

    the queue has been above the high mark, below the low one; None when it is not.
    """

    share: float = 0.0
    high_since_s: float | None = None
    low_since_s: float | None = None


def step(stage: Stage, fill: float, now_s: float, options: PipelineOptions) -> Stage:
    """The stage now. `fill`: 0 (nothing waits) to 1 (one request more is refused).

    Up a step after `skeleton_after_s` above `skeleton_high`, down one after `skeleton_calm_s` below `skeleton_low`;
    between the marks everything stays as it is.
    """
    if fill >= options.skeleton_high:
        since_s = now_s if stage.high_since_s is None else stage.high_since_s
        if now_s - since_s >= options.skeleton_after_s:
            return Stage(min(1.0, stage.share + _STEP), now_s, None)
        return Stage(stage.share, since_s, None)
    if fill <= options.skeleton_low and stage.share > 0:
        since_s = now_s if stage.low_since_s is None else stage.low_since_s
        if now_s - since_s >= options.skeleton_calm_s:
            return Stage(max(0.0, stage.share - _STEP), None, now_s)
        return Stage(stage.share, None, since_s)
    return Stage(stage.share)


def is_skeleton(trace_id: str, share: float) -> bool:
    """Whether a trace is among the `share` that loses its texts."""
    return bool(xxh3_64_intdigest(trace_id.encode()) < share * _HASHES)
