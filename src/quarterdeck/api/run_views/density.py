"""How many spans are at work in each pixel of a window: what a minimap draws of a run of any length.

Pure; O(rows + width). Refuses windows of no length (the caller checks) and to draw more pixels than asked for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.api.run_views.outline import CRITICAL, OWN_ERROR, SYNTHETIC, Columns, Outline

_MODEL = ("llm",)
_TOOL = ("tool", "retrieval", "rerank", "embedding")


class Density(NamedTuple):
    """Spans at work per bucket: all, model calls, tools, where errors began, on the critical path. Window in microseconds."""

    from_us: int
    to_us: int
    spans: list[int]
    model: list[int]
    tool: list[int]
    errors: list[int]
    critical: list[int]


def density(outline: Outline, *, from_us: int, to_us: int, width: int, depth: int | None = None) -> Density:
    """`width` buckets of the window [from_us, to_us); with `depth`, of rows no deeper than that. A span counts in each bucket it touches."""
    columns = outline.columns
    starts, ends, chosen = _times(columns, depth)
    kinds = np.asarray(columns.kind)
    flags = np.asarray(columns.flags)
    inside = chosen & (ends >= from_us) & (starts < to_us) & ((flags & SYNTHETIC) == 0)

    def count(mask: NDArray[np.bool_]) -> list[int]:
        return _count(starts[mask], ends[mask], from_us, to_us, width)

    return Density(
        from_us,
        to_us,
        count(inside),
        count(inside & np.isin(kinds, _places(outline, _MODEL))),
        count(inside & np.isin(kinds, _places(outline, _TOOL))),
        count(inside & ((flags & OWN_ERROR) != 0)),
        count(inside & ((flags & CRITICAL) != 0)),
    )


def _times(columns: Columns, depth: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    starts = np.asarray(columns.offset_us, np.int64)
    ends = starts + np.asarray([length or 0 for length in columns.duration_us], np.int64)
    if depth is None:
        return starts, ends, np.ones(len(starts), np.bool_)
    return starts, ends, np.asarray(columns.depth) <= depth


def _places(outline: Outline, names: tuple[str, ...]) -> list[int]:
    return [place for place, text in enumerate(outline.texts) if text in names]


def _count(starts: Any, ends: Any, from_us: int, to_us: int, width: int) -> list[int]:
    """One up where a span begins, one down after it ends; the running sum is who is at work."""
    scale = width / (to_us - from_us)
    first = np.clip(((starts - from_us) * scale).astype(np.int64), 0, width - 1)
    last = np.clip(((ends - from_us) * scale).astype(np.int64), 0, width - 1)
    steps = np.bincount(first, minlength=width + 1) - np.bincount(last + 1, minlength=width + 1)
    return [int(count) for count in np.cumsum(steps)[:width]]
