"""Outcomes in a table: written by one thread at a time, found by the same 64-bit key as their runs.

What becomes of one that comes beside a stored one is decided by `store.outcomes.merged`, as in every engine.
Refuses numbers that do not fit their column, and a page of nothing (BadInput).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import pyarrow as pa

from quarterdeck.model.outcomes import Outcome
from quarterdeck.store.duckdb.columns import arrow_type, column
from quarterdeck.store.duckdb.database import Database, one
from quarterdeck.store.duckdb.run_rows import key_table, run_key
from quarterdeck.store.duckdb.schema import OUTCOME_COLUMNS
from quarterdeck.store.feed import OutcomeName, OutcomeSummary
from quarterdeck.store.measures import LIVE, check_limit
from quarterdeck.store.outcomes import OutcomeKey, Placed, key_of, merged, storable_outcome
from quarterdeck.store.text import storable

_SELECT = ", ".join(f'o."{name}"' for name in OUTCOME_COLUMNS)
_STORED = f"SELECT o.rowid, o.seq, {_SELECT} FROM outcome o WHERE o.run_key IN (SELECT run_key FROM outcome_runs)"
_DELETE = "DELETE FROM outcome WHERE rowid IN (SELECT row_number FROM old_outcomes)"
_TOLD = "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'outcome_seq'"
_PUT_TOLD = "UPDATE meta SET value = ? WHERE key = 'outcome_seq'"
_OF_RUNS = f"""
SELECT {_SELECT} FROM outcome o JOIN outcome_runs k
  ON o.run_key = k.run_key AND o.run_id = k.run_id AND o.project = k.project
ORDER BY o.at_ns, o.run_id, o.name, o.source
"""
_AFTER = f"SELECT o.seq, {_SELECT} FROM outcome o WHERE o.seq > ? ORDER BY o.seq LIMIT ?"
_DROP = """
DELETE FROM outcome o USING outcome_runs k WHERE o.run_key = k.run_key AND o.run_id = k.run_id AND o.project = k.project
  AND o.source = coalesce(?, o.source)
"""
_NAMES = "SELECT DISTINCT name FROM outcome WHERE project = ? ORDER BY 1"
_EXPIRE = """
DELETE FROM outcome WHERE rowid IN (
  SELECT o.rowid FROM outcome o ANTI JOIN run r ON r.run_key = o.run_key AND r.run_id = o.run_id AND r.project = o.project
  WHERE o.project = ? AND o.received_ns < ?)
"""
_CHOSEN = """
FROM run r WHERE r.project = ? AND r.started_at_ns >= ? AND r.started_at_ns < ?
  AND r.lifecycle NOT IN (SELECT unnest(CAST(? AS VARCHAR[])))
"""
_SUMMARY = f"""
SELECT o.name, count(DISTINCT o.run_id), count(o.score), avg(o.score),
  quantile_cont((o.received_ns - r.ended_at_ns) / 1e9, [0.5, 0.9])
FROM outcome o JOIN (SELECT r.run_key, r.run_id, r.project, r.ended_at_ns {_CHOSEN}) r
  ON r.run_key = o.run_key AND r.run_id = o.run_id AND r.project = o.project
GROUP BY o.name ORDER BY 2 DESC, 1
"""


class OutcomeTable:
    """`OutcomeStore`, `OutcomeUpkeep` and `OutcomeReader` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        with database.reader() as cursor:
            self._told = int(one(cursor, _TOLD)[0])

    def put_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        incoming = [storable_outcome(outcome) for outcome in outcomes]
        with self._lock, self._database.transaction() as cursor:
            cursor.register("outcome_runs", key_table([(o.project, o.run_id) for o in incoming]))
            rows = cursor.execute(_STORED).fetchall()
            stored = {
                key_of(found): (row, Placed(found, seq)) for row, seq, *values in rows for found in [Outcome(*values)]
            }
            changed, told = _decide(incoming, {key: placed for key, (_, placed) in stored.items()}, self._told)
            if not changed:
                return
            old = [stored[key][0] for key in changed if key in stored]
            cursor.register("old_outcomes", pa.table({"row_number": pa.array(old, pa.int64())}))
            cursor.execute(_DELETE)
            cursor.register("incoming_outcomes", _table(changed.values()))
            cursor.execute("INSERT INTO outcome BY NAME SELECT * FROM incoming_outcomes ORDER BY seq")
            cursor.execute(_PUT_TOLD, [str(told)])
        self._told = told

    def outcomes_of(self, project: str, run_ids: Sequence[str]) -> Sequence[Outcome]:
        if not run_ids or not self._told:
            return []
        with self._database.reader() as cursor:
            cursor.register("outcome_runs", key_table([(project, run_id) for run_id in run_ids]))
            return [Outcome(*row) for row in cursor.execute(_OF_RUNS).fetchall()]

    def outcomes_after(self, *, after_seq: int, limit: int) -> tuple[Sequence[Outcome], int]:
        check_limit(limit)
        with self._database.snapshot() as cursor:
            last = int(one(cursor, _TOLD)[0])
            rows = cursor.execute(_AFTER, [after_seq, limit]).fetchall()
        return [Outcome(*row) for _, *row in rows], rows[-1][0] if len(rows) == limit else max(last, after_seq)

    def outcome_names(self, project: str) -> Sequence[str]:
        with self._database.reader() as cursor:
            return [name for (name,) in cursor.execute(_NAMES, [storable(project)]).fetchall()]

    def drop_outcomes(self, project: str, run_ids: Sequence[str], *, source: str | None = None) -> int:
        if not run_ids or not self._told:
            return 0
        with self._lock, self._database.transaction() as cursor:
            cursor.register("outcome_runs", key_table([(project, run_id) for run_id in run_ids]))
            return int(one(cursor, _DROP, [source])[0])

    def expire_outcomes(self, project: str, *, before_ns: int) -> int:
        if not self._told:
            return 0
        with self._lock, self._database.transaction() as cursor:
            return int(one(cursor, _EXPIRE, [storable(project), before_ns])[0])

    def outcome_summary(self, project: str, since_ns: int, until_ns: int) -> OutcomeSummary:
        window = [storable(project), since_ns, until_ns, list(LIVE)]
        with self._database.snapshot() as cursor:
            (runs,) = one(cursor, f"SELECT count(*) {_CHOSEN}", window)
            rows = cursor.execute(_SUMMARY, window).fetchall()
        return OutcomeSummary(runs, [OutcomeName(*row, *(delays or (None, None))) for *row, delays in rows])


def _decide(
    incoming: Sequence[Outcome], stored: dict[OutcomeKey, Placed], told: int
) -> tuple[dict[OutcomeKey, Placed], int]:
    """What is to be written, by key, and the number used last."""
    changed: dict[OutcomeKey, Placed] = {}
    for outcome in incoming:
        key = key_of(outcome)
        placed = merged(changed.get(key) or stored.get(key), outcome, told + 1)
        if placed is not None:
            told = max(told, placed.seq)
            changed[key] = placed
    return changed, told


def _table(placed: Iterable[Placed]) -> Any:
    rows = list(placed)
    fields = {
        name: column(name, [getattr(row.outcome, name) for row in rows], arrow_type(kind))
        for name, kind in OUTCOME_COLUMNS.items()
    }
    keys = [run_key(row.outcome.project, row.outcome.run_id) for row in rows]
    return pa.table(
        {**fields, "run_key": pa.array(keys, pa.uint64()), "seq": pa.array([row.seq for row in rows], pa.int64())}
    )
