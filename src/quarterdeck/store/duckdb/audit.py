"""What the way in reports about itself, in tables: refusals, unmapped keys, producers' coverage.

Refusals carry a rising number; only the newest `keep` numbers are shown, and older rows go when a tenth too many lie there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.store.cursors import decode_rejection_cursor, encode_rejection_cursor
from quarterdeck.store.duckdb.columns import column
from quarterdeck.store.duckdb.database import one
from quarterdeck.store.interface import Page
from quarterdeck.store.unmapped import fitted

_TEXTS = ("project", "reason", "detail", "trace_id", "span_id", "span_name")

_REJECTION_INSERT = """
INSERT INTO rejection (number, seq, at_ns, project, reason, detail, trace_id, span_id, span_name)
SELECT number, seq, at_ns, project, reason, detail, trace_id, span_id, span_name FROM incoming_rejections
"""

_UNMAPPED_INSERT = """
INSERT INTO unmapped SELECT project, key, dialect, scope_name, CAST(sum(count) AS BIGINT), min(first_seen_ns),
  max(last_seen_ns), first(example_trace_id ORDER BY place)
FROM incoming_unmapped GROUP BY project, key, dialect, scope_name
ON CONFLICT (project, key, dialect, scope_name) DO UPDATE SET count = unmapped.count + excluded.count,
  first_seen_ns = least(unmapped.first_seen_ns, excluded.first_seen_ns),
  last_seen_ns = greatest(unmapped.last_seen_ns, excluded.last_seen_ns)
"""


def put_rejections(cursor: Any, rejections: Sequence[Rejection], *, first: int, seq: int, keep: int) -> None:
    """Append, numbered from `first`."""
    if not rejections:
        return
    count = len(rejections)
    table = {name: column(name, [getattr(row, name) for row in rejections], pa.string()) for name in _TEXTS}
    table["at_ns"] = column("at_ns", [row.at_ns for row in rejections], pa.int64())
    table["number"] = pa.array(range(first, first + count), pa.int64())
    table["seq"] = pa.array([seq] * count, pa.int64())
    cursor.register("incoming_rejections", pa.table(table))
    cursor.execute(_REJECTION_INSERT)
    last = first + count - 1
    (oldest,) = one(cursor, "SELECT min(number) FROM rejection")
    if last - oldest > keep + keep // 10:
        cursor.execute("DELETE FROM rejection WHERE number <= ?", [last - keep])


def put_unmapped(cursor: Any, keys: Sequence[UnmappedKey], *, keep: int) -> None:
    """Add to the counts; beyond `keep` rows what is new counts as `(other)`."""
    if not keys:
        return
    (rows,) = one(cursor, "SELECT count(*) FROM unmapped")
    if rows + len(keys) > keep:
        known = set(cursor.execute("SELECT project, key, dialect, scope_name FROM unmapped").fetchall())
        keys = fitted(keys, known.__contains__, keep - rows)
    texts = ("project", "key", "dialect", "scope_name", "example_trace_id")
    numbers = ("count", "first_seen_ns", "last_seen_ns")
    table = {name: column(name, [getattr(row, name) for row in keys], pa.string()) for name in texts}
    table |= {name: column(name, [getattr(row, name) for row in keys], pa.int64()) for name in numbers}
    table["place"] = pa.array(range(len(keys)), pa.int64())
    cursor.register("incoming_unmapped", pa.table(table))
    cursor.execute(_UNMAPPED_INSERT)


def read_unmapped(cursor: Any, project: str, *, limit: int) -> list[UnmappedKey]:
    """Most frequent first."""
    rows = cursor.execute(
        "SELECT project, key, dialect, scope_name, count, first_seen_ns, last_seen_ns, example_trace_id FROM unmapped"
        " WHERE project = ? ORDER BY count DESC, key, dialect, scope_name LIMIT ?",
        [project, limit],
    ).fetchall()
    return [UnmappedKey(*row) for row in rows]


def read_rejections(cursor: Any, project: str, *, cursor_text: str | None, limit: int, keep: int) -> Page:
    """Newest first."""
    before = 2**63 - 1 if cursor_text is None else decode_rejection_cursor(cursor_text)
    rows = cursor.execute(
        "SELECT number, project, at_ns, reason, detail, trace_id, span_id, span_name FROM rejection"
        " WHERE project = ? AND number < ? AND number > (SELECT max(number) FROM rejection) - ?"
        " ORDER BY number DESC LIMIT ?",
        [project, before, keep, limit + 1],
    ).fetchall()
    items = [Rejection(*row[1:]) for row in rows[:limit]]
    return Page(items, encode_rejection_cursor(rows[limit - 1][0]) if len(rows) > limit else None)


def read_coverage(cursor: Any, project: str) -> Sequence[Mapping[str, Any]]:
    """Most spans first. `orphans` is None: that is known per run, not per producer."""
    rows = cursor.execute(
        "SELECT dialect, scope_name, spans, model_calls, with_usage FROM producer WHERE project = ? AND spans > 0"
        " ORDER BY spans DESC, dialect, scope_name",
        [project],
    ).fetchall()
    return [
        {"dialect": dialect, "scope": scope, "spans": n, "model_calls": calls, "with_usage": used, "orphans": None}
        for dialect, scope, n, calls, used in rows
    ]
