"""Runs from traces: takes the traces that are due, builds their runs, writes them. Called by the writer thread.

Ageing is the same act for a run that fell silent: nothing came, but what the silence means has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.pipeline.traces import TraceTable
from quarterdeck.store.interface import RunWriter, TraceKey

BuildRuns = Callable[[Sequence[Span], int], list[Run]]
"""(all spans of one connected group of traces, now in ns) → its runs."""

_LOOK_AGAIN_S = (15.0, 30.0, 60.0, 120.0, 300.0)
"""After how long a silent run is looked at again, the first time, the second time, …"""


REST_S_PER_SPAN = 60e-6
"""Building runs takes about 7 µs a span, all spans of the group each time: so a long trace that keeps getting spans takes

at most an eighth of a core. 50,000 spans rest 3 s, which keeps their run within 5 s of its spans.
"""


class _Group(NamedTuple):
    """Traces whose runs are built together: their spans as they stood, and how many changes each trace had seen."""

    changes: dict[TraceKey, int]
    spans: list[Span]


class Work(NamedTuple):
    """What is due, taken out of the table so that another thread can build from it."""

    groups: list[_Group]
    now_ns: int


class Settler:
    """Holds what ageing remembers: when each silent run is to be looked at again.

    `take` and `put` belong to the writer thread; `build` reads nothing but its argument and may run beside commits.
    """

    def __init__(self, table: TraceTable, store: RunWriter, build: BuildRuns, options: PipelineOptions) -> None:
        self._table = table
        self._store = store
        self._build = build
        self._options = options
        self._looks: dict[tuple[str, str], tuple[int, float]] = {}

    def take(self, now_s: float, now_ns: int, *, everything: bool = False) -> Work | None:
        """What is due (or all, before a stop), a bounded number of spans; None when nothing is."""
        options = self._options
        if everything:
            due = self._table.due(now_s, 0.0, 0.0)
        else:
            due = self._table.due(now_s, options.settle_quiet_s, options.settle_lag_max_s, rested=True)
        groups: list[_Group] = []
        taken: set[TraceKey] = set()
        spans = 0
        ready = self._first(due)
        self._bring_joined(ready)
        for key in ready:
            if key in taken:
                continue
            group = self._whole(key)
            groups.append(group)
            taken.update(group.changes)
            for member in group.changes:
                self._table.get(member).rest_until_s = now_s + REST_S_PER_SPAN * len(group.spans)
            spans += len(group.spans)
            if spans >= options.settle_spans_max:
                break
        return Work(groups, now_ns) if groups else None

    def work_of(self, keys: Sequence[TraceKey], now_ns: int) -> Work | None:
        """The groups of these traces (which are in memory), whether they are due or not; None when there are none."""
        groups = self.groups_of(keys)
        return Work(groups, now_ns) if groups else None

    def groups_of(self, keys: Sequence[TraceKey]) -> list[_Group]:
        """Each trace with all that explicit runs join to it, every trace once."""
        self._table.bring(keys)
        self._bring_joined([key for key in keys if key in self._table])
        groups: list[_Group] = []
        taken: set[TraceKey] = set()
        for key in keys:
            if key not in taken and key in self._table:
                groups.append(self._whole(key))
                taken.update(groups[-1].changes)
        return groups

    def _whole(self, key: TraceKey) -> _Group:
        traces = {k: self._table.get(k) for k in sorted(self._table.joined(key))}
        return _Group(
            {k: trace.changes for k, trace in traces.items()},
            [span for trace in traces.values() for span in trace.spans.values()],
        )

    def build(self, work: Work) -> list[list[Run]]:
        """The runs of each group."""
        return [self._build(group.spans, work.now_ns) for group in work.groups]

    def put(self, work: Work, built: Sequence[Sequence[Run]], last_seq: int) -> int:
        """Write what was built; answers how many runs. A failure leaves everything due."""
        runs = [run for found in built for run in found]
        run_ids: dict[TraceKey, frozenset[str]] = {}
        gone: set[tuple[str, str]] = set()
        for group, found in zip(work.groups, built, strict=True):
            before = {(key[0], run_id) for key in group.changes for run_id in self._table.get(key).run_ids}
            gone |= before - {(run.project, run.run_id) for run in found}
            for key in group.changes:
                run_ids[key] = frozenset(run.run_id for run in found if key[1] in run.trace_ids)
        unchanged = {
            key
            for group in work.groups
            for key, changes in group.changes.items()
            if self._table.get(key).changes == changes
        }
        seq = self._table.settled_seq_without(unchanged, last_seq)
        self._store.put_runs(runs, sorted(gone - {(run.project, run.run_id) for run in runs}), settled_seq=seq)
        for group in work.groups:
            for key, changes in group.changes.items():
                self._table.settled(key, run_ids[key], changes)
        return len(runs)

    def _first(self, due: Sequence[TraceKey]) -> list[TraceKey]:
        """As many as one round looks at."""
        spans = 0
        for number, key in enumerate(due, 1):
            spans += len(self._table.get(key).spans)
            if spans >= self._options.settle_spans_max:
                return list(due[:number])
        return list(due)

    def _bring_joined(self, keys: Sequence[TraceKey]) -> None:
        """Bring all traces into memory that the runs of these span: one question to the store for all of them."""
        explicit = {run for key in keys for run in self._table.explicit_runs(key)}
        if explicit:
            known = self._store.traces_of_runs(sorted(explicit))
            self._table.bring((project, trace) for (project, _), traces in known.items() for trace in traces)

    def age(self, now_s: float, now_ns: int) -> int:
        """Mark the traces of silent live runs for settling; answers how many traces."""
        looks: dict[tuple[str, str], tuple[int, float]] = {}
        silent: list[TraceKey] = []
        for run in self._store.live_runs(limit=self._options.aging_runs_max):
            key = (run.project, run.run_id)
            times, at_s = self._looks.get(key, (0, 0.0))
            if now_ns - run.last_seen_ns >= _LOOK_AGAIN_S[0] * 1e9 and now_s >= at_s:
                silent.extend((run.project, trace_id) for trace_id in run.trace_ids)
                times, at_s = times + 1, now_s + _LOOK_AGAIN_S[min(times, len(_LOOK_AGAIN_S) - 1)]
            looks[key] = (times, at_s)
        self._table.bring(silent)
        for trace_key in silent:
            self._table.mark(trace_key, now_s)
        self._looks = looks
        return len(silent)
