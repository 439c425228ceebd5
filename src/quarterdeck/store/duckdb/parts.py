"""Parts: spans made ready to be written, ahead of the commit and in any thread.

A part whose bodies build on texts that never came to be stored, or that were dropped since, is made again at the
commit (`PartMaker.sound`). Refuses ids and values that cannot be stored (BadInput); touches no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pyarrow as pa

from quarterdeck.model.raw import RawLog
from quarterdeck.store.duckdb.bodies.window import PartState, Window
from quarterdeck.store.duckdb.bodies.writer import BodyWriter, PartBodies
from quarterdeck.store.duckdb.chunks import ChunkWriter, Pair, PendingChunks
from quarterdeck.store.duckdb.columns import span_table
from quarterdeck.store.duckdb.logs import LogRow, log_row
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.duckdb.producers import Producers, producers_of
from quarterdeck.store.identity import check_ids
from quarterdeck.store.interface import TraceKey


class Part(NamedTuple):
    """An Arrow table with the columns of `span_table`, the spans' chunks in the same order, and their bodies.

    The two small sums are made here since DuckDB would read the wide table once more for each. `pairs` are kept to
    make the part again.
    """

    table: Any
    chunks: PendingChunks
    traces: set[TraceKey]
    producers: Producers
    bodies: PartBodies
    pairs: Sequence[Pair]


class LogPart(NamedTuple):
    """Logs ready to be written."""

    rows: Sequence[LogRow]
    chunks: PendingChunks
    bodies: PartBodies


class PartMaker:
    """`last_part`: the highest number that any stored part has."""

    def __init__(self, options: DuckDBOptions, window: Window, *, last_part: int) -> None:
        self._options = options
        self._window = window
        self._last_part = last_part
        self._executor = ThreadPoolExecutor(options.compression_threads, thread_name_prefix="compress")
        self._chunks = ChunkWriter(
            self._executor,
            chunk_bytes=options.chunk_bytes,
            body_chunk_bytes=options.body_chunk_bytes,
            level=options.compression_level,
        )
        # pyarrow looks for pandas at its first list, which takes a second where pandas is there: not in the first commit.
        self._executor.submit(pa.array, [""], pa.string())

    @property
    def last_part(self) -> int:
        """The number of the newest part."""
        return self._last_part

    def prepare(self, pairs: Sequence[Pair], *, settled_only: bool = False) -> Part:
        """`settled_only`: build on committed bodies only, as what is prepared within a commit must."""
        check_ids([span for span, _ in pairs])
        table = span_table(pairs)
        with self._window.lock:
            writer = self._writer(settled_only=settled_only)
            chunks, bodies = self._chunks.write(pairs, writer)
        traces = {(span.project, span.trace_id) for span, _ in pairs}
        return Part(table, chunks, traces, producers_of(pairs), bodies, pairs)

    def prepare_logs(self, logs: Sequence[RawLog]) -> LogPart:
        """The logs (at least one) as rows, and their bodies. Within a commit only."""
        with self._window.lock:
            writer = self._writer(settled_only=True)
            rows = [log_row(log, writer) for log in logs]
            return LogPart(rows, *self._chunks.write((), writer))

    def _writer(self, *, settled_only: bool) -> BodyWriter:
        self._last_part += 1
        return BodyWriter(
            self._window, self._last_part, chars_min=self._options.body_chars_min, settled_only=settled_only
        )

    def sound(self, parts: Sequence[Part]) -> list[Part]:
        """The parts of one commit in order, each made again that builds on what is not stored before it."""
        ahead: set[PartState] = set()
        sound = []
        for part in parts:
            if self._is_sound(part.bodies, ahead):
                sound.append(part)
            else:
                part.bodies.state.status = "dead"
                for state in part.bodies.needs - ahead:
                    if state.status == "pending":
                        state.status = "dead"
                sound.append(self.prepare(part.pairs, settled_only=True))
            ahead.add(sound[-1].bodies.state)
        return sound

    def _is_sound(self, bodies: PartBodies, ahead: set[PartState]) -> bool:
        if bodies.builds and bodies.epoch != self._window.epoch:
            return False
        return all(state.status == "committed" or state in ahead for state in bodies.needs)

    def close(self) -> None:
        """Wait for compressions."""
        self._executor.shutdown()
