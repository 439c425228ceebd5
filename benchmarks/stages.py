"""What each stage of the way in costs per span: processor time of one thread, without a server.

    python benchmarks/stages.py

Requests of 500 spans as in `ingest.py` (1.9 KB, 15 attributes, ten traces 12 deep), each one unique. The best of 36
requests counts, so that the figure is nearly that of an idle machine on a busy one. `ptars` is the part of `decode` that
gives the interpreter lock back. Compression and commit have threads of their own and are not here. Prints one JSON document.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from load import Shape, Template
from quarterdeck.app.privacy import privacy_parts
from quarterdeck.clock import SystemClock
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.columns import _handler
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.pipeline.skeletons import Skeletons
from quarterdeck.observe.pipeline.traces import Pair, TraceTable
from quarterdeck.observe.privacy import PrivacyOptions
from quarterdeck.observe.runs import PriceTable, summarise_runs
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore

REQUESTS, ROUNDS = 12, 3
KEY = b"benchmark" * 4


class Stopwatch:
    """Best processor time per span, by stage."""

    def __init__(self, spans: int) -> None:
        self.spans = spans
        self.best_us: dict[str, float] = {}

    def each(self, stage: str, act: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """`act` on each item; answers what it answered."""
        answers = []
        for item in items:
            began = time.thread_time()
            answers.append(act(item))
            took_us = (time.thread_time() - began) / self.spans * 1e6
            self.best_us[stage] = round(min(took_us, self.best_us.get(stage, took_us)), 2)
        return answers


def by_trace(pairs: Sequence[Pair]) -> list[list[Any]]:
    """The spans of each trace."""
    traces: dict[str, list[Any]] = {}
    for span, _ in pairs:
        traces.setdefault(span.trace_id, []).append(span)
    return list(traces.values())


class Way:
    """The stages, joined by hand."""

    def __init__(self, folder: Path) -> None:
        self.template, self.rng = Template(Shape()), np.random.default_rng(1)
        self.watch = Stopwatch(self.template.n_spans)
        self.canonicalize = Canonicalizer(user_hash_key=KEY).canonicalize
        self.privacy = privacy_parts(PrivacyOptions(), KEY, CollectorRegistry()).door
        self.prices, self.limits, self.now_ns = PriceTable.shipped(), Limits(1 << 20, 20_000), time.time_ns()
        self.store = DuckDBStore(folder / "telemetry.duckdb", options=DuckDBOptions(), clock=SystemClock())

    def round(self) -> None:
        """Some requests through all stages, stage by stage."""
        each, limits, now_ns = self.watch.each, self.limits, self.now_ns
        table = TraceTable(lambda _: {}, lambda _: {}, spans_max=10**9)
        skeletons = Skeletons()
        bodies = [self.template.copy(self.rng)[0] for _ in range(REQUESTS)]
        each("ptars", lambda body: _handler().list_to_record_batch([body]), bodies)
        decoded = each("decode", lambda body: decode(body, "protobuf", "p", limits, now_ns).spans, bodies)
        requests = list(zip(decoded, bodies, strict=True))
        each("privacy", lambda request: self.privacy.redact(*request, "protobuf"), requests)
        pairs = each("canonical", lambda spans: [(self.canonicalize(raw), raw) for raw in spans], decoded)
        each("skeletons", lambda found: skeletons.apply(found, 0.0), pairs)
        each("prepare", self.store.prepare, pairs)
        plans = each("plan", lambda found: table.plan([found]), pairs)
        each("apply", lambda plan: table.apply(plan, 1, 0.0), plans)
        each("runs", self.runs, [by_trace(found) for found in pairs])

    def runs(self, traces: Sequence[Sequence[Any]]) -> list[Any]:
        return [summarise_runs(spans, now_ns=self.now_ns, prices=self.prices) for spans in traces]


def main() -> None:
    gc.set_threshold(50_000, 20, 100)  # as the server
    with tempfile.TemporaryDirectory() as folder:
        way = Way(Path(folder))
        for _ in range(ROUNDS):
            way.round()
        way.store.close()
    print(json.dumps({"what": "processor time of one thread, us per span", **way.watch.best_us}, indent=2))


if __name__ == "__main__":
    main()
