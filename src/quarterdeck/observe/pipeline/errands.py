"""Errands: acts on stored spans that must not run beside a commit. The writer thread does them, one between two commits.

An errand gets a `Workbench`: the traces in memory, the store, and the making of runs. It must be short; whoever has much to
do submits many. Refuses more than `ERRANDS_MAX` waiting (Overloaded).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from quarterdeck.errors import Overloaded
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.pipeline.settle import Settler
from quarterdeck.observe.pipeline.traces import TraceTable
from quarterdeck.store.interface import Erased, TelemetryStore, TraceKey

Answer = TypeVar("Answer")
ERRANDS_MAX = 64


class Rebuilt(NamedTuple):
    """Runs of some traces before and after they were built again."""

    before: list[Run]
    after: list[Run]


class Workbench:
    """What an errand may use; only within the call that was handed it."""

    def __init__(self, table: TraceTable, store: TelemetryStore, settler: Settler) -> None:
        self._table = table
        self.store = store
        self._settler = settler
        self.now_ns = 0
        self.now_s = 0.0
        self.last_seq = 0
        self.decoded = 0
        """Requests that were decoded so far; with `committed` it tells when all of them are in the store."""
        self.committed = 0
        self.quiet = False
        """Nothing is being decoded and nothing waits for a commit."""

    def traces_where(self, project: str, holds: Callable[[Span], bool]) -> list[str]:
        """Traces in memory that have a span for which this holds (the store may not have its runs yet)."""
        return self._table.traces_where(project, holds)

    def spans_of(self, keys: Iterable[TraceKey]) -> list[Span]:
        """All spans of these traces and of the traces that their runs span too."""
        groups = self._settler.groups_of(list(keys))
        return [span for group in groups for span in group.spans]

    def take_out(self, project: str, spans: Sequence[Span]) -> tuple[Erased, list[str]]:
        """Erase spans everywhere and build the runs of what is left; answers what went and which traces are gone whole."""
        keys = [(span.trace_id, span.span_id) for span in spans]
        traces = list(dict.fromkeys((project, trace_id) for trace_id, _ in keys))
        self._table.bring(traces)
        erased = self.store.erase_spans(project, keys)
        left, empty = self._table.take_out(project, keys)
        gone = {(project, run_id) for trace in empty for run_id in trace.run_ids}
        kept = {run.run_id for run in self._build(left, gone).after}
        gone -= {(project, run_id) for run_id in kept}
        if gone:
            self.store.put_runs([], sorted(gone), settled_seq=0)
        return erased, [trace_id for _, trace_id in traces if (project, trace_id) not in self._table]

    def put_skeletons(self, spans: Sequence[Span]) -> int:
        """Replace the canonical form of stored spans, in memory too; answers how many."""
        found = self.store.put_skeletons(spans)
        self._table.put_skeletons(spans)
        return found

    def rebuild(self, keys: Sequence[TraceKey]) -> Rebuilt:
        """Build the runs of these traces again, and write them; not those of which a trace is no longer stored."""
        self._table.bring(keys)
        there = [key for key in keys if key in self._table]
        runs = _runs(self.store, sorted({(key[0], run_id) for key in there for run_id in self._table.get(key).run_ids}))
        self._table.bring((run.project, trace_id) for run in runs for trace_id in run.trace_ids)
        cut = {
            (run.project, trace_id)
            for run in runs
            if any((run.project, trace_id) not in self._table for trace_id in run.trace_ids)
            for trace_id in run.trace_ids
        }
        return self._build([key for key in there if key not in cut], set())

    def expire(self, project: str, trace_ids: Sequence[str]) -> Erased:
        """Erase the spans of whole traces and leave their runs as they are; a trace with spans to settle stays."""
        keys = [(project, trace_id) for trace_id in trace_ids]
        self._table.let_go(keys)
        gone = [key for key in keys if key not in self._table]
        stored = self.store.load_traces(gone)
        return self.store.erase_spans(
            project, [(span.trace_id, span.span_id) for spans in stored.values() for span in spans]
        )

    def _build(self, keys: Sequence[TraceKey], also: set[tuple[str, str]]) -> Rebuilt:
        work = self._settler.work_of(keys, self.now_ns)
        if work is None:
            return Rebuilt([], [])
        known = {(project, run_id) for project, run_id in also}
        for group in work.groups:
            known |= {(key[0], run_id) for key in group.changes for run_id in self._table.get(key).run_ids}
        before = _runs(self.store, sorted(known))
        built = self._settler.build(work)
        self._settler.put(work, built, self.last_seq)
        return Rebuilt(before, [run for found in built for run in found])


class Errands:
    """Those that wait. `submit` from any thread, `run` by the writer."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[tuple[Callable[[Workbench], Any], Future[Any]]] = deque()
        self._closed = False

    def submit(self, act: Callable[[Workbench], Answer]) -> Future[Answer]:
        """Have `act` done between two commits. Raises Overloaded when too many wait or the server stops."""
        future: Future[Answer] = Future()
        with self._lock:
            if self._closed:
                msg = "the server is stopping"
                raise Overloaded(msg, retry_after_s=1.0)
            if len(self._waiting) >= ERRANDS_MAX:
                msg = f"{len(self._waiting)} errands already wait for the writer"
                raise Overloaded(msg, mend="come again later", retry_after_s=1.0)
            self._waiting.append((act, future))
        return future

    def __len__(self) -> int:
        return len(self._waiting)

    def run_one(self, bench: Workbench) -> bool:
        """Do the one that waits longest; answers whether there was one. Its failure is its own."""
        with self._lock:
            if not self._waiting:
                return False
            act, future = self._waiting.popleft()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(act(bench))
            except BaseException as e:  # handed to whoever waits for it; the writer goes on
                future.set_exception(e)
        return True

    def close(self) -> None:
        """Refuse what comes, and tell those that wait that it will not be."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
        for _, future in waiting:
            if future.set_running_or_notify_cancel():
                msg = "the server is stopping"
                future.set_exception(Overloaded(msg, retry_after_s=1.0))


def _runs(store: TelemetryStore, keys: Sequence[tuple[str, str]]) -> list[Run]:
    """Those of the runs that are stored."""
    stored = store.traces_of_runs(keys)
    return [store.get_run(project, run_id) for project, run_id in keys if (project, run_id) in stored]
