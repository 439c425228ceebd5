"""Which sessions' bodies are to be dropped now, and whose bodies those are.

Chosen are decisions against that were never carried out; then those for whose owners bodies came since; then those of
which a run was seen since. The rule itself is `store.bodies.owners_to_drop`; here are its facts. Refuses to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from quarterdeck.store.bodies import TraceOwners, owners_to_drop
from quarterdeck.store.duckdb.columns import column, trace_numbers
from quarterdeck.store.duckdb.decisions import SESSION_KEY


class Chosen(NamedTuple):
    """A session decided against. `seen_ns`: when the last of its runs was seen."""

    project: str
    session_key: str
    decision_key: int
    seen_ns: int


_AGAINST = "NOT d.kept AND d.decided_at_ns < ?"

_FRESH = f"""
SELECT d.project, d.session_key, d.decision_key FROM body_decision d WHERE {_AGAINST} AND d.owners IS NULL
ORDER BY d.decided_at_ns, d.project, d.session_key LIMIT ?
"""
_REFILLED = f"""
SELECT DISTINCT d.project, d.session_key, d.decision_key FROM (
  SELECT project, session_key, decision_key, unnest(owners) AS owner FROM body_decision d WHERE {_AGAINST}
) d JOIN body_place p ON p.body_key = d.owner LIMIT ?
"""
_GREW = f"""
SELECT d.project, d.session_key, d.decision_key FROM body_decision d JOIN run r
ON r.project = d.project AND {SESSION_KEY} = d.session_key
WHERE {_AGAINST} AND d.owners IS NOT NULL GROUP BY ALL HAVING max(r.last_seen_ns) > max(d.seen_ns) LIMIT ?
"""
_SEEN = f"""
SELECT c.project, c.session_key, max(r.last_seen_ns) FROM run r JOIN chosen_sessions c
ON r.project = c.project AND {SESSION_KEY} = c.session_key GROUP BY ALL
"""
_RUNS = f"""
SELECT c.project, c.session_key, unnest(r.trace_ids) FROM run r JOIN chosen_sessions c
ON r.project = c.project AND {SESSION_KEY} = c.session_key
"""
_RUNS_OF_TRACES = f"""
SELECT DISTINCT r.project, r.trace_id, r.session_key FROM (
  SELECT r.project, unnest(r.trace_ids) AS trace_id, {SESSION_KEY} AS session_key FROM run r
) r SEMI JOIN chosen_traces t ON t.project = r.project AND t.trace_id = r.trace_id
"""
_NAMED_SESSIONS = """
SELECT DISTINCT t.project, t.trace_id, s.session_id FROM span s JOIN chosen_traces t
ON s.trace_lo = t.trace_lo AND s.trace_hi = t.trace_hi AND s.project = t.project WHERE s.session_id <> ''
  AND s.seq >= (SELECT coalesce(min(c.seq), 0) FROM trace_commit c JOIN chosen_traces t
                ON c.trace_lo = t.trace_lo AND c.trace_hi = t.trace_hi)
"""
_HAVE_RUNS = f"""
SELECT DISTINCT n.project, n.name FROM run r JOIN named_sessions n ON r.project = n.project AND {SESSION_KEY} = n.name
"""
_ARE_AGAINST = f"""
SELECT n.project, n.name FROM body_decision d JOIN named_sessions n ON d.project = n.project AND d.session_key = n.name
WHERE {_AGAINST}
"""


def chosen_sessions(cursor: Any, decided_before_ns: int, limit: int) -> list[Chosen]:
    """At most `limit` sessions whose bodies are to be dropped."""
    found: dict[tuple[str, str], int] = {}
    for sql in (_FRESH, _REFILLED, _GREW):
        if len(found) < limit:
            rows = cursor.execute(sql, [decided_before_ns, limit]).fetchall()
            found |= {(project, key): number for project, key, number in rows[: limit - len(found)]}
    if not found:
        return []
    _register(cursor, "chosen_sessions", "session_key", list(found))
    seen = {(project, key): ns for project, key, ns in cursor.execute(_SEEN).fetchall()}
    return [Chosen(*key, number, seen.get(key, -(2**63))) for key, number in found.items()]


def owners_of(cursor: Any, chosen: Sequence[Chosen], decided_before_ns: int) -> Mapping[Chosen, set[str]]:
    """Whose bodies go with each session. The table `chosen_sessions` is registered."""
    if not chosen:
        return {}
    traces: dict[tuple[str, str], set[str]] = {}
    for project, key, trace_id in cursor.execute(_RUNS).fetchall():
        traces.setdefault((project, key), set()).add(trace_id)
    facts = _facts(cursor, {(project, trace) for (project, _), found in traces.items() for trace in found})
    names = {(project, name) for (project, _), fact in facts.items() for name in (*fact.session_keys, *fact.sessions)}
    have_runs, against = map(_by_project, _standing(cursor, names, decided_before_ns))
    return {
        session: owners_to_drop(
            session.session_key,
            [facts[session.project, trace] for trace in traces.get(session[:2], ())],
            against=against.get(session.project, ()),
            has_runs=have_runs.get(session.project, ()),
        )
        for session in chosen
    }


def _by_project(keys: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for project, name in keys:
        found.setdefault(project, set()).add(name)
    return found


def _facts(cursor: Any, traces: set[tuple[str, str]]) -> dict[tuple[str, str], TraceOwners]:
    stored = sorted(trace for trace in traces if trace_numbers(trace[1]) is not None)
    keys: dict[tuple[str, str], set[str]] = {}
    sessions: dict[tuple[str, str], set[str]] = {}
    if stored:
        halves = [numbers for _, trace_id in stored if (numbers := trace_numbers(trace_id)) is not None]
        columns = {
            "project": column("project", [project for project, _ in stored], pa.string()),
            "trace_id": pa.array([trace_id for _, trace_id in stored], pa.string()),
            "trace_hi": pa.array([high for high, _ in halves], pa.uint64()),
            "trace_lo": pa.array([low for _, low in halves], pa.uint64()),
        }
        cursor.register("chosen_traces", pa.table(columns))
        for into, sql in ((keys, _RUNS_OF_TRACES), (sessions, _NAMED_SESSIONS)):
            for project, trace_id, name in cursor.execute(sql).fetchall():
                into.setdefault((project, trace_id), set()).add(name)
    return {
        trace: TraceOwners(trace[1], frozenset(keys.get(trace, ())), frozenset(sessions.get(trace, ())))
        for trace in traces
    }


def _standing(
    cursor: Any, names: set[tuple[str, str]], decided_before_ns: int
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Of these (project, session key): those that have runs, and those that were decided against."""
    if not names:
        return set(), set()
    _register(cursor, "named_sessions", "name", sorted(names))
    have_runs = set(cursor.execute(_HAVE_RUNS).fetchall())
    return have_runs, set(cursor.execute(_ARE_AGAINST, [decided_before_ns]).fetchall())


def _register(cursor: Any, table: str, name: str, rows: Sequence[tuple[str, str]]) -> None:
    columns = {
        "project": column("project", [project for project, _ in rows], pa.string()),
        name: column(name, [text for _, text in rows], pa.string()),
    }
    cursor.register(table, pa.table(columns))
