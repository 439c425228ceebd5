"""Upkeep over dictionaries: what `MemoryStore` answers for `Housekeeping`, beside its lock.

Refuses to touch what is not named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import TraceKey
from quarterdeck.store.measures import LIVE

Traces = Mapping[TraceKey, Mapping[str, tuple[Span, RawSpan]]]


def projects_of(traces: Iterable[TraceKey], runs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({project for project, _ in traces} | {project for project, _ in runs})


def traces_naming(traces: Traces, project: str, session_ids: Sequence[str], user_hashes: Sequence[str]) -> list[str]:
    sessions, users = set(session_ids), set(user_hashes)
    return sorted(
        trace_id
        for (of, trace_id), spans in traces.items()
        if of == project and any(span.session_id in sessions or span.user_hash in users for span, _ in spans.values())
    )


def old_runs(runs: Iterable[Run], project: str, before_ns: int, limit: int) -> list[Run]:
    """Runs that are over and were last seen before, oldest first."""
    over = [
        run for run in runs if run.project == project and run.lifecycle not in LIVE and run.last_seen_ns < before_ns
    ]
    return sorted(over, key=lambda run: (run.last_seen_ns, run.run_id))[:limit]
