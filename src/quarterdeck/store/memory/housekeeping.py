"""Upkeep over dictionaries: what `MemoryStore` answers for `Housekeeping`, over its own dictionaries and lock.

Refuses to touch what is not named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import RLock

from quarterdeck.model.estimates import Promise
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import TraceKey
from quarterdeck.store.measures import LIVE, MINUTE_NS, check_limit, stored_span
from quarterdeck.store.memory.audit import RejectionLog, UnmappedCounts
from quarterdeck.store.memory.bodies import Decisions, Logs
from quarterdeck.store.text import storable_span

Traces = Mapping[TraceKey, Mapping[str, tuple[Span, RawSpan]]]


class MemoryHousekeeping:
    """`Housekeeping`, as a part of the store that has these."""

    _lock: RLock
    _traces: dict[TraceKey, dict[str, tuple[Span, RawSpan]]]
    _trace_seq: dict[TraceKey, int]
    _runs: dict[tuple[str, str], Run]
    _past: dict[tuple[str, str], Run]
    """Runs that expired: their rollups stay, and rollups here are counted from runs."""
    _promises: dict[tuple[str, str], Promise]
    _marks: list[tuple[int, int]]
    _rejections: RejectionLog
    _unmapped: UnmappedCounts
    _decisions: Decisions
    _logs: Logs
    _seq: int

    def projects(self) -> Sequence[str]:
        with self._lock:
            return _projects(self._traces, self._runs)

    def traces_naming(
        self, project: str, *, session_ids: Sequence[str] = (), user_hashes: Sequence[str] = ()
    ) -> Sequence[str]:
        with self._lock:
            return _traces_naming(self._traces, project, session_ids, user_hashes)

    def put_skeletons(self, spans: Sequence[Span]) -> int:
        found = 0
        with self._lock:
            for span in map(storable_span, map(stored_span, spans)):
                trace = self._traces.get((span.project, span.trace_id), {})
                if span.span_id in trace:
                    trace[span.span_id] = (span, trace[span.span_id][1])
                    found += 1
        return found

    def forget(self, project: str, *, session_keys: Sequence[str], trace_ids: Sequence[str]) -> None:
        traces = set(trace_ids)
        with self._lock:
            self._decisions.forget(project, session_keys)
            self._logs.forget(project, traces)
            self._rejections.forget(project, traces)
            self._unmapped.forget(project, traces)

    def note_time(self, now_ns: int) -> None:
        with self._lock:
            self._marks.append((now_ns, self._seq))

    def old_traces(self, project: str, *, arrived_before_ns: int, limit: int) -> Sequence[str]:
        check_limit(limit)
        with self._lock:
            return _old_traces(self._trace_seq, project, _seq_at(self._marks, arrived_before_ns), limit)

    def earliest_start_since(self, project: str, arrived_ns: int) -> int | None:
        with self._lock:
            return _earliest_start(self._traces, self._trace_seq, project, _seq_at(self._marks, arrived_ns))

    def expire_runs(self, project: str, *, before_ns: int, limit: int) -> int:
        check_limit(limit)
        with self._lock:
            old = _old_runs(self._runs.values(), self._traces, project, before_ns, limit)
            for run in old:
                self._past[project, run.run_id] = self._runs.pop((project, run.run_id))
                self._promises.pop((project, run.run_id), None)
        return len(old)

    def expire_rollups(self, project: str, *, before_ns: int) -> int:
        with self._lock:
            old = [key for key, run in self._past.items() if key[0] == project and _minute_end(run) <= before_ns]
            for key in old:
                del self._past[key]
        return len(old)

    def _counted(self, project: str) -> list[Run]:
        """Runs that the rollups count: those stored, and those that expired while their rollups stay."""
        with self._lock:
            return [run for runs in (self._runs, self._past) for key, run in runs.items() if key[0] == project]


def _minute_end(run: Run) -> int:
    return (run.started_at_ns // MINUTE_NS + 1) * MINUTE_NS


def _projects(traces: Iterable[TraceKey], runs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({project for project, _ in traces} | {project for project, _ in runs})


def _traces_naming(traces: Traces, project: str, session_ids: Sequence[str], user_hashes: Sequence[str]) -> list[str]:
    sessions, users = set(session_ids), set(user_hashes)
    return sorted(
        trace_id
        for (of, trace_id), spans in traces.items()
        if of == project and any(span.session_id in sessions or span.user_hash in users for span, _ in spans.values())
    )


def _old_runs(runs: Iterable[Run], traces: Traces, project: str, before_ns: int, limit: int) -> list[Run]:
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


def _seq_at(marks: Sequence[tuple[int, int]], time_ns: int) -> int:
    """The last commit before the last noted time that is not after `time_ns`; -1 when none was noted so early."""
    return max((seq for at_ns, seq in marks if at_ns <= time_ns), default=-1)


def _old_traces(seqs: Mapping[TraceKey, int], project: str, seq: int, limit: int) -> list[str]:
    """Traces whose last commit is not after `seq`, longest stored first."""
    found = sorted((last, trace_id) for (of, trace_id), last in seqs.items() if of == project and last <= seq)
    return [trace_id for _, trace_id in found[:limit]]


def _earliest_start(traces: Traces, seqs: Mapping[TraceKey, int], project: str, seq: int) -> int | None:
    """The earliest start in traces with a commit after `seq`."""
    starts = (
        span.start_ns
        for key, spans in traces.items()
        if key[0] == project and seqs[key] > seq
        for span, _ in spans.values()
    )
    return min(starts, default=None)
