"""The engines that the suite runs on, with what each can do. A new engine is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quarterdeck.clock import FakeClock
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import TelemetryStore
from quarterdeck.store.memory import MemoryStore

REJECTIONS_MAX = 50
UNMAPPED_MAX = 20


@dataclass(frozen=True)
class Engine:
    """`persists`: a store opened again at the same place holds what the first one held."""

    name: str
    open: Callable[[Path], TelemetryStore]
    persists: bool


def _memory(folder: Path) -> TelemetryStore:
    return MemoryStore(rejections_max=REJECTIONS_MAX, unmapped_max=UNMAPPED_MAX)


def _duckdb(folder: Path) -> TelemetryStore:
    # Small chunks, so that even a small test spans several of them.
    options = DuckDBOptions(rejections_max=REJECTIONS_MAX, unmapped_max=UNMAPPED_MAX, chunk_bytes=16_000)
    return DuckDBStore(folder / "telemetry.duckdb", options=options, clock=FakeClock())


ENGINES = (Engine("memory", _memory, persists=False), Engine("duckdb", _duckdb, persists=True))
PERSISTENT = tuple(engine for engine in ENGINES if engine.persists)
