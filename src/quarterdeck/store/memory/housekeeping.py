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


def old_runs(runs: Iterable[Run], traces: Traces, project: str, before_ns: int, limit: int) -> list[Run]:
    """Runs that are over, were last seen before and have no span stored, oldest first."""
    over = [
        run
        for run in runs
        if run.project == project
        and run.lifecycle not in LIVE
        and run.last_seen_ns < before_ns
        and not any((project, trace_id) in traces for trace_id in run.trace_ids)
    ]
    return sorted(over, key=lambda run: (run.last_seen_ns, run.run_id))[:limit]


def seq_at(marks: Sequence[tuple[int, int]], time_ns: int) -> int:
    """The last commit before the last noted time that is not after `time_ns`; -1 when none was noted so early."""
    return max((seq for at_ns, seq in marks if at_ns <= time_ns), default=-1)


def old_traces(seqs: Mapping[TraceKey, int], project: str, seq: int, limit: int) -> list[str]:
    """Traces whose last commit is not after `seq`, longest stored first."""
    found = sorted((last, trace_id) for (of, trace_id), last in seqs.items() if of == project and last <= seq)
    return [trace_id for _, trace_id in found[:limit]]


def earliest_start(traces: Traces, seqs: Mapping[TraceKey, int], project: str, seq: int) -> int | None:
    """The earliest start in traces with a commit after `seq`."""
    starts = (
        span.start_ns
        for key, spans in traces.items()
        if key[0] == project and seqs[key] > seq
        for span, _ in spans.values()
    )
    return min(starts, default=None)
