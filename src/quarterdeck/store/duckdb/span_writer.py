"""The way in for spans: a batch becomes columns, chunks and a few small rollups, in one transaction.

The order of work: pack raw forms (their compression runs beside), build columns, insert all, commit. DuckDB syncs its
log at commit, so what was acknowledged survives the end of the process. Refuses to look for repeats: the caller has
dropped them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.audit import put_rejections, put_unmapped
from quarterdeck.store.duckdb.bodies.tables import insert_bodies
from quarterdeck.store.duckdb.bodies.window import Window
from quarterdeck.store.duckdb.bodies.writer import PartBodies
from quarterdeck.store.duckdb.chunks import Pair
from quarterdeck.store.duckdb.columns import (
    SPAN_SELECT,
    spans_of,
    trace_numbers,
    trace_table,
    trace_text,
)
from quarterdeck.store.duckdb.database import Database, one
from quarterdeck.store.duckdb.logs import insert_logs
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.duckdb.parts import Part, PartMaker
from quarterdeck.store.duckdb.pieces import insert_pieces
from quarterdeck.store.duckdb.producers import put_producers, subtract_producers
from quarterdeck.store.interface import Batch, TraceKey
from quarterdeck.store.trace_numbers import TraceNumbers

_NUMBERS_PAGE = 1_000_000
"""Traces read as numbers at a time: 16 MB."""
_TRACE_PAGE = 50_000
"""Trace keys fetched at a time, so that reading all of them at start holds few in memory."""

# `seq >=` lets zone maps skip what was committed before the first of these traces: replaced spans are mostly recent.
_REPLACED = """
SELECT s.* FROM span s JOIN replaced_ids r
ON s.trace_lo = r.trace_lo AND s.trace_hi = r.trace_hi AND s.span_id = r.span_id AND s.project = r.project
WHERE s.seq >= ?
"""
_NOTE_STALE = f"""
INSERT INTO span_stale SELECT project, trace_hi, trace_lo, span_id, chunk_id, chunk_index FROM ({_REPLACED})
"""
_DELETE_REPLACED = """
DELETE FROM span s USING replaced_ids r
WHERE s.trace_lo = r.trace_lo AND s.trace_hi = r.trace_hi AND s.span_id = r.span_id AND s.project = r.project
  AND s.seq >= ?
"""
_SEQ_BOUNDS = """
SELECT coalesce(min(t.seq), 0), coalesce(max(t.seq), -1) FROM trace_commit t JOIN wanted k
ON t.trace_lo = k.trace_lo AND t.trace_hi = k.trace_hi AND t.project = k.project
"""
_FIRST_SEQ = _SEQ_BOUNDS.replace(", coalesce(max(t.seq), -1)", "").replace("wanted", "replaced_ids")


class SpanStore:
    """`SpanWriter` over a database. Commits are taken one at a time."""

    def __init__(self, database: Database, options: DuckDBOptions) -> None:
        self._database = database
        self._options = options
        self.lock = Lock()
        self.window = Window(options.window_bytes)
        with database.reader() as cursor:
            self._seq, self._chunk_id, self._rejection, last_part = one(cursor, _LAST)
        self.parts = PartMaker(options, self.window, last_part=last_part)

    @property
    def last_seq(self) -> int:
        """The sequence number of the last commit."""
        last: int = self._seq
        return last

    def prepare(self, pairs: Sequence[Pair]) -> Part:
        """Columns, chunks and bodies of these spans; needs no database, so any thread may do it ahead."""
        return self.parts.prepare(pairs)

    def commit(self, batch: Batch) -> int:
        rest = [*batch.spans, *batch.replaced]  # the replaced ones come last, see _insert_spans
        with self.lock:
            seq: int = self._seq + 1
            parts = self.parts.sound(batch.prepared)
            made: list[PartBodies] = []
            try:
                if rest:
                    parts.append(self.parts.prepare(rest, settled_only=True))
                    made.append(parts[-1].bodies)
                logs = self.parts.prepare_logs(batch.logs) if batch.logs else None
                made += [logs.bodies] if logs else []
                with self._database.transaction() as cursor:
                    self._put_parts(cursor, parts, seq, replaced=len(batch.replaced))
                    if logs:
                        insert_logs(cursor, logs.rows, seq)
                        insert_bodies(cursor, logs.bodies.chunks, logs.chunks.bodies())
                    self._put_reports(cursor, batch, seq)
            except BaseException:
                # What was made here is lost; prepared parts may come again.
                for found in made:
                    found.state.status = "dead"
                raise
            for found in (*(part.bodies for part in parts), *([logs.bodies] if logs else [])):
                found.state.status = "committed"
            self._seq = seq
            self._chunk_id += sum(len(part.chunks.spans) for part in parts)
            self._rejection += len(batch.rejections)
            return seq

    def _put_parts(self, cursor: Any, parts: Sequence[Part], seq: int, *, replaced: int) -> None:
        if not parts:
            return
        _insert_spans(cursor, self._placed(parts, seq), replaced=replaced)
        _insert_traces(cursor, set().union(*(part.traces for part in parts)), seq)
        put_producers(cursor, sum((part.producers for part in parts), Counter()))
        raw = [data for part in parts for data in part.chunks.raw()]
        insert_pieces(cursor, "chunk", list(enumerate(raw, self._chunk_id + 1)))
        chunks = [chunk for part in parts for chunk in part.bodies.chunks]
        insert_bodies(cursor, chunks, [data for part in parts for data in part.chunks.bodies()])

    def _put_reports(self, cursor: Any, batch: Batch, seq: int) -> None:
        keep = self._options.rejections_max
        put_rejections(cursor, batch.rejections, first=self._rejection + 1, seq=seq, keep=keep)
        put_unmapped(cursor, batch.unmapped, keep=self._options.unmapped_max)

    def _placed(self, parts: Sequence[Part], seq: int) -> Any:
        """All parts as one table, with the places that only the order of commits gives."""
        counts = [count for part in parts for count in part.chunks.spans]
        ids = np.arange(self._chunk_id + 1, self._chunk_id + 1 + len(counts), dtype=np.int64)
        indexes = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
        # A column that one part does not know may be known to another.
        table = pa.concat_tables([part.table for part in parts], promote_options="default")
        places = {
            "seq": np.full(table.num_rows, seq, np.int64), "chunk_id": np.repeat(ids, counts), "chunk_index": indexes,
        }  # fmt: skip
        for name, values in places.items():
            table = table.append_column(name, pa.array(values))
        return table

    def trace_keys(self) -> Iterator[TraceKey]:
        with self._database.reader() as cursor:
            cursor.execute("SELECT DISTINCT project, trace_hi, trace_lo FROM trace_commit")
            while rows := cursor.fetchmany(_TRACE_PAGE):
                yield from ((project, trace_text(high, low)) for project, high, low in rows)

    def trace_numbers(self) -> Iterator[TraceNumbers]:
        """Without DISTINCT: who asks does not mind repeats, and telling them apart takes longer than reading them."""
        with self._database.reader() as cursor:
            projects = cursor.execute("SELECT DISTINCT project FROM trace_commit").fetchall()
            for (project,) in projects:
                found = cursor.sql("SELECT trace_hi, trace_lo FROM trace_commit WHERE project = ?", params=[project])
                for batch in found.to_arrow_reader(_NUMBERS_PAGE):
                    yield TraceNumbers(project, batch.column(0).to_numpy(), batch.column(1).to_numpy())

    def load_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[Span]]:
        with self._database.snapshot() as cursor:
            spans = select_traces(cursor, keys)
        found: dict[TraceKey, list[Span]] = {}
        for span in spans:
            found.setdefault((span.project, span.trace_id), []).append(span)
        return found

    def close(self) -> None:
        self.parts.close()


_LAST = """
SELECT greatest((SELECT coalesce(max(seq), 0) FROM trace_commit), (SELECT coalesce(max(seq), 0) FROM rejection),
                (SELECT coalesce(max(seq), 0) FROM span_log),
                (SELECT max(CAST(value AS BIGINT)) FROM meta WHERE key IN ('settled_seq', 'erased_seq'))),
       (SELECT coalesce(max(chunk_id), 0) FROM chunk), (SELECT coalesce(max(number), 0) FROM rejection),
       greatest((SELECT coalesce(max(chunk_id), 0) >> 24 FROM body_place),
                (SELECT max(CAST(value AS BIGINT)) FROM meta WHERE key = 'dropped_part'))
