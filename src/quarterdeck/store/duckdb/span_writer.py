"""The way in for spans: a batch becomes columns, chunks and a few small rollups, in one transaction.

The order of work: pack raw forms (their compression runs beside), build columns, insert all, commit. DuckDB syncs its
log at commit, so what was acknowledged survives the end of the process. Refuses to look for repeats: the caller has
dropped them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.audit import put_rejections, put_unmapped
from quarterdeck.store.duckdb.chunks import ChunkWriter, Pair, PendingChunk, cut
from quarterdeck.store.duckdb.columns import (
    SPAN_SELECT,
    column,
    span_table,
    spans_of,
    trace_numbers,
    trace_table,
    trace_text,
)
from quarterdeck.store.duckdb.database import Database, one
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.identity import check_ids
from quarterdeck.store.interface import Batch, TraceKey

_TRACE_PAGE = 50_000
"""Trace keys fetched at a time, so that reading all of them at start holds few in memory."""

_PRODUCER_COUNTS = """
SELECT project, dialect, scope_name, {sign} count(*) AS spans,
  {sign} count(*) FILTER (op_kind = 'llm') AS model_calls,
  {sign} count(*) FILTER (op_kind = 'llm' AND (tokens_input IS NOT NULL OR tokens_output IS NOT NULL)) AS with_usage
FROM {source} GROUP BY project, dialect, scope_name
"""

_PUT_PRODUCERS = """
INSERT INTO producer {counts}
ON CONFLICT (project, dialect, scope_name) DO UPDATE SET spans = producer.spans + excluded.spans,
  model_calls = producer.model_calls + excluded.model_calls, with_usage = producer.with_usage + excluded.with_usage
"""

# `seq >=` lets zone maps skip what was committed before the first of these traces: replaced spans are mostly recent.
_REPLACED = """
SELECT s.* FROM span s JOIN replaced_ids r
ON s.trace_lo = r.trace_lo AND s.trace_hi = r.trace_hi AND s.span_id = r.span_id AND s.project = r.project
WHERE s.seq >= ?
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


class Part(NamedTuple):
    """Spans ready to be written: an Arrow table with the columns of `span_table`, and their chunks in the same order.

    `producers` counts (project, dialect, scope name, "spans" | "model_calls" | "with_usage"). Both small sums are made
    here since DuckDB would read the wide table once more for each.
    """

    table: Any
    chunks: Sequence[PendingChunk]
    traces: set[TraceKey]
    producers: Counter[tuple[str, str, str, str]]


class SpanStore:
    """`SpanWriter` over a database. Commits are taken one at a time."""

    def __init__(self, database: Database, options: DuckDBOptions) -> None:
        self._database = database
        self._rejections_max = options.rejections_max
        self._executor = ThreadPoolExecutor(options.compression_threads, thread_name_prefix="compress")
        self._chunks = ChunkWriter(self._executor, chunk_bytes=options.chunk_bytes, level=options.compression_level)
        self._lock = Lock()
        # pyarrow looks for pandas at its first list, which takes a second where pandas is there: not in the first commit.
        self._executor.submit(pa.array, [""], pa.string())
        with database.reader() as cursor:
            self._seq, self._chunk_id, self._rejection = one(cursor, _LAST)

    def prepare(self, pairs: Sequence[Pair]) -> Part:
        """Columns and chunks of these spans; needs no lock and no database, so any thread may do it ahead."""
        check_ids([span for span, _ in pairs])
        chunks = self._chunks.write(pairs)
        traces = {(span.project, span.trace_id) for span, _ in pairs}
        return Part(span_table(pairs), chunks, traces, _producers(pairs))

    def commit(self, batch: Batch) -> int:
        rest = [*batch.spans, *batch.replaced]  # the replaced ones come last, see _insert_spans
        parts: list[Part] = [*batch.prepared, *([self.prepare(rest)] if rest else [])]
        chunks = [chunk for part in parts for chunk in part.chunks]
        with self._lock:
            seq: int = self._seq + 1
            table = self._placed(parts, chunks, seq) if parts else None
            with self._database.transaction() as cursor:
                if table is not None:
                    _insert_spans(cursor, table, replaced=len(batch.replaced))
                    _insert_traces(cursor, set().union(*(part.traces for part in parts)), seq)
                    _put_producers(cursor, sum((part.producers for part in parts), Counter()))
                    _insert_chunks(cursor, chunks, first_id=self._chunk_id + 1)
                put_rejections(cursor, batch.rejections, first=self._rejection + 1, seq=seq, keep=self._rejections_max)
                put_unmapped(cursor, batch.unmapped)
            self._seq = seq
            self._chunk_id += len(chunks)
            self._rejection += len(batch.rejections)
            return seq

    def _placed(self, parts: Sequence[Part], chunks: Sequence[PendingChunk], seq: int) -> Any:
        """All parts as one table, with the places that only the order of commits gives."""
        counts = [chunk.spans for chunk in chunks]
        ids = np.arange(self._chunk_id + 1, self._chunk_id + 1 + len(counts), dtype=np.int64)
        indexes = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
        table = pa.concat_tables([part.table for part in parts])
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

    def load_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[Span]]:
        with self._database.snapshot() as cursor:
            spans = select_traces(cursor, keys)
        found: dict[TraceKey, list[Span]] = {}
        for span in spans:
            found.setdefault((span.project, span.trace_id), []).append(span)
        return found

    def close(self) -> None:
        self._executor.shutdown()


