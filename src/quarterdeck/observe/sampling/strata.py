"""Strata: task class, version identity and tenant, in one window of time.

Refuses: more strata than a bound; what is beyond shares the stratum `other`. An unknown part is called `unknown`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from quarterdeck.model.runs import Run

PARTS = ("task_class", "agent", "agent_version", "prompt_version", "model", "tenant")
"""Fields of a run that make its stratum."""
UNKNOWN = "unknown"
OTHER = "other"
_BETWEEN = "|"
_PART_MAX = 128
"""Characters of a part; what is longer is no label (see observe.runs.labels)."""


def stratum_of(run: Run) -> str:
    """`refund|support|2.4|v7|gpt-4o|acme`; unknown parts as `unknown`."""
    return _BETWEEN.join(_part(getattr(run, name)) for name in PARTS)


def unknown_parts(run: Run) -> tuple[str, ...]:
    """Names of PARTS that the run does not say."""
    return tuple(name for name in PARTS if not getattr(run, name))


def _part(value: str | None) -> str:
    return (value or UNKNOWN).replace(_BETWEEN, "/")[:_PART_MAX]


def window_of(last_seen_ns: int, window_s: int) -> int:
    """The number of the window: whole windows since the epoch."""
    return last_seen_ns // (window_s * 10**9)


def cell_name(window: int, window_s: int, stratum: str) -> str:
    """What a decision says of its stratum: `2026-11-24T07:00Z|refund|…`."""
    start = datetime.fromtimestamp(window * window_s, UTC)
    return f"{start:%Y-%m-%dT%H:%MZ}{_BETWEEN}{stratum}"


def in_window(cell: str, window: int, window_s: int) -> bool:
    """Whether a decision was made in this window."""
    return cell.startswith(cell_name(window, window_s, ""))


def without_window(cell: str) -> str:
    """The stratum alone."""
    return cell.partition(_BETWEEN)[2]


def admitted(wanted: Iterable[str], before: Sequence[str], most: int) -> frozenset[str]:
    """The strata that stand for themselves: those `before`, then the most frequent, ties by name, up to `most`."""
    kept = dict.fromkeys(name for name in before if name != OTHER)
    counts = Counter(wanted)
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        if len(kept) >= most:
            break
        kept.setdefault(name)
    return frozenset(kept)
