"""The way in for runs: replace their rows, and compute anew the rollup rows that they touch.

A rollup row belongs to one cohort in one minute. It is computed from the run table, never added to, so writing a run
twice, late or with another start changes nothing that is not so. Refuses to be called by two threads at once (it waits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import pyarrow as pa

from quarterdeck.model.runs import FAILED_OUTCOMES, Run
from quarterdeck.store.duckdb.columns import trace_text
from quarterdeck.store.duckdb.database import Database
from quarterdeck.store.duckdb.promises import DROP_ORPHANS
from quarterdeck.store.duckdb.run_feed import last_run_seq, runs_over
from quarterdeck.store.duckdb.run_rows import RUN_SELECT, key_table, run_of, run_table, touched_table
from quarterdeck.store.interface import COHORT_KEYS, TraceKey
from quarterdeck.store.measures import LIVE, ending
from quarterdeck.store.text import storable

_SAME_RUN = "r.run_key = k.run_key AND r.run_id = k.run_id AND r.project = k.project"

# By the key alone, so that the scan reads one column of numbers; the texts are compared for the few rows found.
_OLD_ROWS = """
SELECT r.rowid, r.minute, r.cell_key, r.project, r.run_id FROM run r WHERE r.run_key IN (SELECT run_key FROM incoming_keys)
"""
_DELETE_ROWS = "DELETE FROM run WHERE rowid IN (SELECT row_number FROM old_rows)"

# A cell is one cohort of one project in one minute. Its key is a hash, and both statements below go by the key alone:
# were two cells ever to share one, both would be deleted and both computed anew.
# Bounds on `minute` let zone maps skip the rest of the tables.
_DELETE_CELLS = """
DELETE FROM cohort_minute WHERE cell_key IN (SELECT cell_key FROM touched) AND minute BETWEEN ? AND ?
"""

_KEYS = ", ".join(COHORT_KEYS)

# Run.failed in SQL: true, false, or NULL while nothing is known.
_FAILED = f"""CASE WHEN status = 'error' OR lower(outcome) IN ({", ".join(repr(w) for w in sorted(FAILED_OUTCOMES))})
  THEN true WHEN status = 'ok' THEN false END"""

_INSERT_CELLS = f"""
INSERT INTO cohort_minute
SELECT project, minute, cell_key, {_KEYS}, count(*), count({_FAILED}), count(*) FILTER ({_FAILED}), CAST(sum(model_calls) AS BIGINT), CAST(sum(tool_calls) AS BIGINT),
  CAST(coalesce(sum(tokens_total), 0) AS BIGINT), count(tokens_total), coalesce(sum(cost_usd), 0), count(cost_usd),
  max(started_at_ns), histogram(duration_bucket), histogram(tokens_bucket)
