"""A store, a pipeline's table and the upkeep over them, with errands done at once; time is set by the test."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from quarterdeck.clock import FakeClock
from quarterdeck.model.erasure import Tombstone
from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.absence import without_marks
from quarterdeck.observe.canonical.hashes import Hasher
from quarterdeck.observe.pipeline.errands import Workbench
from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.pipeline.settle import Settler
from quarterdeck.observe.pipeline.traces import TraceTable
from quarterdeck.observe.privacy.tombstones import Tombstones
from quarterdeck.observe.runs import PriceTable, RunOptions, build_runs, summarise_runs
from quarterdeck.observe.upkeep import Eraser, Retainer, RetentionOptions
from quarterdeck.observe.upkeep.again import HistoryJobs
from quarterdeck.store.interface import Batch
from quarterdeck.store.memory import MemoryStore

KEY = b"k" * 32
NOW_NS = 1_795_000_000 * 10**9
RESOURCE = Resource({"service.name": "desk"}, "")
SCOPE = Scope("test.scope", "1", {}, "")


class Ledger:
    """Tombstones in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Tombstone] = {}

    def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        for row in tombstones:
            self.rows.setdefault(row.digest, row)

    def tombstones(self) -> Sequence[Tombstone]:
        return list(self.rows.values())

    def finish_tombstones(self, digests: Sequence[str], at_ns: int) -> None:
        for digest in digests:
            if digest in self.rows:
                row = self.rows[digest]
                self.rows[digest] = Tombstone(row.digest, row.project, row.kind, row.erased_at_ns, at_ns)

    def drop_tombstones(self, digests: Sequence[str]) -> int:
        return sum(self.rows.pop(digest, None) is not None for digest in digests)


class Log:
    def error(self, event: str, **fields: Any) -> None:
        raise AssertionError(f"{event}: {fields}")


class House:
    """Everything joined."""

    def __init__(self, retention: RetentionOptions | None = None) -> None:
        self.clock = FakeClock(NOW_NS)
        self.store = MemoryStore()
        self.prices = PriceTable.shipped()
        self.canonical = Canonicalizer(user_hash_key=KEY)
        self.table = TraceTable(self.store.load_traces, self.store.runs_of_traces, spans_max=100_000)
        self.settler = Settler(self.table, self.store, self.summaries, PipelineOptions())
        self.bench = Workbench(self.table, self.store, self.settler)
        self.bench.quiet = True
        self.ledger = Ledger()
        self.hash = Hasher(KEY).user
        self.tombstones = Tombstones(self.hash)
        self.eraser = Eraser(
            self.store,
            self.errand,
            self.trees,
            refusing=self.tombstones,
            ledger=self.ledger,
            user_hash=self.hash,
            clock=self.clock,
        )
        self.retainer = Retainer(
            self.store, self.errand, self.ledger, forget_tombstones=self.tombstones.forget,
            options=retention or RetentionOptions(), clock=self.clock, log=Log(),
        )  # fmt: skip
        self.history = HistoryJobs(
            self.store, self.errand, mapper=lambda: Canonicalizer(user_hash_key=KEY).canonicalize,
            without_marks=without_marks, clock=self.clock, log=Log(),
        )  # fmt: skip

    def trees(self, spans: Sequence[Any]) -> list[Any]:
        return build_runs(spans, now_ns=self.clock.now_ns(), prices=self.prices, options=RunOptions())

    def summaries(self, spans: Sequence[Any], now_ns: int) -> list[Any]:
        return summarise_runs(spans, now_ns=now_ns, prices=self.prices, options=RunOptions())

    def errand(self, act: Any) -> Future[Any]:
        self.bench.now_ns = self.clock.now_ns()
        future: Future[Any] = Future()
        future.set_result(act(self.bench))
        return future

    def send(self, *raws: RawSpan, canonical: Any = None, settle: bool = True) -> list[Any]:
        """What the pipeline does with a request: plan, commit, settle. Erased spans are refused; answers those kept."""
        mapper = canonical or self.canonical.canonicalize
        pairs = [(span, raw) for raw in raws if not self.tombstones.refuses(span := mapper(raw))]
        plan = self.table.plan([pairs])
        self.bench.last_seq = self.store.commit(Batch(plan.new, plan.replaced))
        self.table.apply(plan, self.bench.last_seq, 0.0)
        if settle:
            self.settle()
        return pairs

    def settle(self) -> None:
        work = self.settler.take(0.0, self.clock.now_ns(), everything=True)
        while work is not None:
            self.settler.put(work, self.settler.build(work), self.bench.last_seq)
            work = self.settler.take(0.0, self.clock.now_ns(), everything=True)

    def runs(self, project: str = "default") -> list[Any]:
        from quarterdeck.store.interface import RunFilter

        return list(self.store.list_runs(RunFilter(project), sort="-started_at", cursor=None, limit=500).items)


@pytest.fixture
def house() -> House:
    return House()


def raw_span(
    trace: int, span: int, parent: int = 0, *, kind: str = "chat", start_ns: int = NOW_NS - 10**12, **attributes: Any
) -> RawSpan:
    """A span that ended; `kind` is its `gen_ai.operation.name`. `_` in a name stands for `.`, `__` for `_`."""
    named = {name.replace("__", "\0").replace("_", ".").replace("\0", "_"): value for name, value in attributes.items()}
    return RawSpan(
        "default", f"{trace:032x}", f"{span:016x}", f"{parent:016x}" if parent else "", "", f"{kind} x", 1,
        start_ns + span * 10**6, start_ns + span * 10**6 + 5 * 10**5, 1, "",
        {"gen_ai.operation.name": kind, **named}, (), (), RESOURCE, SCOPE,
    )  # fmt: skip


def call(trace: int, span: int, parent: int = 0, **attributes: Any) -> RawSpan:
    """A model call that used 100 and 10 tokens."""
    usage = {
        "gen__ai_request_model": "gpt-4o-mini", "gen__ai_provider_name": "openai",
        "gen__ai_usage_input__tokens": 100, "gen__ai_usage_output__tokens": 10,
    }  # fmt: skip
    return raw_span(trace, span, parent, **{**usage, **attributes})


def agent(trace: int, span: int, parent: int = 0, **attributes: Any) -> RawSpan:
    return raw_span(trace, span, parent, kind="invoke_agent", **{"gen__ai_agent_name": "support", **attributes})
