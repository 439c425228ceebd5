"""All spans of a project in the order of commits, page by page, with their raw forms.

The order is that of the places (chunk, index), which only rise; a cursor holds the last place. Each page looks at a
stretch of chunks that doubles until it holds enough, so that zone maps skip the rest. Refuses cursors of other lists.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from quarterdeck.store.cursors import decode_span_cursor, encode_span_cursor
from quarterdeck.store.duckdb.columns import SPAN_SELECT, spans_of
from quarterdeck.store.duckdb.database import one
from quarterdeck.store.duckdb.raw_reader import Place, place_of, raw_of
from quarterdeck.store.interface import Page
from quarterdeck.store.measures import check_limit
from quarterdeck.store.text import storable

_STRETCH = 64
"""Chunks looked at first: with the default size of a chunk about 16,000 spans."""

_PAGE = f"""
SELECT s.trace_hi AS high, s.trace_lo AS low, s.span_id AS id, s.chunk_id, s.chunk_index, {SPAN_SELECT} FROM span s
WHERE s.project = ? AND s.chunk_id >= ? AND s.chunk_id < ? AND (s.chunk_id > ? OR s.chunk_index > ?)
  AND s.start_ns >= ? AND s.start_ns < ?
ORDER BY s.chunk_id, s.chunk_index LIMIT ?
"""
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def scan_spans(
    cursor: Any, project: str, *, since_ns: int | None, until_ns: int | None, after: str | None, limit: int
) -> Page:
    """`Page` of (Span, RawSpan), of one moment when the cursor is a snapshot. Raises BadInput."""
    check_limit(limit)
    chunk_id, index = (0, -1) if after is None else decode_span_cursor(after, 2)
    (last,) = one(cursor, "SELECT coalesce(max(chunk_id), 0) FROM span")
    bounds = [_LOWEST if since_ns is None else since_ns, _HIGHEST if until_ns is None else until_ns]
    rows: list[Any] = []
    stretch, low = _STRETCH, chunk_id
    while low <= last and len(rows) <= limit:
        values = [storable(project), low, low + stretch, chunk_id, index, *bounds, limit + 1 - len(rows)]
        rows += cursor.execute(_PAGE, values).fetchall()
        low, stretch = low + stretch, stretch * 2
    shown = rows[:limit]
    spans = spans_of(row[5:] for row in shown)
    places = [
        place_of((span.project, *row[:3], int(span.parent_span_id or "0", 16), span.name, span.start_ns, span.end_ns,
                  *row[3:5]))
        for row, span in zip(shown, spans, strict=True)
    ]  # fmt: skip
    raws = _raws(cursor, project, places)
    items = [(span, raws[place.ids]) for span, place in zip(spans, places, strict=True)]
    return Page(items, encode_span_cursor(*shown[-1][3:5]) if len(rows) > limit else None)


def _raws(cursor: Any, project: str, places: list[Place]) -> dict[tuple[int, int, int], Any]:
    if not places:
        return {}
    columns = zip(*(place.ids for place in places), strict=True)
    names = ("trace_hi", "trace_lo", "span_id")
    table = {name: pa.array(values, pa.uint64()) for name, values in zip(names, columns, strict=True)}
    cursor.register("wanted_spans", pa.table(table))
    raws = raw_of(cursor, project, places)
    return {(int(raw.trace_id[:16], 16), int(raw.trace_id[16:], 16), int(raw.span_id, 16)): raw for raw in raws}
