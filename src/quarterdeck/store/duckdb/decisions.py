"""What was decided about the bodies of sessions: written, read back, and told with every run that is read.

Refuses to remove anything: that is `upkeep.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.runs import Run
from quarterdeck.store.duckdb.bodies.numbers import body_key
from quarterdeck.store.duckdb.columns import column
from quarterdeck.store.duckdb.run_rows import RUN_SELECT, run_of
from quarterdeck.store.measures import LIVE, check_limit
from quarterdeck.store.text import storable

SESSION_KEY = "coalesce(nullif(r.session_id, ''), r.run_id)"
"""`Run.session_key` in SQL, of a run table named `r`."""

_SAME = "d.decision_key = i.decision_key AND d.session_key = i.session_key AND d.project = i.project"

_INSERT = """
INSERT INTO body_decision BY NAME SELECT * FROM incoming_decisions
"""

_UNDECIDED = f"""
SELECT {RUN_SELECT} FROM run r ANTI JOIN body_decision d ON d.session_key = {SESSION_KEY} AND d.project = r.project
WHERE r.lifecycle NOT IN ({", ".join(repr(word) for word in LIVE)}) AND r.last_seen_ns < ?
ORDER BY r.last_seen_ns, r.project, r.run_id LIMIT ?
"""

_SELECT = """
SELECT d.project, d.session_key, d.kept, d.probability, d.reason, d.stratum, d.decided_at_ns FROM body_decision d
WHERE d.decision_key IN (SELECT unnest(CAST(? AS UBIGINT[])))
"""


def undecided_runs(cursor: Any, *, silent_since_ns: int, limit: int) -> list[Run]:
    """Oldest last seen first."""
    check_limit(limit)
    return [run_of(row) for row in cursor.execute(_UNDECIDED, [silent_since_ns, limit]).fetchall()]


def put_decisions(cursor: Any, decisions: Sequence[BodyDecision]) -> None:
    """Replace by (project, session_key); the last of several for one session stands."""
    latest = list({(row.project, row.session_key): row for row in decisions}.values())
    if not latest:
        return
    texts = ("project", "session_key", "reason", "stratum")
    table = {name: column(name, [getattr(row, name) for row in latest], pa.string()) for name in texts}
    table["decision_key"] = pa.array([body_key(row.project, row.session_key) for row in latest], pa.uint64())
    table["kept"] = pa.array([row.kept for row in latest], pa.bool_())
    table["probability"] = column("probability", [row.probability for row in latest], pa.float64())
    table["decided_at_ns"] = column("decided_at_ns", [row.decided_at_ns for row in latest], pa.int64())
    cursor.register("incoming_decisions", pa.table(table))
    cursor.execute(f"DELETE FROM body_decision d USING incoming_decisions i WHERE {_SAME}")
    cursor.execute(_INSERT)


def read_decisions(cursor: Any, project: str, session_keys: Sequence[str]) -> dict[str, BodyDecision]:
    """By session key; undecided ones are left out."""
    named = {storable(key): key for key in session_keys}
    found = _select(cursor, [(storable(project), key) for key in named])
    return {named[key]: decision for (_, key), decision in found.items()}


def told(cursor: Any, runs: Sequence[Run]) -> list[Run]:
    """The runs with what was decided about their bodies."""
    found = _select(cursor, [(run.project, run.session_key) for run in runs])
    return [_told(run, found.get((run.project, run.session_key))) for run in runs]


def _told(run: Run, decision: BodyDecision | None) -> Run:
    if decision is None:
        return run
    return replace(run, body_probability=decision.probability, body_reason=decision.reason)


def _select(cursor: Any, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], BodyDecision]:
    if not keys:
        return {}
    wanted = set(keys)
    numbers = sorted({body_key(*key) for key in wanted})
    rows = [BodyDecision(*row) for row in cursor.execute(_SELECT, [numbers]).fetchall()]
    return {key: row for row in rows if (key := (row.project, row.session_key)) in wanted}
