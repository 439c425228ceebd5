"""Runs that are over, in the order of writing: for stages that take each run once.

Each run written has a number of its own, so a page may end anywhere. New rows come last in the table, so zone maps skip
all that was read before. Refuses a page of nothing (BadInput).
"""

from __future__ import annotations

from typing import Any

from quarterdeck.model.runs import Run
from quarterdeck.store.duckdb.database import one
from quarterdeck.store.duckdb.run_rows import RUN_SELECT, run_of
from quarterdeck.store.measures import LIVE, check_limit

_OVER = f"""
SELECT r.written_seq, {RUN_SELECT} FROM run r
WHERE r.written_seq > ? AND r.lifecycle NOT IN (SELECT unnest(CAST(? AS VARCHAR[]))) ORDER BY r.written_seq LIMIT ?
"""
_LAST = "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'written_seq'"


def runs_over(cursor: Any, *, after_seq: int, limit: int) -> tuple[list[Run], int]:
    """A page of runs and the number to go on from; `cursor` is a snapshot, so that nothing is skipped."""
    check_limit(limit)
    last = last_run_seq(cursor)
    if last <= after_seq:
        return [], after_seq
    rows = cursor.execute(_OVER, [after_seq, list(LIVE), limit]).fetchall()
    return [run_of(row) for _, *row in rows], rows[-1][0] if len(rows) == limit else last


def last_run_seq(cursor: Any) -> int:
    """The number of the run written last, whether it is still there or not."""
    (last,) = one(cursor, _LAST)
    return int(last)