"""
"""Numbers go on rising also where the rows with the highest ones were erased: `meta` keeps what was reached then."""


def _insert_spans(cursor: Any, table: Any, *, replaced: int) -> None:
    cursor.register("incoming", table)
    if replaced:
        _remove(cursor, table.slice(table.num_rows - replaced).select(["project", "trace_hi", "trace_lo", "span_id"]))
    cursor.execute("INSERT INTO span BY NAME SELECT * FROM incoming")


def _insert_traces(cursor: Any, traces: set[TraceKey], seq: int) -> None:
    projects, ids = zip(*traces, strict=True)
    cursor.register("incoming_traces", trace_table(projects, ids))
    cursor.execute("INSERT INTO trace_commit SELECT project, trace_hi, trace_lo, ? FROM incoming_traces", [seq])


def _remove(cursor: Any, ids: Any) -> None:
    """Delete the old forms of replaced spans and take them out of the producers' counts."""
    cursor.register("replaced_ids", ids)
    (first,) = one(cursor, _FIRST_SEQ)
    cursor.execute(_NOTE_STALE, [first])
    subtract_producers(cursor, _REPLACED, [first])
    cursor.execute(_DELETE_REPLACED, [first])


def select_traces(cursor: Any, keys: Iterable[TraceKey]) -> list[Span]:
    """All stored spans of the traces, in order of start."""
    numbers = [(project, *halves) for project, trace_id in keys if (halves := trace_numbers(trace_id)) is not None]
    if not numbers:
        return []
    projects, highs, lows = zip(*set(numbers), strict=True)
    table = pa.table(
        {"project": projects, "trace_hi": pa.array(highs, pa.uint64()), "trace_lo": pa.array(lows, pa.uint64())}
    )
    cursor.register("wanted", table)
    bounds = one(cursor, _SEQ_BOUNDS)
    rows = cursor.execute(_SELECT_TRACES, bounds).fetchall()
    return spans_of(rows)


_SELECT_TRACES = f"""
SELECT {SPAN_SELECT} FROM span s JOIN wanted w
ON s.trace_lo = w.trace_lo AND s.trace_hi = w.trace_hi AND s.project = w.project
WHERE s.seq BETWEEN ? AND ? ORDER BY s.start_ns, s.trace_hi, s.trace_lo, s.span_id
"""
