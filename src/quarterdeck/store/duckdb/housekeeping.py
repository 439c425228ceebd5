"""Upkeep in tables: who is named where, what grew old, canonical forms written anew under raw forms that stay.

Refuses to touch rollups when runs grow old: what was counted stays counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.columns import skeleton_table, trace_table, trace_text
from quarterdeck.store.duckdb.database import Database
from quarterdeck.store.duckdb.producers import subtract_producers
from quarterdeck.store.duckdb.promises import DROP_ORPHANS
from quarterdeck.store.identity import check_ids
from quarterdeck.store.measures import LIVE, check_limit, minute_of
from quarterdeck.store.text import storable

_PROJECTS = "SELECT DISTINCT project FROM trace_commit UNION SELECT DISTINCT project FROM run ORDER BY 1"
_NAMING = """
SELECT DISTINCT trace_hi, trace_lo FROM span
WHERE project = ? AND (session_id IN (SELECT unnest(CAST(? AS VARCHAR[]))) OR user_hash IN (SELECT unnest(CAST(? AS VARCHAR[]))))
ORDER BY 1, 2
"""
_SAME = "s.trace_lo = i.trace_lo AND s.trace_hi = i.trace_hi AND s.span_id = i.span_id AND s.project = i.project"
_THERE = f"SELECT s.* FROM span s SEMI JOIN incoming_skeletons i ON {_SAME}"
_CHANGED = ", ".join(
    f'"{name}" = i."{name}"' for name in Span._fields if name not in {"project", "trace_id", "span_id"}
)
_UPDATE = f"UPDATE span AS s SET {_CHANGED} FROM incoming_skeletons i WHERE {_SAME}"

_ADD_PRODUCERS = f"""
INSERT INTO producer SELECT project, dialect, scope_name, count(*) AS spans,
  count(*) FILTER (op_kind = 'llm') AS model_calls,
  count(*) FILTER (op_kind = 'llm' AND (tokens_input IS NOT NULL OR tokens_output IS NOT NULL)) AS with_usage
FROM ({_THERE}) GROUP BY project, dialect, scope_name
ON CONFLICT (project, dialect, scope_name) DO UPDATE SET spans = producer.spans + excluded.spans,
  model_calls = producer.model_calls + excluded.model_calls, with_usage = producer.with_usage + excluded.with_usage
"""

_FORGET_DECISIONS = """
DELETE FROM body_decision WHERE project = ? AND session_key IN (SELECT unnest(CAST(? AS VARCHAR[])))
"""
_FORGET_TRACES = (
    "DELETE FROM rejection WHERE project = ? AND trace_id IN (SELECT unnest(CAST(? AS VARCHAR[])))",
    "UPDATE unmapped SET example_trace_id = '' WHERE project = ? AND example_trace_id IN (SELECT unnest(CAST(? AS VARCHAR[])))",
)
_FORGET_LOGS = """
DELETE FROM span_log t USING wanted_traces w
WHERE t.trace_lo = w.trace_lo AND t.trace_hi = w.trace_hi AND t.project = w.project
"""
_OLD_RUNS = """
DELETE FROM run WHERE rowid IN (
  SELECT rowid FROM run r WHERE project = ? AND last_seen_ns < ? AND lifecycle NOT IN (SELECT unnest(CAST(? AS VARCHAR[])))
    AND NOT EXISTS (SELECT 1 FROM run_trace t JOIN stored ON stored.trace_id = t.trace_id
                    WHERE t.run_id = r.run_id AND t.project = r.project)
  ORDER BY last_seen_ns, run_id LIMIT ?)
