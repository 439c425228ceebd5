"""The way in for runs: replace their rows, and compute anew the rollup rows that they touch.

A rollup row belongs to one cohort in one minute. It is computed from the run table, never added to, so writing a run
twice, late or with another start changes nothing that is not so. Refuses to be called by two threads at once (it waits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from quarterdeck.model.runs import Run
from quarterdeck.store.duckdb.columns import trace_text
from quarterdeck.store.duckdb.database import Database, one
from quarterdeck.store.duckdb.run_rows import RUN_SELECT, key_table, run_of, run_table
from quarterdeck.store.interface import COHORT_KEYS, TraceKey
from quarterdeck.store.measures import LIVE

_SAME_RUN = "r.run_key = k.run_key AND r.run_id = k.run_id AND r.project = k.project"

_TOUCHED = f"""
CREATE OR REPLACE TEMP TABLE touched AS
SELECT r.project, r.minute, r.cohort_key FROM run r JOIN incoming_keys k ON {_SAME_RUN}
UNION SELECT project, minute, cohort_key FROM incoming_runs
"""

_SAME_ROW = "m.minute = t.minute AND m.cohort_key = t.cohort_key AND m.project = t.project"

_DELETE_ROLLUP = f"""
DELETE FROM cohort_minute m USING touched t WHERE {_SAME_ROW} AND m.minute BETWEEN ? AND ?
"""

_KEYS = ", ".join(COHORT_KEYS)

# Bounds on `minute` let zone maps skip the rest of the run table.
_INSERT_ROLLUP = f"""
INSERT INTO cohort_minute
SELECT project, minute, cohort_key, {_KEYS}, count(*), count(*) FILTER (status <> 'unknown'),
  count(*) FILTER (status = 'error'), CAST(sum(model_calls) AS BIGINT), CAST(sum(tool_calls) AS BIGINT),
  CAST(coalesce(sum(tokens_total), 0) AS BIGINT), count(tokens_total), coalesce(sum(cost_usd), 0), count(cost_usd),
  max(started_at_ns), histogram(duration_bucket), histogram(tokens_bucket)
FROM (SELECT m.* FROM run m SEMI JOIN touched t ON {_SAME_ROW} WHERE m.minute BETWEEN ? AND ?)
GROUP BY project, minute, cohort_key, {_KEYS}
"""


class RunStore:
    """`RunWriter` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        # A run named twice counts once, in its last form; one that is both written and gone is written.
        latest = list({(run.project, run.run_id): run for run in runs}.values())
        keys = [*((run.project, run.run_id) for run in latest), *gone]
        with self._lock, self._database.transaction() as cursor:
            if keys:
                cursor.register("incoming_runs", run_table(latest))
                cursor.register("incoming_keys", key_table(keys))
                _replace(cursor)
            cursor.execute(_SETTLE, [settled_seq])

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

    def live_runs(self, *, limit: int) -> Sequence[Run]:
        with self._database.reader() as cursor:
            rows = cursor.execute(_LIVE_RUNS, [list(LIVE), limit]).fetchall()
        return [run_of(row) for row in rows]


_SETTLE = """
UPDATE meta SET value = CAST(greatest(CAST(value AS BIGINT), CAST(? AS BIGINT)) AS VARCHAR) WHERE key = 'settled_seq'
"""
_UNSETTLED = """
SELECT DISTINCT project, trace_hi, trace_lo FROM trace_commit
WHERE seq > (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'settled_seq')
"""
_LIVE_RUNS = f"""
SELECT {RUN_SELECT} FROM run r WHERE lifecycle IN (SELECT unnest(?)) ORDER BY last_seen_ns, project, run_id LIMIT ?
"""


def _replace(cursor: Any) -> None:
    cursor.execute(_TOUCHED)
    cursor.execute(f"DELETE FROM run r USING incoming_keys k WHERE {_SAME_RUN}")
    cursor.execute("INSERT INTO run SELECT * FROM incoming_runs")
    bounds = one(cursor, "SELECT min(minute), max(minute) FROM touched")
    if bounds[0] is not None:
        cursor.execute(_DELETE_ROLLUP, bounds)
        cursor.execute(_INSERT_ROLLUP, bounds)
