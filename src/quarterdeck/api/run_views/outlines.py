"""Outlines kept ready: a run of 50,000 spans is built once, however many requests draw it.

Refuses to go stale (an outline is used again only while the stored summary of its run is equal), to build one run
twice at the same time, and to grow beyond `outline_cache_spans`: the one that was opened longest ago goes first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from quarterdeck.api.run_views.alone import Alone
from quarterdeck.api.run_views.outline import Outline, outline_of
from quarterdeck.api.services import ApiServices
from quarterdeck.api.trees import Trees
from quarterdeck.model.runs import Run

RunKey = tuple[str, str]
"""(project, run_id)."""


class Outlines:
    """`open` answers a run's outline; `first` a beginning of it, at once. Safe under threads."""

    def __init__(self, services: ApiServices, trees: Trees) -> None:
        self._services = services
        self._trees = trees
        self._rows_max = services.options.outline_cache_spans
        self._kept: OrderedDict[RunKey, tuple[Run, Outline]] = OrderedDict()
        self._lock = threading.Lock()
        self._alone: Alone[RunKey] = Alone()

    def open(self, project: str, run_id: str) -> Outline:
        """The whole run. Raises NotFound when it is unknown, or its spans now tell of another run."""
        kept = self.kept(project, run_id)
        if kept is not None:
            return kept
        with self._alone.of((project, run_id)):
            return self.kept(project, run_id) or self._build(project, run_id)

    def kept(self, project: str, run_id: str) -> Outline | None:
        """The whole run if it is ready and still true, else None. Raises NotFound."""
        stored = self._services.store.get_run(project, run_id)
        with self._lock:
            found = self._kept.get((project, run_id))
            if found is None or found[0] != stored:
                return None
            self._kept.move_to_end((project, run_id))
            return found[1]

    def first(self, project: str, run_id: str, *, limit: int) -> Outline:
        """The `limit` spans of the run that started first, placed among themselves. Raises NotFound."""
        services = self._services
        run, spans = services.store.first_spans(project, run_id, limit=limit)
        by_key = {(span.trace_id, span.span_id): span for span in spans}
        for tree in services.build_runs(spans):
            if tree.run.run_id == run_id:
                return outline_of(run, tree.nodes, by_key, services.span_cost_usd)
        return outline_of(run, (), {}, services.span_cost_usd)

    def _build(self, project: str, run_id: str) -> Outline:
        opened = self._trees.open(project, run_id)
        outline = outline_of(opened.run, opened.nodes, opened.spans, self._services.span_cost_usd)
        with self._lock:
            self._kept[project, run_id] = (opened.run, outline)
            self._kept.move_to_end((project, run_id))
            while self._kept and sum(kept.rows for _, kept in self._kept.values()) > self._rows_max:
                self._kept.popitem(last=False)
        return outline