_LAST = """
SELECT greatest((SELECT coalesce(max(seq), 0) FROM trace_commit), (SELECT coalesce(max(seq), 0) FROM rejection),
                (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'settled_seq')),
       (SELECT coalesce(max(chunk_id), 0) FROM chunk), (SELECT coalesce(max(number), 0) FROM rejection)
"""


def _insert_spans(cursor: Any, table: Any, *, replaced: int) -> None:
    cursor.register("incoming", table)
    if replaced:
        _remove(cursor, table.slice(table.num_rows - replaced).select(["project", "trace_hi", "trace_lo", "span_id"]))
    cursor.execute("INSERT INTO span BY NAME SELECT * FROM incoming")


def _producers(pairs: Sequence[Pair]) -> Counter[tuple[str, str, str, str]]:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    by_scope: dict[tuple[str, str, str], list[Span]] = {}
    for span, raw in pairs:
        by_scope.setdefault((span.project, span.dialect, raw.scope.name), []).append(span)
    for key, spans in by_scope.items():
        calls = [span for span in spans if span.op_kind == "llm"]
        counts[*key, "spans"] = len(spans)
        counts[*key, "model_calls"] = len(calls)
        counts[*key, "with_usage"] = sum(s.tokens_input is not None or s.tokens_output is not None for s in calls)
    return counts


def _insert_traces(cursor: Any, traces: set[TraceKey], seq: int) -> None:
    projects, ids = zip(*traces, strict=True)
    cursor.register("incoming_traces", trace_table(projects, ids))
    cursor.execute("INSERT INTO trace_commit SELECT project, trace_hi, trace_lo, ? FROM incoming_traces", [seq])


def _put_producers(cursor: Any, counts: Counter[tuple[str, str, str, str]]) -> None:
    keys = list(dict.fromkeys(key[:3] for key in counts))
    names = ("spans", "model_calls", "with_usage")
    table = {
        name: column(name, [key[at] for key in keys], pa.string())
        for at, name in enumerate(("project", "dialect", "scope_name"))
    } | {name: pa.array([counts[*key, name] for key in keys], pa.int64()) for name in names}
    cursor.register("incoming_producers", pa.table(table))
    cursor.execute(_PUT_PRODUCERS.format(counts="SELECT * FROM incoming_producers"))


def _remove(cursor: Any, ids: Any) -> None:
    """Delete the old forms of replaced spans and take them out of the producers' counts."""
    cursor.register("replaced_ids", ids)
    (first,) = one(cursor, _FIRST_SEQ)
    old = f"({_REPLACED.replace('?', str(int(first)))})"
    cursor.execute(_PUT_PRODUCERS.format(counts=_PRODUCER_COUNTS.format(sign="-", source=old)))
    cursor.execute(_DELETE_REPLACED, [first])


def _insert_chunks(cursor: Any, chunks: Sequence[PendingChunk], *, first_id: int) -> None:
    ids: list[int] = []
    pieces: list[int] = []
    data: list[bytes] = []
    for chunk_id, chunk in enumerate(chunks, first_id):
        parts = cut(chunk.data.result())
        ids += [chunk_id] * len(parts)
        pieces += range(len(parts))
        data += parts
    table = {"chunk_id": ids, "piece": pa.array(pieces, pa.int32()), "data": pa.array(data, pa.binary())}
    cursor.register("incoming_chunks", pa.table(table))
    cursor.execute("INSERT INTO chunk SELECT * FROM incoming_chunks")


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
