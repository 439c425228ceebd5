"""Which rows of an outline one answer holds: a page by place, a depth, a window of time.

The cursor names the span that the page before ended with, so a run that grows meanwhile loses and repeats nothing
that stands after it. Pure.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

from quarterdeck.api.run_views.outline import Columns, Outline
from quarterdeck.errors import BadInput


class Wanted(NamedTuple):
    """What a caller asked for. Times are microseconds from the run's start; None = no bound."""

    limit: int
    cursor: str | None = None
    depth: int | None = None
    from_us: int | None = None
    to_us: int | None = None


class Rows(NamedTuple):
    """Row numbers of one page, and the cursor of the next one."""

    rows: range | list[int]
    next_cursor: str | None


def page_of(outline: Outline, wanted: Wanted) -> Rows:
    """The next `limit` rows that are asked for. Raises BadInput for a cursor that is not ours or whose span is gone."""
    start = 0 if wanted.cursor is None else row_of(outline, wanted.cursor) + 1
    if wanted.depth is None and wanted.from_us is None and wanted.to_us is None:
        stop = min(outline.rows, start + wanted.limit)
        rows: range | list[int] = range(start, stop)
        more = stop < outline.rows
    else:
        found = _matching(outline.columns, start, wanted)
        rows, more = found[: wanted.limit], len(found) > wanted.limit
    return Rows(rows, cursor_of(outline, rows[-1]) if more else None)


def _matching(columns: Columns, start: int, wanted: Wanted) -> list[int]:
    """Rows from `start` on, one more than the limit at most."""
    found: list[int] = []
    row, count = start, len(columns.span_id)
    while row < count and len(found) <= wanted.limit:
        if wanted.depth is not None and columns.depth[row] > wanted.depth:
            row = columns.end[row]
            continue
        if _in_window(columns, row, wanted):
            found.append(row)
        row += 1
    return found


def _in_window(columns: Columns, row: int, wanted: Wanted) -> bool:
    start = columns.offset_us[row]
    after = wanted.from_us is not None and start + (columns.duration_us[row] or 0) < wanted.from_us
    before = wanted.to_us is not None and start >= wanted.to_us
    return not after and not before


def columns_of(outline: Outline, rows: range | list[int]) -> dict[str, list[Any]]:
    """The columns of those rows. `parent` and `end` stay numbers of the whole outline."""
    if isinstance(rows, range):
        return {name: column[rows.start : rows.stop] for name, column in outline.columns._asdict().items()}
    return {name: [column[row] for row in rows] for name, column in outline.columns._asdict().items()}


def cursor_of(outline: Outline, row: int) -> str:
    """Opaque text that names the span of a row."""
    columns = outline.columns
    text = f"{outline.traces[columns.trace[row]]}/{columns.span_id[row]}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def row_of(outline: Outline, cursor: str) -> int:
    """The row that a cursor names. Raises BadInput."""
    try:
        text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    trace_id, _, span_id = text.rpartition("/")
    row = outline.at.get((trace_id, span_id))
    if row is None:
        msg = (
            f"cursor: found {cursor[:60]!r}, expected the next_cursor of the page before, of a span that is still there"
        )
        raise BadInput(msg)
    return row