FROM run WHERE cell_key IN (SELECT cell_key FROM touched) AND minute BETWEEN ? AND ?
GROUP BY project, minute, cell_key, {_KEYS}
"""


class RunStore:
    """`RunWriter` and `RunFeed` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        with database.reader() as cursor:
            self._written = last_run_seq(cursor)

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        # A run named twice counts once, in its last form; one that is both written and gone is written.
        latest = sorted({(run.project, run.run_id): run for run in runs}.values(), key=ending)
        keys = [*((run.project, run.run_id) for run in latest), *gone]
        with self._lock:
            table = run_table(latest, self._written)
            with self._database.transaction() as cursor:
                if keys:
                    _replace(cursor, keys, table)
                if gone:
                    cursor.execute(DROP_ORPHANS)
                cursor.execute(_SETTLE, [settled_seq])
                if latest:
                    cursor.execute(_WRITTEN, [str(self._written + len(latest))])
            self._written += len(latest)

    def runs_over(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        with self._database.snapshot() as cursor:
            return runs_over(cursor, after_seq=after_seq, limit=limit)

    def last_run_seq(self) -> int:
        with self._database.reader() as cursor:
            return last_run_seq(cursor)

    def unsettled(self) -> Sequence[TraceKey]:
        with self._database.reader() as cursor:
            rows = cursor.execute(_UNSETTLED).fetchall()
        return [(project, trace_text(high, low)) for project, high, low in rows]

    def traces_of_runs(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Sequence[str]]:
        with self._database.reader() as cursor:
            cursor.register("wanted", key_table(keys))
            rows = cursor.execute(
                f"SELECT r.project, r.run_id, r.trace_ids FROM run r JOIN wanted k ON {_SAME_RUN}"
            ).fetchall()
        return {(project, run_id): tuple(trace_ids) for project, run_id, trace_ids in rows}

    def runs_of_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[str]]:
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        with self._database.reader() as cursor:
            projects, traces = (pa.array(list(part), pa.string()) for part in zip(*wanted, strict=True))
            cursor.register("wanted_traces", pa.table({"project": projects, "trace_id": traces}))
            rows = cursor.execute(_RUNS_OF_TRACES).fetchall()
        found: dict[TraceKey, list[str]] = {}
        for project, trace_id, run_id in rows:
            found.setdefault((project, trace_id), []).append(run_id)
        return found

    def live_runs(self, *, limit: int) -> Sequence[Run]:
        with self._database.reader() as cursor:
            rows = cursor.execute(_LIVE_RUNS, [list(LIVE), limit]).fetchall()
        return [run_of(row) for row in rows]


_SETTLE = """
UPDATE meta SET value = CAST(greatest(CAST(value AS BIGINT), CAST(? AS BIGINT)) AS VARCHAR) WHERE key = 'settled_seq'
"""
_WRITTEN = "UPDATE meta SET value = ? WHERE key = 'written_seq'"
_UNSETTLED = """
SELECT DISTINCT project, trace_hi, trace_lo FROM trace_commit
WHERE seq > (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'settled_seq')
"""
_RUNS_OF_TRACES = """
SELECT t.project, t.trace_id, t.run_id FROM run_trace t SEMI JOIN wanted_traces w
ON t.trace_id = w.trace_id AND t.project = w.project ORDER BY t.run_id
"""
_LIVE_RUNS = f"""
SELECT {RUN_SELECT} FROM run r WHERE lifecycle IN (SELECT unnest(?)) ORDER BY last_seen_ns, project, run_id LIMIT ?
"""


_Cell = tuple[int, int]
"""(minute, cell_key)."""


def _replace(cursor: Any, keys: Sequence[tuple[str, str]], table: Any) -> None:
    """Old rows out, new rows in, and the rollup cells of both computed anew. `table`: the new rows."""
    cells = _delete(cursor, keys)
    if table.num_rows:
        cursor.register("incoming_runs", table)
        cursor.execute("INSERT INTO run BY NAME SELECT * FROM incoming_runs")
        cells |= set(zip(table["minute"].to_pylist(), table["cell_key"].to_pylist(), strict=True))
    if cells:
        cursor.register("touched", touched_table(cells))
        bounds = [min(cells)[0], max(cells)[0]]
        cursor.execute(_DELETE_CELLS, bounds)
        cursor.execute(_INSERT_CELLS, bounds)


def _delete(cursor: Any, keys: Sequence[tuple[str, str]]) -> set[_Cell]:
    """Delete the rows of these runs; answers the cells that they counted in."""
    cursor.register("incoming_keys", key_table(keys))
    named = {(storable(project), storable(run_id)) for project, run_id in keys}
    found = [row for row in cursor.execute(_OLD_ROWS).fetchall() if (row[3], row[4]) in named]
    if found:
        cursor.register("old_rows", pa.table({"row_number": pa.array([row[0] for row in found], pa.int64())}))
        cursor.execute(_DELETE_ROWS)
    return {(minute, cell_key) for _, minute, cell_key, *_ in found}