"""
_STORED = """
CREATE OR REPLACE TEMP VIEW stored AS
SELECT DISTINCT printf('%016x%016x', trace_hi, trace_lo) AS trace_id FROM trace_commit
"""
# Made when the file is opened: versions that do not know it leave it alone.
_TIMES = "CREATE TABLE IF NOT EXISTS commit_time (at_ns BIGINT NOT NULL, seq BIGINT NOT NULL)"
_NOTE = "INSERT INTO commit_time SELECT ?, coalesce(max(seq), 0) FROM trace_commit"
_SEQ_AT = "SELECT coalesce(max(seq), -1) FROM commit_time WHERE at_ns <= ?"
_OLD_TRACES = """
SELECT trace_hi, trace_lo FROM trace_commit WHERE project = ? GROUP BY 1, 2 HAVING max(seq) <= ?
ORDER BY max(seq), 1, 2 LIMIT ?
"""
_OLD_ROLLUPS = "DELETE FROM cohort_minute WHERE project = ? AND minute < ?"
_EARLIEST = "SELECT min(start_ns) FROM span WHERE project = ? AND seq > ?"


class Housekeeper:
    """`Housekeeping` over a database. What writes spans is called by the writer of spans only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as cursor:
            cursor.execute(_TIMES)

    def projects(self) -> Sequence[str]:
        with self._database.reader() as cursor:
            return [project for (project,) in cursor.execute(_PROJECTS).fetchall()]

    def traces_naming(
        self, project: str, *, session_ids: Sequence[str] = (), user_hashes: Sequence[str] = ()
    ) -> Sequence[str]:
        values = [storable(project), [storable(name) for name in session_ids], list(user_hashes)]
        with self._database.reader() as cursor:
            return [trace_text(high, low) for high, low in cursor.execute(_NAMING, values).fetchall()]

    def put_skeletons(self, spans: Sequence[Span]) -> int:
        latest = list({(span.project, span.trace_id, span.span_id): span for span in spans}.values())
        if not latest:
            return 0
        check_ids(latest)
        with self._database.transaction() as cursor:
            cursor.register("incoming_skeletons", skeleton_table(latest))
            subtract_producers(cursor, _THERE, [])
            found = int(cursor.execute(_UPDATE).fetchone()[0])
            cursor.execute(_ADD_PRODUCERS)
        return found

    def forget(self, project: str, *, session_keys: Sequence[str], trace_ids: Sequence[str]) -> None:
        with self._database.transaction() as cursor:
            if session_keys:
                cursor.execute(_FORGET_DECISIONS, [project, [storable(key) for key in session_keys]])
            if trace_ids:
                for statement in _FORGET_TRACES:
                    cursor.execute(statement, [project, list(trace_ids)])
                cursor.register("wanted_traces", trace_table([project] * len(trace_ids), trace_ids))
                cursor.execute(_FORGET_LOGS)

    def note_time(self, now_ns: int) -> None:
        with self._database.transaction() as cursor:
            cursor.execute(_NOTE, [now_ns])

    def old_traces(self, project: str, *, arrived_before_ns: int, limit: int) -> Sequence[str]:
        check_limit(limit)
        with self._database.reader() as cursor:
            rows = cursor.execute(_OLD_TRACES, [project, self._seq_at(cursor, arrived_before_ns), limit]).fetchall()
        return [trace_text(high, low) for high, low in rows]

    def earliest_start_since(self, project: str, arrived_ns: int) -> int | None:
        with self._database.reader() as cursor:
            found = cursor.execute(_EARLIEST, [project, self._seq_at(cursor, arrived_ns)]).fetchone()[0]
        return None if found is None else int(found)

    @staticmethod
    def _seq_at(cursor: Any, time_ns: int) -> int:
        """The last commit before the last noted time that is not after `time_ns`; -1 when none was noted so early."""
        return int(cursor.execute(_SEQ_AT, [time_ns]).fetchone()[0])

    def expire_runs(self, project: str, *, before_ns: int, limit: int) -> int:
        check_limit(limit)
        with self._database.transaction() as cursor:
            cursor.execute(_STORED)
            gone = int(cursor.execute(_OLD_RUNS, [project, before_ns, list(LIVE), limit]).fetchone()[0])
            if gone:
                cursor.execute(DROP_ORPHANS)
        return gone

    def expire_rollups(self, project: str, *, before_ns: int) -> int:
        with self._database.transaction() as cursor:
            return int(cursor.execute(_OLD_ROLLUPS, [project, minute_of(before_ns)]).fetchone()[0])
