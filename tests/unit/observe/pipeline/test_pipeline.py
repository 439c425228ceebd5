"""The whole way in, with real stages and the memory store: bytes in, runs out, and what happens when it is too much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.clock import SystemClock
from quarterdeck.errors import BadInput, Overloaded, RateLimited, StoreFailed
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.options import IngestOptions
from quarterdeck.observe.pipeline import Pipeline, PipelineOptions
from quarterdeck.observe.pipeline.gauges import IngestGauges
from quarterdeck.observe.runs import PriceTable, summarise_runs
from quarterdeck.store.interface import Batch, RunFilter
from quarterdeck.store.memory import MemoryStore

from ..ingest.requests import agent_trace, request

QUICK = PipelineOptions(settle_quiet_s=0.0, settle_lag_max_s=0.01, settle_every_s=0.0)
PRICES = PriceTable.shipped()


def build(spans: Sequence[Span], now_ns: int) -> list[Run]:
    return summarise_runs(spans, now_ns=now_ns, prices=PRICES)


class FailingStore(MemoryStore):
    """A store whose next commits fail."""

    failures = 0

    def commit(self, batch: Batch) -> int:
        if self.failures:
            self.failures -= 1
            msg = "disk full"
            raise StoreFailed(msg)
        return super().commit(batch)


class PickyStore(MemoryStore):
    """A store that refuses a batch with a span of one name."""

    def commit(self, batch: Batch) -> int:
        if any(span.name == "poison" for span, _ in batch.spans):
            msg = "a number that fits no column"
            raise BadInput(msg)
        return super().commit(batch)


@asynccontextmanager
async def pipeline(
    store: MemoryStore, ingest: IngestOptions | None = None, options: PipelineOptions = QUICK
) -> AsyncIterator[Pipeline]:
    made = Pipeline(
        store=store,
        canonical=Canonicalizer(user_hash_key=b"k" * 32),
        build_runs=build,
        gauges=IngestGauges(CollectorRegistry()),
        clock=SystemClock(),
        ingest=ingest or IngestOptions(flush_wait_s=0.01),
        options=options,
        log=structlog.get_logger(),
    )
    made.start(asyncio.get_running_loop())
    try:
        yield made
    finally:
        assert await asyncio.to_thread(made.stop, 20.0)


def body(seed: int, spans: int = 10) -> bytes:
    return request(agent_trace(seed, spans)).SerializeToString()


def runs(store: MemoryStore, project: str = "default") -> Sequence[Run]:
    found: Sequence[Run] = store.list_runs(RunFilter(project), sort="started_at", cursor=None, limit=100).items
    return found


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def test_spans_become_runs_and_the_answer_is_the_commit() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with pipeline(store) as way:
            receipt = await way.submit("default", body(1), "protobuf")
            assert receipt == (10, 0, "")
            assert store.counts()["spans"] == 10
        found = runs(store)
        assert [(r.agent, r.spans) for r in found] == [("support-agent", 10)]
        assert found[0].tokens.total is not None

    run(scenario())


def test_sending_twice_in_any_split_counts_once() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        found = agent_trace(2, 12)
        async with pipeline(store) as way:
            for part in (found[6:], found[:4], found, found[3:9]):
                await way.submit("default", request(part).SerializeToString(), "protobuf")
            assert way.health().acknowledged == 12
            assert way.health().repeated == 16
        assert [r.spans for r in runs(store)] == [12]

    run(scenario())


def test_a_late_root_leaves_one_run() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        found = agent_trace(3, 8)
        async with pipeline(store) as way:
            await way.submit("default", request(found[1:]).SerializeToString(), "protobuf")
            while not runs(store):
                await asyncio.sleep(0.01)
            assert runs(store)[0].root_synthetic
            await way.submit("default", request(found[:1]).SerializeToString(), "protobuf")
        assert [(r.spans, r.root_synthetic) for r in runs(store)] == [(8, False)]

    run(scenario())


def test_a_late_root_after_a_restart_leaves_one_run() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        found = agent_trace(4, 8)
        async with pipeline(store) as way:
            await way.submit("default", request(found[1:]).SerializeToString(), "protobuf")
        async with pipeline(store) as way:
            await way.submit("default", request(found[:1]).SerializeToString(), "protobuf")
        assert [(r.spans, r.root_synthetic) for r in runs(store)] == [(8, False)]

    run(scenario())


def test_an_explicit_run_id_joins_traces_that_come_apart() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        first, second = agent_trace(5, 4), agent_trace(6, 5)
        for found in (first, second):
            found[0]["attributes"]["quarterdeck.run.id"] = "joined"
        async with pipeline(store) as way:
            await way.submit("default", request(first).SerializeToString(), "protobuf")
        async with pipeline(store) as way:
            await way.submit("default", request(second).SerializeToString(), "protobuf")
        found_runs = runs(store)
        assert [(r.run_id, r.spans, len(r.trace_ids)) for r in found_runs] == [("joined", 9, 2)]

    run(scenario())


def test_unmapped_keys_are_told_with_the_request_that_brought_them() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with pipeline(store) as way:
            for seed in (50, 51):
                found = agent_trace(seed, 3)
                found[1]["attributes"]["gen_ai.usage.brand_new_tokens"] = 5
                await way.submit("default", request(found).SerializeToString(), "protobuf")
                key = store.unmapped("default", limit=9)[0]
                assert (key.key, key.count) == ("gen_ai.usage.brand_new_tokens", seed - 49)

    run(scenario())


def test_projects_do_not_meet() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with pipeline(store) as way:
            await way.submit("a", body(7), "protobuf")
            await way.submit("b", body(7), "protobuf")
        assert len(runs(store, "a")) == len(runs(store, "b")) == 1
        assert not runs(store)

    run(scenario())


def test_bad_requests_fail_alone_and_bad_spans_are_told() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        spoilt = agent_trace(8, 3)
        spoilt[2]["trace"] = b"short"
        async with pipeline(store) as way:
            good = way.submit("default", body(9), "protobuf")
            bad = way.submit("default", b"\xff\xff\xff", "protobuf")
            part = way.submit("default", request(spoilt).SerializeToString(), "protobuf")
            assert (await good).kept == 10
            with pytest.raises(BadInput):
                await bad
            receipt = await part
        assert (receipt.kept, receipt.refused) == (2, 1)
        assert "invalid_trace_id" in receipt.summary
        assert [r.reason for r in store.rejections("default", cursor=None, limit=9).items] == ["invalid_trace_id"]

    run(scenario())


def test_a_failed_commit_is_told_and_a_second_try_is_no_repeat() -> None:
    async def scenario() -> None:
        store = FailingStore()
        async with pipeline(store) as way:
            store.failures = 1
            with pytest.raises(StoreFailed):
                await way.submit("default", body(10), "protobuf")
            assert (await way.submit("default", body(10), "protobuf")).kept == 10
            assert way.health().repeated == 0
        assert [r.spans for r in runs(store)] == [10]

    run(scenario())


def test_what_the_store_cannot_take_hurts_only_its_own_request() -> None:
    async def scenario() -> None:
        store = PickyStore()
        poisoned = agent_trace(40, 3)
        poisoned[1]["name"] = "poison"
        async with pipeline(store) as way:
            good = [way.submit("default", body(41), "protobuf"), way.submit("default", body(42), "protobuf")]
            bad = way.submit("default", request(poisoned).SerializeToString(), "protobuf")
            assert [(await job).kept for job in good] == [10, 10]
            with pytest.raises(BadInput):
                await bad
        assert store.counts()["spans"] == 20

    run(scenario())


def test_a_full_queue_refuses_and_says_when_to_come_again() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with pipeline(store, IngestOptions(requests_waiting_max=3, flush_wait_s=0.01)) as way:
            waiting = [way.submit("default", body(20 + i), "protobuf") for i in range(3)]
            with pytest.raises(Overloaded) as caught:
                way.submit("default", body(30), "protobuf")
            assert caught.value.retry_after_s
            await asyncio.gather(*waiting)
            assert (await way.submit("default", body(30), "protobuf")).kept == 10
            assert way.health().queue_bytes == 0

    run(scenario())


def test_a_queue_of_bytes_takes_one_large_request_and_no_second() -> None:
    async def scenario() -> None:
        async with pipeline(MemoryStore(), IngestOptions(queue_bytes_max=100, flush_wait_s=0.01)) as way:
            first = way.submit("default", body(31), "protobuf")
            with pytest.raises(Overloaded):
                way.submit("default", body(32), "protobuf")
            await first

    run(scenario())


def test_a_project_over_its_rate_is_refused_and_others_are_not() -> None:
    async def scenario() -> None:
        async with pipeline(MemoryStore(), IngestOptions(spans_per_s_max=5, flush_wait_s=0.01)) as way:
            await way.submit("a", body(33), "protobuf")
            with pytest.raises(RateLimited):
                way.submit("a", body(34), "protobuf")
            await way.submit("b", body(35), "protobuf")

    run(scenario())


def test_after_a_stop_without_settling_the_next_start_settles() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with pipeline(store, options=PipelineOptions(settle_quiet_s=60, settle_lag_max_s=60)) as way:
            await way.submit("default", body(36), "protobuf")
            assert not runs(store)
            crashed = MemoryStore()
            for key, spans in store.load_traces(list(store.trace_keys())).items():
                raws = store.spans_raw(key[0], [(s.trace_id, s.span_id) for s in spans])
                crashed.commit(Batch([(s, raws[s.trace_id, s.span_id]) for s in spans]))
        slow = PipelineOptions(settle_quiet_s=60, settle_lag_max_s=60)
        async with pipeline(crashed, options=slow) as way:
            assert way.health().settle_lag_s, "runs lag behind from the first moment on"
            assert not runs(crashed)
        assert [r.spans for r in runs(crashed)] == [10]

    run(scenario())


def test_silent_runs_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        store = MemoryStore()
        found = agent_trace(37, 3)
        for span in found:
            span["start"] -= 10**16
            span["end"] -= 10**16
        found[0]["end"] = 0
        options = PipelineOptions(settle_quiet_s=0.0, settle_lag_max_s=0.01, settle_every_s=0.0, aging_s=0.05)
        async with pipeline(store, options=options) as way:
            await way.submit("default", request(found).SerializeToString(), "protobuf")
        assert [r.lifecycle for r in runs(store)] == ["lost"]

    run(scenario())
