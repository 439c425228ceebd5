"""The real way in, in this process: pipeline and store, with a store that can lose its power at a write.

`PowerStore` holds its writes behind one lock. When the power goes, the file and its log are copied as they lie there,
which is what a killed process leaves; every later write of the old object fails. Nothing here is a fake but the clock.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.clock import FakeClock
from quarterdeck.errors import StoreFailed
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.options import IngestOptions
from quarterdeck.observe.pipeline import Pipeline, PipelineOptions
from quarterdeck.observe.pipeline.gauges import IngestGauges
from quarterdeck.observe.runs import PriceTable, summarise_runs
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import Batch, TelemetryStore

from .emission import START_NS

NOW_NS = START_NS + 10 * 86_400 * 10**9
"""Long after all that happens: every silence is long, so that a run's state does not hang on when it was looked at."""
PRICES = PriceTable.shipped()
OPTIONS = PipelineOptions(
    settle_quiet_s=0, settle_lag_max_s=1e-9, settle_every_s=0, trace_spans_max=12, settle_spans_max=20
)
"""A table of twelve spans, so that traces leave memory and are read back all the time."""
POKES_MAX = 5_000
FILE = "telemetry.duckdb"


def build(spans: Sequence[Span], now_ns: int) -> list[Run]:
    return summarise_runs(spans, now_ns=now_ns, prices=PRICES)


class PowerStore(DuckDBStore):
    """`cut_at` = ("commit" | "put_runs", "before" | "after"): there the power goes, once, by itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._power = RLock()
        self.cut_at: tuple[str, str] | None = None
        self.left: Path | None = None
        # Small chunks and row groups, so that a short story fills several.
        options = DuckDBOptions(chunk_bytes=16_000, row_group_rows=2_048, threads=1)
        super().__init__(folder / FILE, options=options, clock=FakeClock(NOW_NS))

    def commit(self, batch: Batch) -> int:
        with self._power:
            self._cut_if("commit", "before")
            seq = super().commit(batch)
            self._cut_if("commit", "after")
            return seq

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        with self._power:
            self._cut_if("put_runs", "before")
            super().put_runs(runs, gone, settled_seq=settled_seq)
            self._cut_if("put_runs", "after")

    def cut(self) -> Path:
        """The power goes now; answers the folder with what lay on disk."""
        with self._power:
            if self.left is None:
                self.left = self.folder.with_name(f"{self.folder.name}x")
                self.left.mkdir()
                for name in (FILE, f"{FILE}.wal"):
                    if (self.folder / name).exists():
                        shutil.copyfile(self.folder / name, self.left / name)
            return self.left

    def _cut_if(self, what: str, when: str) -> None:
        if self.cut_at == (what, when):
            self.cut()
        if self.left is not None:
            raise StoreFailed("the power is gone")


class Errors:
    """A log that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def error(self, event: str, **fields: Any) -> None:
        self.told.append(f"{event} {fields.get('error')}")


class Deck:
    """A pipeline over a store on a loop of its own. Requests of one `deliver` are under way together."""

    def __init__(self, store: TelemetryStore) -> None:
        self.store = store
        self.errors = Errors()
        self.clock = FakeClock(NOW_NS)
        self.loop = asyncio.new_event_loop()
        self.pipeline = Pipeline(
            store=store,
            canonical=Canonicalizer(user_hash_key=b"k" * 32),
            build_runs=build,
            gauges=IngestGauges(CollectorRegistry()),
            clock=self.clock,
            ingest=IngestOptions(flush_wait_s=0),
            options=OPTIONS,
            log=self.errors,
        )
        self.pipeline.start(self.loop)

    def deliver(self, bodies: Sequence[bytes]) -> list[bool]:
        """Which requests were acknowledged."""

        async def send() -> list[Any]:
            futures = [self.pipeline.submit("default", body, "json") for body in bodies]
            return await asyncio.gather(*futures, return_exceptions=True)

        return [not isinstance(answer, BaseException) for answer in self.loop.run_until_complete(send())]

    def settle(self) -> None:
        """Until every run reflects every commit, or the power is gone. An empty request wakes the writer.

        The clock goes on a little with each, since a trace that was just built rests for a moment.
        """
        for _ in range(POKES_MAX):
            if not self.pipeline.health().settle_lag_s or getattr(self.store, "left", None) is not None:
                return
            self.clock.advance(0.05)
            self.deliver([b"{}"])
        raise AssertionError(f"runs did not settle: {self.errors.told}")

    def leave(self) -> None:
        """Let go of threads, loop and file, whatever state they are in."""
        assert self.pipeline.stop(60)
        self.loop.run_until_complete(asyncio.sleep(0))  # answers that were on their way
        self.loop.close()
        self.store.close()
