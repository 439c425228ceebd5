"""Raw spans read back: a row of a chunk, the bodies that it refers to, and the logs that join it.

Each function takes a cursor inside a snapshot. Refuses to answer with half of a text: a body that is missing without
having been dropped is a damaged file (StoreFailed).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from quarterdeck.errors import StoreFailed
from quarterdeck.model.raw import RawSpan
from quarterdeck.store.bodies import with_logs
from quarterdeck.store.duckdb.bodies.reader import read_bodies
from quarterdeck.store.duckdb.bodies.references import ABSENT, Reference, put_back
from quarterdeck.store.duckdb.chunks import Chunk, Skeleton
from quarterdeck.store.duckdb.columns import span_number, span_text, trace_numbers, trace_text
from quarterdeck.store.duckdb.database import one
from quarterdeck.store.duckdb.logs import SpanId, StoredLog, select_logs
from quarterdeck.store.duckdb.pieces import read_pieces
from quarterdeck.store.text import storable

_PLACE_COLUMNS = """s.project, s.trace_hi, s.trace_lo, s.span_id, s.parent_span_id, s.name, s.start_ns, s.end_ns,
  s.chunk_id, s.chunk_index"""

_PLACES = f"""
SELECT {_PLACE_COLUMNS}
FROM span s JOIN wanted_spans w ON s.trace_lo = w.trace_lo AND s.trace_hi = w.trace_hi AND s.span_id = w.span_id
WHERE s.project = ? AND s.seq >= (
  SELECT coalesce(min(t.seq), 0) FROM trace_commit t JOIN wanted_spans w ON t.trace_lo = w.trace_lo AND t.trace_hi = w.trace_hi)
"""


class Place(NamedTuple):
    """A span and where its raw form lies."""

    skeleton: Skeleton
    chunk_id: int
    row: int
    ids: SpanId


class _Held(NamedTuple):
    place: Place
    raw: RawSpan
    references: list[Reference]


def wanted_table(keys: Iterable[tuple[str, str]]) -> Any:
    """The keys as numbers in an Arrow table, to be registered as `wanted_spans`; None when none of them can be stored."""
    rows = {
        (*trace, span)
        for trace_id, span_id in keys
        if (trace := trace_numbers(trace_id)) is not None and (span := span_number(span_id)) is not None
    }
    if not rows:
        return None
    names = ("trace_hi", "trace_lo", "span_id")
    return pa.table(
        {name: pa.array(values, pa.uint64()) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    )


def spans_raw(cursor: Any, project: str, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], RawSpan]:
    """Raw forms by (trace_id, span_id); unknown keys are left out."""
    wanted = wanted_table(keys)
    if wanted is None:
        return {}
    cursor.register("wanted_spans", wanted)
    places = select_places(cursor, project)
    return {(raw.trace_id, raw.span_id): raw for raw in raw_of(cursor, project, places)}


def select_places(cursor: Any, project: str) -> list[Place]:
    """The places of the spans in the registered table `wanted_spans`."""
    return [place_of(row) for row in cursor.execute(_PLACES, [storable(project)]).fetchall()]


def place_of(row: Sequence[Any]) -> Place:
    """A row of project, trace_hi, trace_lo, span_id, parent, name, start, end, chunk id, chunk index."""
    project, high, low, span_id, parent, name, start, end, chunk_id, index = row
    parent_id = span_text(parent) if parent else ""
    skeleton = Skeleton(project, trace_text(high, low), span_text(span_id), parent_id, name, start, end)
    return Place(skeleton, chunk_id, index, (high, low, span_id))


def raw_of(cursor: Any, project: str, places: Sequence[Place]) -> list[RawSpan]:
    """The raw spans at these places, in no order; logs are those of the registered table `wanted_spans`."""
    held = _held(cursor, places)
    logs = select_logs(cursor, storable(project))
    texts = _Texts(cursor, project)
    for span in held:
        texts.want(span.references)
        for log in logs.get(span.place.ids, ()):
            texts.want(log.references)
    texts.read()
    return [_whole(span, logs.get(span.place.ids, []), texts) for span in held]


def _held(cursor: Any, places: Sequence[Place]) -> list[_Held]:
    by_chunk: dict[int, list[Place]] = {}
    for place in places:
        by_chunk.setdefault(place.chunk_id, []).append(place)
    found: list[_Held] = []
    for chunk_id, data in read_pieces(cursor, "chunk", by_chunk):
        chunk = Chunk(data)
        for place in by_chunk[chunk_id]:
            raw = chunk.raw(place.row, place.skeleton)
            found.append(_Held(place, raw, chunk.references(place.row)))
    return found


class _Texts:
    """The bodies that were asked for, and for those that are not there the reason."""

    def __init__(self, cursor: Any, project: str) -> None:
        self._cursor = cursor
        self._project = storable(project)
        self._wanted: list[Reference] = []
        self._texts: dict[int, str] = {}
        self._gone: set[int] | None = None
        self._expired_before_ns = 0

    def want(self, references: Sequence[Reference]) -> None:
        self._wanted += references

    def read(self) -> None:
        self._texts = read_bodies(self._cursor, self._wanted)

    def text(self, number: int) -> str | None:
        return self._texts.get(number)

    def reason(self, reference: Reference, started_ns: int) -> str:
        """Why a body is not there."""
        if self._gone is None:
            rows = self._cursor.execute("SELECT body_key FROM body_gone").fetchall()
            self._gone = {key for (key,) in rows}
            expiry = one(self._cursor, "SELECT before_ns FROM body_expiry WHERE project = ?", [self._project])
            self._expired_before_ns = expiry[0] if expiry else 0
        if reference.key in self._gone:
            return "sampled"
        if started_ns < self._expired_before_ns:
            return "expired"
        raise StoreFailed(
            f"body {reference.number} is missing and was not dropped",
            mend="the file is damaged: restore it from a backup",
        )


def _whole(held: _Held, logs: Sequence[StoredLog], texts: _Texts) -> RawSpan:
    raw, place = held.raw, held.place
    maps = [raw.attributes, *(event.attributes for event in raw.events), *(link.attributes for link in raw.links)]
    for reference in held.references:
        _fill(maps[reference.holder], reference, texts, place.skeleton.start_ns)
    for log in logs:
        for reference in log.references:
            _fill(log.event.attributes, reference, texts, log.event.time_ns)
    return with_logs(raw, [log.event for log in logs])


def _fill(attributes: dict[str, Any], reference: Reference, texts: _Texts, started_ns: int) -> None:
    text = texts.text(reference.number)
    missing = text is None and reference.kind != ABSENT
    put_back(attributes, reference, text, texts.reason(reference, started_ns) if missing else "")
