"""Raw spans in compressed chunks: what a commit writes beside the skeletons, and what a detail view reads.

A chunk is MessagePack, compressed with Zstandard: `[resources, scopes, rows, part]`. Resources and scopes stand once and
rows point at them. A row leaves out (None) what equals the skeleton beside it; its long texts are elsewhere (`bodies`),
and its last item says where. Format 1 had three items and texts in the rows. Refuses nothing that `packing` takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from threading import local
from typing import Any, NamedTuple

import zstandard

from quarterdeck.model.raw import RawEvent, RawLink, RawSpan, Resource, Scope
from quarterdeck.model.spans import Span
from quarterdeck.store.bodies import bare
from quarterdeck.store.duckdb.bodies.references import Reference, references
from quarterdeck.store.duckdb.bodies.writer import BodyWriter, PartBodies
from quarterdeck.store.duckdb.packing import pack, pack_marked, unpack

Pair = tuple[Span, RawSpan]

_FIRST_COUNT = 256
"""Spans of the first chunk of a commit, before its size is known: about 0.5 MB at 1.9 KB a span."""


class PendingChunks(NamedTuple):
    """Chunks whose compression may still run: how many spans lie in each of the raw ones, in the order of the batch.

    `data` are the raw chunks and then the body chunks. One future for all: waking a thread costs as much as packing
    fifty spans.
    """

    spans: list[int]
    data: Future[list[bytes]]

    def raw(self) -> list[bytes]:
        return self.data.result()[: len(self.spans)]

    def bodies(self) -> list[bytes]:
        return self.data.result()[len(self.spans) :]


class ChunkWriter:
    """Packs on the caller's thread and compresses on the executor's, which needs no interpreter lock.

    `chunk_bytes` is what a chunk should measure before compression, `level` the Zstandard level.
    """

    def __init__(self, executor: Executor, *, chunk_bytes: int, body_chunk_bytes: int, level: int) -> None:
        self._executor = executor
        self._chunk_bytes = chunk_bytes
        self._body_chunk_bytes = body_chunk_bytes
        self._level = level
        # A compressor may be used by one thread at a time.
        self._own = local()

    def write(self, pairs: Sequence[Pair], bodies: BodyWriter) -> tuple[PendingChunks, PartBodies]:
        """The batch as chunks, in order, and its long texts as chunks of `bodies`."""
        packed = list(self._packed(pairs, bodies))
        found = bodies.finish(chunk_bytes=self._body_chunk_bytes)
        data = [data for _, data in packed] + [chunk.data for chunk in found.chunks]
        found = found._replace(chunks=[chunk._replace(data=b"") for chunk in found.chunks])
        return PendingChunks([count for count, _ in packed], self._executor.submit(self._compress, data)), found

    def _packed(self, pairs: Sequence[Pair], bodies: BodyWriter) -> Iterator[tuple[int, bytes]]:
        start, count = 0, _FIRST_COUNT
        while start < len(pairs):
            part = pairs[start : start + count]
            data = pack((*_rows(part, bodies), bodies.part))
            yield len(part), data
            start += len(part)
            # Neighbours resemble each other: the next count is what would have fitted this time.
            count = max(1, min(4 * count, count * self._chunk_bytes // len(data)))

    def _compress(self, chunks: list[bytes]) -> list[bytes]:
        compressor = getattr(self._own, "compressor", None)
        if compressor is None:
            compressor = self._own.compressor = zstandard.ZstdCompressor(level=self._level)
        return [compressor.compress(data) for data in chunks]


def _rows(pairs: Sequence[Pair], bodies: BodyWriter) -> tuple[list[Resource], list[Scope], list[tuple[Any, ...]]]:
    resources: dict[int, int] = {}
    scopes: dict[int, int] = {}
    resource_list: list[Resource] = []
    scope_list: list[Scope] = []
    rows = []
    strip = bodies.strip
    for span, raw in pairs:
        # Unpacked once: a named field of a tuple costs as much as a look into a dictionary.
        _, _, _, parent, state, name, kind, start, end, code, message, attributes, events, links, resource, scope = raw
        bare, bare_events, bare_links, found = strip(span, attributes, events, links)
        # By identity: a block's spans share one object, and comparing attribute maps would cost more than it saves.
        at_resource = resources.get(id(resource))
        if at_resource is None:
            at_resource = resources[id(resource)] = len(resource_list)
            resource_list.append(resource)
        at_scope = scopes.get(id(scope))
        if at_scope is None:
            at_scope = scopes[id(scope)] = len(scope_list)
            scope_list.append(scope)
        rows.append(
            (
                at_resource,
                at_scope,
                bare,
                bare_events,
                bare_links,
                state,
                kind,
                code,
                message,
                None if name == span.name else name,
                None if parent == span.parent_span_id else parent,
                None if start == span.start_ns else start,
                None if end == span.end_ns else end,
                found,
            )
        )
    return resource_list, scope_list, rows


class Skeleton(NamedTuple):
    """What a stored row leaves to the span table."""

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start_ns: int
    end_ns: int


_ATTRIBUTES, _EVENTS, _LINKS, _REFERENCES = 2, 3, 4, 13
"""Places in a row."""


class Chunk:
    """A chunk read back."""

    def __init__(self, data: bytes) -> None:
        self._resources, self._scopes, self._rows, *rest = unpack(zstandard.ZstdDecompressor().decompress(data))
        self.part: int | None = rest[0] if rest else None

    def __len__(self) -> int:
        return len(self._rows)

    def references(self, index: int) -> list[Reference]:
        """Where the bodies of row `index` are; none for a chunk of format 1, which holds its texts itself."""
        row = self._rows[index]
        return list(references(self.part, row[_REFERENCES])) if self.part is not None and row is not None else []

    def raw(self, index: int, skeleton: Skeleton) -> RawSpan:
        """The raw span in row `index`, with sizes where its bodies stand."""
        (
            at_resource,
            at_scope,
            attributes,
            events,
            links,
            trace_state,
            kind,
            code,
            message,
            name,
            parent,
            start,
            end,
        ) = self._rows[index][:_REFERENCES]
        return RawSpan(
            project=skeleton.project,
            trace_id=skeleton.trace_id,
            span_id=skeleton.span_id,
            parent_span_id=skeleton.parent_span_id if parent is None else parent,
            trace_state=trace_state,
            name=skeleton.name if name is None else name,
            kind=kind,
            start_ns=skeleton.start_ns if start is None else start,
            end_ns=skeleton.end_ns if end is None else end,
            status_code=code,
            status_message=message,
            attributes=attributes,
            events=tuple(RawEvent(*event) for event in events),
            links=tuple(RawLink(*link) for link in links),
            resource=Resource(*self._resources[at_resource]),
            scope=Scope(*self._scopes[at_scope]),
        )

    def blank(self, indexes: Sequence[int]) -> None:
        """Take rows out; the others keep their places. Resources and scopes that no row needs go too."""
        for index in indexes:
            self._rows[index] = None
        for held, place in ((self._resources, 0), (self._scopes, 1)):
            used = {row[place] for row in self._rows if row is not None}
            held[:] = [item if at in used else None for at, item in enumerate(held)]

    def bare(self, reasons: Mapping[int, str]) -> int:
        """Put marks for the texts that rows of format 1 hold themselves; answers how many bodies went."""
        gone = 0
        for index, reason in reasons.items():
            row = self._rows[index]
            holders = [row[_ATTRIBUTES], *(event[2] for event in row[_EVENTS]), *(link[3] for link in row[_LINKS])]
            for held in holders:
                marked = bare(held, reason)
                changed = [name for name, value in held.items() if marked[name] is not value]
                gone += len(changed)
                held.update({name: marked[name] for name in changed})
        return gone

    def packed(self, level: int) -> bytes:
        """The chunk as it is now, compressed."""
        rest = () if self.part is None else (self.part,)
        data = pack_marked((self._resources, self._scopes, self._rows, *rest))
        compressed: bytes = zstandard.ZstdCompressor(level=level).compress(data)
        return compressed
