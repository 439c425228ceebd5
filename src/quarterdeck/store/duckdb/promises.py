"""Promises in a table: written once, told with every run that is read, gone with their run.

Found by the same 64-bit key as their runs. Refuses to replace a promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import pyarrow as pa

from quarterdeck.model.estimates import Promise
from quarterdeck.model.runs import Run
from quarterdeck.store.duckdb.columns import column
from quarterdeck.store.duckdb.database import Database
from quarterdeck.store.duckdb.run_feed import last_run_seq
from quarterdeck.store.duckdb.run_rows import RUN_SELECT, run_key, run_of
from quarterdeck.store.measures import LIVE, check_limit
from quarterdeck.store.promises import estimate_bytes, estimate_of, with_promise
from quarterdeck.store.text import storable

SAME_RUN = "p.run_key = r.run_key AND p.run_id = r.run_id AND p.project = r.project"

_PUT = f"""
INSERT INTO promise BY NAME SELECT * FROM incoming_promises p
WHERE EXISTS (SELECT 1 FROM run r WHERE {SAME_RUN}) AND NOT EXISTS (SELECT 1 FROM promise r WHERE {SAME_RUN})
"""
_SELECT = """
SELECT p.project, p.run_id, p.made_at_ns, p.source, p.estimate FROM promise p
WHERE p.run_key IN (SELECT unnest(CAST(? AS UBIGINT[])))
"""
_UNPROMISED = f"""
SELECT r.written_seq, {RUN_SELECT} FROM run r WHERE r.written_seq > ?
  AND NOT EXISTS (SELECT 1 FROM promise p WHERE {SAME_RUN}) ORDER BY r.written_seq LIMIT ?
"""
_KEPT = f"""
SELECT {RUN_SELECT}, p.made_at_ns, p.source, p.estimate FROM run r JOIN promise p ON {SAME_RUN}
WHERE r.project = ? AND r.started_at_ns >= ? AND r.started_at_ns < ?
  AND r.lifecycle NOT IN (SELECT unnest(CAST(? AS VARCHAR[]))) ORDER BY r.started_at_ns DESC, r.run_id LIMIT ?
"""
DROP_ORPHANS = f"DELETE FROM promise p WHERE NOT EXISTS (SELECT 1 FROM run r WHERE {SAME_RUN})"
"""After runs were removed, in the same transaction."""


class PromiseTable:
    """`Promises` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()

    def put_promises(self, promises: Sequence[Promise]) -> int:
        first = list({(one.project, one.run_id): one for one in reversed(promises)}.values())
        if not first:
            return 0
        with self._lock, self._database.transaction() as cursor:
            cursor.register("incoming_promises", _table(first))
            return int(cursor.execute(_PUT).fetchone()[0])

    def promises_of(self, project: str, run_ids: Sequence[str]) -> Mapping[str, Promise]:
        named = {storable(run_id): run_id for run_id in run_ids}
        with self._database.reader() as cursor:
            found = _select(cursor, [(storable(project), run_id) for run_id in named])
        return {named[run_id]: promise for (_, run_id), promise in found.items()}

    def unpromised(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        check_limit(limit)
        with self._database.snapshot() as cursor:
            last = last_run_seq(cursor)
            if last <= after_seq:
                return [], after_seq
            rows = cursor.execute(_UNPROMISED, [after_seq, limit]).fetchall()
        return [run_of(row) for _, *row in rows], rows[-1][0] if len(rows) == limit else last

    def kept_promises(self, project: str, since_ns: int, until_ns: int, *, limit: int) -> Sequence[Run]:
        check_limit(limit)
        values = [storable(project), since_ns, until_ns, list(LIVE), limit]
        with self._database.reader() as cursor:
            rows = cursor.execute(_KEPT, values).fetchall()
        found = []
        for *row, made_at_ns, source, estimate in reversed(rows):
            run = run_of(row)
            found.append(with_promise(run, Promise(run.project, run.run_id, made_at_ns, source, estimate_of(estimate))))
        return found


def promised(cursor: Any, runs: Sequence[Run]) -> list[Run]:
    """The runs with what was promised of them."""
    found = _select(cursor, [(run.project, run.run_id) for run in runs])
    return [with_promise(run, found.get((run.project, run.run_id))) for run in runs]


def _select(cursor: Any, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Promise]:
    if not keys:
        return {}
    rows = cursor.execute(_SELECT, [sorted({run_key(*key) for key in keys})]).fetchall()
    found = [
        Promise(of, run_id, made_at_ns, source, estimate_of(data)) for of, run_id, made_at_ns, source, data in rows
    ]
    wanted = set(keys)
    return {key: one for one in found if (key := (one.project, one.run_id)) in wanted}


def _table(promises: Sequence[Promise]) -> Any:
    spreads = [one.estimate.spreads.get("tokens_total") for one in promises]
    # The key is of the texts as they are stored, as a run's is: it is looked for by what a stored run says.
    names = [(storable(one.project), storable(one.run_id)) for one in promises]
    return pa.table(
        {
            "run_key": pa.array([run_key(*name) for name in names], pa.uint64()),
            "project": column("project", [project for project, _ in names], pa.string()),
            "run_id": column("run_id", [run_id for _, run_id in names], pa.string()),
            "made_at_ns": column("made_at_ns", [one.made_at_ns for one in promises], pa.int64()),
            "source": column("source", [one.source for one in promises], pa.string()),
            "tokens_q90": pa.array([None if spread is None else spread.q90 for spread in spreads], pa.float64()),
            "estimate": pa.array([estimate_bytes(one.estimate) for one in promises], pa.binary()),
        }
    )
