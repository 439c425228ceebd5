"""Runs from traces: takes the traces that are due, builds their runs, writes them. Called by the writer thread.

Ageing is the same act for a run that fell silent: nothing came, but what the silence means has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.pipeline.traces import TraceTable
from quarterdeck.store.interface import RunWriter, TraceKey

BuildRuns = Callable[[Sequence[Span], int], list[Run]]
"""(all spans of one connected group of traces, now in ns) → its runs."""

_LOOK_AGAIN_S = (15.0, 30.0, 60.0, 120.0, 300.0)
"""After how long a silent run is looked at again, the first time, the second time, …"""


class Settler:
    """Holds what ageing remembers: when each silent run is to be looked at again."""

    def __init__(self, table: TraceTable, store: RunWriter, build: BuildRuns, options: PipelineOptions) -> None:
        self._table = table
        self._store = store
        self._build = build
        self._options = options
        self._looks: dict[tuple[str, str], tuple[int, float]] = {}

    def settle(self, now_s: float, now_ns: int, last_seq: int, *, everything: bool = False) -> int:
        """Settle what is due (or all, before a stop), a bounded number of spans; answers how many runs were written."""
        options = self._options
        due = self._table.due(
            now_s, 0.0 if everything else options.settle_quiet_s, 0.0 if everything else options.settle_lag_max_s
        )
        if not due:
            return 0
        runs: list[Run] = []
        gone: set[tuple[str, str]] = set()
        written: dict[TraceKey, frozenset[str]] = {}
        spans = 0
        for key in due:
            if key in written:
                continue
            group = self._group(key)
            found = self._build([s for k in sorted(group) for s in self._table.get(k).spans.values()], now_ns)
            before = {(k[0], run_id) for k in group for run_id in self._table.get(k).run_ids}
            gone |= before - {(run.project, run.run_id) for run in found}
            runs.extend(found)
            for k in group:
                written[k] = frozenset(run.run_id for run in found if k[1] in run.trace_ids)
                spans += len(self._table.get(k).spans)
            if spans >= options.settle_spans_max:
                break
        self._write(runs, gone, written, last_seq)
        return len(runs)

    def _write(
        self, runs: list[Run], gone: set[tuple[str, str]], written: dict[TraceKey, frozenset[str]], last_seq: int
    ) -> None:
        """Write, and only then call the traces settled: a failure leaves them due."""
        settled = set(written)
        seq = self._table.settled_seq_without(settled, last_seq)
        self._store.put_runs(runs, sorted(gone - {(r.project, r.run_id) for r in runs}), settled_seq=seq)
        for key, run_ids in written.items():
            self._table.settled(key, run_ids)

    def _group(self, key: TraceKey) -> set[TraceKey]:
        """All traces that this one's runs span, in memory."""
        explicit = self._table.explicit_runs(key)
        if explicit:
            known = self._store.traces_of_runs(sorted(explicit))
            self._table.bring((project, trace) for (project, _), traces in known.items() for trace in traces)
        return self._table.joined(key)

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
