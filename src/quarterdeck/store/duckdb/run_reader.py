"""Reads of runs: one, a page, counts, facets, a session; and the spans of one run.

Each function takes a cursor of its own and answers from committed data. Refuses unknown sorts, facets and cursors (BadInput).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.errors import NotFound
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.cursors import RunCursor, decode_run_cursor, encode_run_cursor
from quarterdeck.store.duckdb.database import one
from quarterdeck.store.duckdb.decisions import told
from quarterdeck.store.duckdb.filters import Condition, condition_of
from quarterdeck.store.duckdb.promises import promised
from quarterdeck.store.duckdb.run_rows import RUN_SELECT, run_key, run_of
from quarterdeck.store.duckdb.span_writer import select_traces
from quarterdeck.store.interface import FacetCount, Page, RunFilter
from quarterdeck.store.measures import check_facets, check_limit, parse_sort, sort_value
from quarterdeck.store.text import storable

_SORT_COLUMNS = {"started_at": "started_at_ns", "last_seen": "last_seen_ns"}
"""Sorts whose column carries its unit; the others are named alike."""


def get_run(cursor: Any, project: str, run_id: str) -> Run:
    """Raises NotFound."""
    row = one(
        cursor,
        f"SELECT {RUN_SELECT} FROM run r WHERE r.run_key = ? AND r.run_id = ? AND r.project = ?",
        [run_key(project, run_id), storable(run_id), storable(project)],
    )
    if row is None:
        raise NotFound(f"no run {run_id!r} in project {project!r}")
    return promised(cursor, told(cursor, [run_of(row)]))[0]


def list_runs(cursor: Any, where: RunFilter, *, sort: str, after: str | None, limit: int) -> Page:
    """The runs after the cursor text `after` in the order of `sort`, unknown values last, ties by run id."""
    check_limit(limit)
    name, smallest_first = parse_sort(sort)
    column = f'r."{_SORT_COLUMNS.get(name, name)}"'
    found = condition_of(where)
    if after is not None:
        found = _after(found, column, decode_run_cursor(after, sort), smallest_first=smallest_first)
    direction = "ASC" if smallest_first else "DESC"
    rows = cursor.execute(
        f"SELECT {RUN_SELECT} FROM run r WHERE {found.sql} ORDER BY {column} {direction} NULLS LAST, r.run_id LIMIT ?",
        [*found.values, limit + 1],
    ).fetchall()
    items = promised(cursor, told(cursor, [run_of(row) for row in rows[:limit]]))
    if len(rows) <= limit:
        return Page(items, None)
    last = items[-1]
    return Page(items, encode_run_cursor(sort, RunCursor(sort_value(last, name), last.run_id)))


def _after(found: Condition, column: str, left_at: RunCursor, *, smallest_first: bool) -> Condition:
    run_id = storable(left_at.run_id)
    if left_at.value is None:
        return found.also(f"{column} IS NULL AND r.run_id > ?", run_id)
    beyond = ">" if smallest_first else "<"
    return found.also(
        f"({column} {beyond} ? OR ({column} = ? AND r.run_id > ?) OR {column} IS NULL)",
        left_at.value,
        left_at.value,
        run_id,
    )


def count_runs(cursor: Any, where: RunFilter) -> int:
    found = condition_of(where)
    (count,) = one(cursor, f"SELECT count(*) FROM run r WHERE {found.sql}", found.values)
    return int(count)


def facets(cursor: Any, where: RunFilter, names: Sequence[str], *, limit: int) -> Mapping[str, Sequence[FacetCount]]:
    """Counts per value, most frequent first, ties by value with unknown last."""
    check_limit(limit)
    check_facets(names)
    return {name: _facet(cursor, condition_of(where, without=name), name, limit) for name in names}


def _facet(cursor: Any, found: Condition, name: str, limit: int) -> list[FacetCount]:
    rows = cursor.execute(
        f"SELECT nullif(r.\"{name}\", '') AS value, count(*) AS n FROM run r WHERE {found.sql}"
        " GROUP BY value ORDER BY n DESC, value NULLS LAST LIMIT ?",
        [*found.values, limit],
    ).fetchall()
    return [FacetCount(value, count) for value, count in rows]


def session_runs(cursor: Any, project: str, session_id: str) -> list[Run]:
    rows = cursor.execute(
        f"SELECT {RUN_SELECT} FROM run r WHERE r.project = ? AND r.session_id = ? ORDER BY r.started_at_ns, r.run_id",
        [storable(project), storable(session_id)],
    ).fetchall()
    return promised(cursor, told(cursor, [run_of(row) for row in rows]))


def run_spans(cursor: Any, project: str, run_id: str) -> tuple[Run, list[Span]]:
    """The run and all spans of its traces, of one moment when the cursor is a snapshot. Raises NotFound."""
    run = get_run(cursor, project, run_id)
    return run, select_traces(cursor, [(project, trace_id) for trace_id in run.trace_ids])
