"""Run trees, kept ready: a run of 50,000 spans is read in a hundred pages and must be built once, not a hundred times.

Refuses to go stale: a tree is used again only while the stored summary of its run is equal to the one it was built
beside. Bounded by spans, oldest out first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from quarterdeck.api.run_views.alone import Alone
from quarterdeck.api.services import ApiServices
from quarterdeck.errors import NotFound
from quarterdeck.model.runs import Run, SpanNode
from quarterdeck.model.spans import Span

SpanKey = tuple[str, str]
"""(trace_id, span_id)."""


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run with its nodes, parents before children, the spans behind them, and where each error began."""

    run: Run
    nodes: tuple[SpanNode, ...]
    spans: Mapping[SpanKey, Span]
    failed_below: frozenset[SpanKey]
    """Spans that have a failed child: their own error is an echo."""


class Trees:
    """`open` answers a run's tree, from memory when the run has not changed. Safe under threads."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._spans_max = services.options.tree_cache_spans
        self._kept: OrderedDict[tuple[str, str], tuple[Run, OpenRun]] = OrderedDict()
        self._lock = threading.Lock()
        self._alone: Alone[tuple[str, str]] = Alone()

    def open(self, project: str, run_id: str) -> OpenRun:
        """Raises NotFound when the run is unknown, or its spans now tell of another run."""
        with self._alone.of((project, run_id)):
            stored = self._services.store.get_run(project, run_id)
            with self._lock:
                kept = self._kept.get((project, run_id))
            if kept is not None and kept[0] == stored:
                return kept[1]
            opened = self._build(project, run_id)
            self._keep((project, run_id), stored, opened)
            return opened

    def _build(self, project: str, run_id: str) -> OpenRun:
        run, spans = self._services.store.run_spans(project, run_id)
        for tree in self._services.build_runs(spans):
            if tree.run.run_id == run_id:
                by_key = {(span.trace_id, span.span_id): span for span in spans}
                return OpenRun(run, tree.nodes, by_key, _failed_below(tree.nodes, by_key))
        msg = f"the spans of run {run_id[:64]!r} now belong to another run"
        raise NotFound(msg, mend="late spans changed the trace; load the list of runs again")

    def _keep(self, key: tuple[str, str], stored: Run, opened: OpenRun) -> None:
        with self._lock:
            self._kept[key] = (stored, opened)
            self._kept.move_to_end(key)
            while self._kept and sum(len(kept[1].spans) for kept in self._kept.values()) > self._spans_max:
                self._kept.popitem(last=False)


def _failed_below(nodes: tuple[SpanNode, ...], spans: Mapping[SpanKey, Span]) -> frozenset[SpanKey]:
    failed = set()
    for node in nodes:
        span = spans.get((node.trace_id, node.span_id))
        if span is not None and span.status == "error":
            failed.add((node.trace_id, node.parent_span_id))
    return frozenset(failed)
