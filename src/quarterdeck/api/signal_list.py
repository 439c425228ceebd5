"""Streams as a list: filtered, the nearest to its threshold first, page by page; and the one that speaks for a cohort.

Pure. A page goes on after the place of the last stream, not after a number of them: evidence moves between two pages,
and a stream that moved past the place is then seen twice or not at all, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, log
from typing import NamedTuple

from quarterdeck.model.signals import Keys, StreamNow
from quarterdeck.store.cursors import decode_stream_cursor, encode_stream_cursor

FAILING = "failing"
"""The signal that stands for a cohort in a list of cohorts."""
MOVED = ("reached", "rising")
MOVED_MAX = 10


class StreamFilter(NamedTuple):
    """() and "" = all. `text` is a part of a value of the cohort or the version, in any case."""

    signals: Sequence[str] = ()
    lanes: Sequence[str] = ()
    states: Sequence[str] = ()
    text: str = ""


def page_of(
    streams: Iterable[StreamNow], where: StreamFilter, *, cursor: str | None, limit: int
) -> tuple[list[StreamNow], str | None]:
    """One page and the cursor of the next. Raises BadInput for a cursor that is not ours."""
    placed = sorted((_place(stream), stream.stream_id, stream) for stream in streams if _fits(stream, where))
    if cursor is not None:
        nearness, stream_id = decode_stream_cursor(cursor)
        placed = [one for one in placed if one[:2] > (nearness, stream_id)]
    page = placed[:limit]
    more = encode_stream_cursor(*page[-1][:2]) if len(placed) > limit else None
    return [stream for _, _, stream in page], more


def moved(streams: Iterable[StreamNow]) -> list[StreamNow]:
    """Streams whose evidence rises or has reached its threshold, at most MOVED_MAX."""
    return page_of(streams, StreamFilter(states=MOVED), cursor=None, limit=MOVED_MAX)[0]


def where_of(stream: StreamNow) -> Keys:
    """The runs that a stream is about; () = the whole fleet."""
    return stream.cohort if stream.deploy is None else stream.deploy.where


def stream_of_cohort(streams: Iterable[StreamNow], signal: str, keys: Mapping[str, str | None]) -> StreamNow | None:
    """The stream of this signal that speaks for the runs with these keys, the nearest to its threshold; None without any.

    A test of a new version speaks for a row that names the version; a cohort's stream for a row that names nothing else.
    """
    found = [one for one in streams if one.signal == signal and one.lane in ("cohort", "deploy") and _speaks(one, keys)]
    return min(found, key=lambda one: (one.lane != "deploy", _place(one), one.stream_id), default=None)


def _speaks(stream: StreamNow, keys: Mapping[str, str | None]) -> bool:
    where = dict(where_of(stream))
    if any(where[name] != value for name, value in keys.items() if name in where):
        return False
    if stream.deploy is not None:
        return stream.deploy.part in keys and any(name in keys for name, _ in stream.cohort)
    return all(name in where for name in keys)


def _fits(stream: StreamNow, where: StreamFilter) -> bool:
    return (
        (not where.signals or stream.signal in where.signals)
        and (not where.lanes or stream.lane in where.lanes)
        and (not where.states or stream.state in where.states)
        and (not where.text or where.text.lower() in _text(stream))
    )


def _text(stream: StreamNow) -> str:
    return "\x1f".join(value for _, value in where_of(stream) if value).lower()


def _place(stream: StreamNow) -> float:
    """0 = at the threshold or past it, 1 = no evidence: the way that is left, on a log scale; 2 = nothing to reach yet."""
    if stream.state == "reached":
        return -1.0
    if not isfinite(stream.threshold) or stream.threshold <= 1:
        return 2.0
    return 1 - min(1.0, log(max(1.0, stream.evidence)) / log(stream.threshold))
