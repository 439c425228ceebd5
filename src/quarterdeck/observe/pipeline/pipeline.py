"""Three threads behind the doors: one decodes, one writes, one builds runs. The answer to a sender is the commit.

HTTP loop → decode (bytes → canonical spans → columns) → write (group commit) → runs (built beside the next commits) → write.
A process pool gained nothing on two cores: the work is serialised by the interpreter, and DuckDB has its own threads.
Refuses: more than `queue_bytes_max` waiting (503), more than a project's rate (429).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from quarterdeck.clock import Clock
from quarterdeck.errors import Overloaded, QuarterdeckError, RateLimited, StoreFailed
from quarterdeck.model.health import IngestHealth, LimitNow
from quarterdeck.model.runs import Run
from quarterdeck.observe.ingest.decode import Encoding, Limits, Signal
from quarterdeck.observe.ingest.door import Receipt
from quarterdeck.observe.ingest.options import IngestOptions
from quarterdeck.observe.pipeline.decoder import Decoder
from quarterdeck.observe.pipeline.errands import Errands, Workbench
from quarterdeck.observe.pipeline.gauges import IngestGauges
from quarterdeck.observe.pipeline.jobs import Job, resolve
from quarterdeck.observe.pipeline.needs import Canonical, Log, Privacy
from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.pipeline.overload import Stage, step
from quarterdeck.observe.pipeline.rate import TokenBuckets
from quarterdeck.observe.pipeline.settle import BuildRuns, Settler, Work
from quarterdeck.observe.pipeline.skeletons import TRACES_MAX
from quarterdeck.observe.pipeline.traces import TraceTable
from quarterdeck.store.interface import Batch, TelemetryStore

_TICK_S = 0.25
_VOLUME_BYTES = 256 * 1024
_LINGER_S = 0.004
"""From this much on a group waits only until nothing new came for 4 ms: then every busy sender already waits."""
_GATHER_MIN_S = 0.02
_GATHER_COMMITS = 2.0
"""A small group gathers for twice the time of the last commit: many small senders then cost a third of one core at most."""
_SETTLE_REST = 1.0
"""Settling rests as long as it worked: writing a few runs costs nearly what writing many does."""


Answer = TypeVar("Answer")


class _Group(NamedTuple):
    jobs: list[Job]
    size: int


class Pipeline:
    """The sink of the doors. `start` and `stop` are called by the composition root, `submit` by the event loop."""

    def __init__(
        self,
        *,
        store: TelemetryStore,
        canonical: Canonical,
        build_runs: BuildRuns,
        gauges: IngestGauges,
        clock: Clock,
        ingest: IngestOptions,
        options: PipelineOptions,
        log: Log,
        privacy: Privacy | None = None,
    ) -> None:
        self._store = store
        self._gauges = gauges
        self._clock = clock
        self._ingest = ingest
        self._options = options
        self._log = log
        limits = Limits(ingest.attribute_bytes_max, ingest.attributes_max)
        self._decoder = Decoder(
            store=store, canonical=canonical, privacy=privacy, gauges=gauges, clock=clock, limits=limits, log=log
        )
        self._table = TraceTable(store.load_traces, store.runs_of_traces, spans_max=options.trace_spans_max)
        self._settler = Settler(self._table, store, build_runs, options)
        self._stage = Stage()
        self._errands = Errands()
        self._bench = Workbench(self._table, store, self._settler)
        self._buckets = TokenBuckets(ingest.spans_per_s_max)
        self._lock = threading.Lock()
        self._to_decode: deque[Job] = deque()
        self._to_commit: deque[Job] = deque()
        self._decode_wake = threading.Condition(self._lock)
        self._commit_wake = threading.Condition(self._lock)
        self._waiting_bytes = 0
        self._waiting_requests = 0
        self._stopping = False
        self._decoder_done = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: list[threading.Thread] = []
        self._last_seq = 0
        self._dirty_since_s: float | None = None
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="runs")
        self._building: tuple[Work, Future[list[list[Run]]], float] | None = None
        self._commit_s = 0.0
        self._decoding = False
        self._decoded_at_s = 0.0
        self._decoded_bytes = 0
        self._decoded_jobs = self._committed_jobs = 0
        self._settle_at_s = 0.0
        self._age_at_s = 0.0
        self._started_s = clock.monotonic_s()

    # --- the event loop's side -------------------------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Rebuild what memory needs from the store, then take requests."""
        self._loop = loop
        self._table.remember_stored(self._store.trace_numbers())
        unsettled = self._store.unsettled()
        self._table.bring(unsettled)
        now_s = self._clock.monotonic_s()
        for key in unsettled:
            self._table.mark(key, now_s, unsettled_seq=1)  # the first commit there can be: never too late
        self._dirty_since_s = self._table.oldest_dirty_s()
        self._threads = [
            threading.Thread(target=self._decode_forever, name="decode", daemon=True),
            threading.Thread(target=self._write_forever, name="write", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self, project: str, body: bytes, encoding: Encoding, signal: Signal = "traces"
    ) -> asyncio.Future[Receipt]:
        """See `observe.ingest.door.SpanSink`."""
        if self._loop is None:
            msg = "the server is starting"
            raise Overloaded(msg, retry_after_s=self._ingest.retry_after_s)
        now_s = self._clock.monotonic_s()
        future: asyncio.Future[Receipt] = self._loop.create_future()
        job = Job(project, body, encoding, signal, future, now_s)
        wait_s = self._buckets.wait_s(project, now_s)
        if wait_s > 0:
            msg = f"project {project!r} sends more than {self._ingest.spans_per_s_max:g} spans/s"
            raise RateLimited(msg, mend="slow down, or raise ingest.spans_per_s_max", retry_after_s=wait_s)
        with self._lock:
            if self._stopping:
                msg = "the server is stopping"
                raise Overloaded(msg, retry_after_s=self._ingest.retry_after_s)
            full = self._full(job.size)
            if full is not None:
                raise Overloaded(full, mend="come again later", retry_after_s=self._ingest.retry_after_s)
            self._waiting_bytes += job.size
            self._waiting_requests += 1
            self._to_decode.append(job)
            self._decode_wake.notify()
        return future

    def _full(self, size: int) -> str | None:
        """Why one more request of this size does not fit, or None. One request alone always fits."""
        if self._waiting_requests >= self._ingest.requests_waiting_max:
            return f"{self._waiting_requests} requests already wait for their commit"
        if self._waiting_requests and self._waiting_bytes + size > self._ingest.queue_bytes_max:
            return f"{self._waiting_bytes} bytes already wait for their commit"
        return None

    def count_unstored(self, signal: str, items: int) -> None:
        """See `observe.ingest.door.SpanSink`."""
        self._gauges.unstored.labels(signal).inc(items)

    def errand(self, act: Callable[[Workbench], Answer]) -> Future[Answer]:
        """Have something done to stored spans by the writer thread, between two commits. Raises Overloaded."""
        return self._errands.submit(act)

    def stop(self, timeout_s: float) -> bool:
        """Refuse what comes, commit what is here, settle every run; answers whether all of it was done in time."""
        with self._lock:
            self._stopping = True
            self._decode_wake.notify_all()
            self._commit_wake.notify_all()
        deadline = self._clock.monotonic_s() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._clock.monotonic_s()))
        return not any(thread.is_alive() for thread in self._threads)

    def health(self) -> IngestHealth:
        """The way in, now."""
        now_s = self._clock.monotonic_s()
        acknowledged, repeated, rejected, refused = self._gauges.totals()
        dirty_since_s = self._dirty_since_s
        return IngestHealth(
            spans_per_s=self._gauges.spans_per_s(now_s, now_s - self._started_s),
            acknowledged=acknowledged,
            repeated=repeated,
            rejected=rejected,
            refused=refused,
            queue_bytes=self._waiting_bytes,
            queue_bytes_max=self._ingest.queue_bytes_max,
            commit_ms_p50=self._gauges.commit_ms(0.5),
            commit_ms_p99=self._gauges.commit_ms(0.99),
            skeleton_share=self._stage.share,
            skeleton_spans=self._decoder.skeletons.spans,
            settle_lag_s=0.0 if dirty_since_s is None else max(0.001, now_s - dirty_since_s),
            limits=(
                LimitNow("ingest_queue_bytes", self._waiting_bytes, self._ingest.queue_bytes_max, "bytes"),
                LimitNow(
                    "ingest_queue_requests", self._waiting_requests, self._ingest.requests_waiting_max, "requests"
                ),
                LimitNow("skeleton_traces", len(self._decoder.skeletons), TRACES_MAX, "traces"),
                LimitNow("trace_table_spans", self._table.span_count, self._options.trace_spans_max, "spans"),
            ),
        )

    # --- the decode thread -----------------------------------------------------------------------------------------

    def _decode_forever(self) -> None:
        while True:
            with self._lock:
                while not self._to_decode and not self._stopping:
                    self._decode_wake.wait(_TICK_S)
                if not self._to_decode:
                    self._decoder_done = True
                    self._commit_wake.notify_all()
                    return
                job = self._to_decode.popleft()
                self._decoding = True
            self._decoder.fill(job, self._stage.share)
            with self._lock:
                self._decoding = False
                self._decoded_at_s = self._clock.monotonic_s()
                self._decoded_bytes += job.size
                self._decoded_jobs += 1
                self._to_commit.append(job)
                self._commit_wake.notify()

    # --- the writer thread -----------------------------------------------------------------------------------------

    def _write_forever(self) -> None:
        while True:
            group, last = self._next_group()
            if group.jobs:
                self._commit(group)
            self._keep_house(last=last)
            if last:
                return

    def _next_group(self) -> tuple[_Group, bool]:
        """The jobs to commit together (possibly none, at a tick), and whether this is the last round."""
        options = self._ingest
        with self._lock:
            if not self._to_commit and not self._decoder_done:
                self._commit_wake.wait(_TICK_S)
            while self._to_commit and not self._decoder_done and not self._group_is_ready():
                self._commit_wake.wait(_LINGER_S / 2)
            jobs = []
            size = 0
            while self._to_commit and size < options.flush_bytes:
                job = self._to_commit.popleft()
                jobs.append(job)
                size += job.size
            self._decoded_bytes -= size
            last = self._decoder_done and not self._to_commit and not jobs
        return _Group(jobs, size), last

    def _group_is_ready(self) -> bool:
        """Whether what waits should be committed now (docs/design/ingest.md, rule 1). Called under the lock."""
        options = self._ingest
        now_s = self._clock.monotonic_s()
        waited_s = now_s - self._to_commit[0].arrived_s
        if self._decoded_bytes >= options.flush_bytes or waited_s >= options.flush_wait_s:
            return True
        if self._to_decode or self._decoding:
            return False
        if self._decoded_bytes >= _VOLUME_BYTES:
            return now_s - self._decoded_at_s >= _LINGER_S
        return waited_s >= max(_GATHER_MIN_S, _GATHER_COMMITS * self._commit_s)

    def _commit(self, group: _Group) -> None:
        began_s = self._clock.monotonic_s()
        self._commit_together([job for job in group.jobs if job.error is None])
        self._commit_s = self._clock.monotonic_s() - began_s
        with self._lock:
            self._waiting_bytes -= group.size
            self._waiting_requests -= len(group.jobs)
            self._committed_jobs += len(group.jobs)
            self._gauges.queue_bytes.set(self._waiting_bytes)
            self._gauges.queue_requests.set(self._waiting_requests)
        self._answer(group.jobs)

    def _commit_together(self, jobs: Sequence[Job]) -> None:
        """One commit for all; when it fails on what it was given, one each, so that a bad one hurts nobody else."""
        try:
            self._commit_good(jobs)
        except Exception as e:
            self._log.error("commit_failed", requests=len(jobs), error=repr(e), exc_info=True)
            if len(jobs) > 1 and not isinstance(e, StoreFailed):
                for job in jobs:
                    self._commit_together([job])
                return
            for job in jobs:
                job.error = e if isinstance(e, QuarterdeckError) else StoreFailed("the commit failed")

    def _commit_good(self, jobs: Sequence[Job]) -> None:
        now_s = self._clock.monotonic_s()
        plan = self._table.plan([job.pairs for job in jobs])
        parts = [job.part for job, whole in zip(jobs, plan.whole, strict=True) if whole and job.part is not None]
        loose = [
            pair
            for job, whole in zip(jobs, plan.whole, strict=True)
            if whole and job.part is None
            for pair in job.pairs
        ]
        rejections = [rejection for job in jobs for rejection in job.rejections]
        unmapped = [key for job in jobs for key in job.unmapped]
        logs = [log for job in jobs for log in job.logs]
        if plan.new or plan.replaced or rejections or unmapped or logs:
            batch = Batch([*loose, *plan.loose], plan.replaced, rejections, unmapped, parts, logs)
            self._last_seq = self._store.commit(batch)
            self._table.apply(plan, self._last_seq, now_s)
            self._dirty_since_s = self._table.oldest_dirty_s()
        for rejection in rejections:
            self._gauges.rejected(rejection.reason)
        self.count_unstored("logs", sum(job.others for job in jobs))
        self._gauges.committed(len(plan.new) + len(plan.replaced), plan.repeated, now_s)

    def _answer(self, jobs: Sequence[Job]) -> None:
        now_s = self._clock.monotonic_s()
        for job in jobs:
            self._gauges.answered(now_s - job.arrived_s)
            self._buckets.spend(job.project, len(job.pairs), now_s)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(resolve, list(jobs))

    def _keep_house(self, *, last: bool) -> None:
        """Settle, age and evict, each when its time has come; before the end, settle everything."""
        now_s = self._clock.monotonic_s()
        self._weigh(now_s)
        try:
            if last:
                self._errands.close()
                self._settle_all()
                return
            self._settle(now_s)
            if self._building is None:  # an errand may change what is being built
                self._run_errand(now_s)
            if now_s >= self._age_at_s:
                self._settler.age(now_s, self._clock.now_ns())
                self._age_at_s = now_s + self._options.aging_s
            if self._building is None:  # what is being built must find its traces when it comes back
                self._table.evict()
        except Exception as e:  # runs stay due and are tried again; spans keep coming in
            self._log.error("settle_failed", error=repr(e), exc_info=True)
            self._building = None
            self._settle_at_s = self._clock.monotonic_s() + 1.0
        self._gauges.trace_spans.set(self._table.span_count)
        oldest_s = self._dirty_since_s = self._table.oldest_dirty_s()
        self._gauges.settle_lag.set(0.0 if oldest_s is None else max(0.0, self._clock.monotonic_s() - oldest_s))

    def _weigh(self, now_s: float) -> None:
        """Look whether texts must give way to facts, or may come back; tell it when that changes."""
        ingest = self._ingest
        fill = max(self._waiting_bytes / ingest.queue_bytes_max, self._waiting_requests / ingest.requests_waiting_max)
        before, self._stage = self._stage, step(self._stage, fill, now_s, self._options)
        if before.share != self._stage.share:
            self._gauges.skeleton_share.set(self._stage.share)
            self._log.warning("skeletons", share=self._stage.share, queue=round(fill, 3))

    def _run_errand(self, now_s: float) -> None:
        bench = self._bench
        bench.now_s, bench.now_ns, bench.last_seq = now_s, self._clock.now_ns(), self._last_seq
        with self._lock:
            bench.decoded, bench.committed = self._decoded_jobs, self._committed_jobs
            bench.quiet = not (self._to_decode or self._decoding or self._to_commit)
        self._errands.run_one(bench)

    def _settle(self, now_s: float) -> None:
        """Write the runs that were built beside the last commits, or have the next ones built."""
        if self._building is not None:
            work, built, began_s = self._building
            if not built.done():
                return
            self._building = None
            self._gauges.runs_settled.inc(self._settler.put(work, built.result(), self._last_seq))
            took_s = self._clock.monotonic_s() - began_s
            self._settle_at_s = began_s + max(self._options.settle_every_s, (1 + _SETTLE_REST) * took_s)
        elif now_s >= self._settle_at_s:
            due = self._settler.take(now_s, self._clock.now_ns())
            if due is not None:
                self._building = (due, self._builder.submit(self._settler.build, due), now_s)

    def _settle_all(self) -> None:
        self._builder.shutdown(wait=True)
        while (
            work := self._settler.take(self._clock.monotonic_s(), self._clock.now_ns(), everything=True)
        ) is not None:
            self._gauges.runs_settled.inc(self._settler.put(work, self._settler.build(work), self._last_seq))
