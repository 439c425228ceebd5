"""Raw spans in compressed chunks: what a commit writes beside the skeletons, and what a detail view reads.

A chunk is MessagePack, compressed with Zstandard: `[resources, scopes, rows]`. Resources and scopes stand once and rows
point at them. A row leaves out (None) what equals the skeleton beside it. Refuses nothing that `packing` takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from threading import local
from typing import Any, NamedTuple

import zstandard

from quarterdeck.model.raw import RawEvent, RawLink, RawSpan, Resource, Scope
from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.packing import pack, unpack

Pair = tuple[Span, RawSpan]

_FIRST_COUNT = 256
"""Spans of the first chunk of a commit, before its size is known: about 0.5 MB at 1.9 KB a span."""


PIECE_BYTES = 4_000
"""Bytes of one stored piece of a chunk; see the chunk table in schema.py."""


def cut(data: bytes) -> list[bytes]:
    """A compressed chunk in pieces, in order."""
    return [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]


class PendingChunk(NamedTuple):
    """A chunk whose compression may still run; `spans` spans lie in it, in the order of the batch."""

    spans: int
    data: Future[bytes]


class ChunkWriter:
    """Packs on the caller's thread and compresses on the executor's, which needs no interpreter lock.

    `chunk_bytes` is what a chunk should measure before compression, `level` the Zstandard level.
    """

    def __init__(self, executor: Executor, *, chunk_bytes: int, level: int) -> None:
        self._executor = executor
        self._chunk_bytes = chunk_bytes
        self._level = level
        # A compressor may be used by one thread at a time.
        self._own = local()

    def write(self, pairs: Sequence[Pair]) -> list[PendingChunk]:
        """The batch as chunks, in order."""
        return [PendingChunk(count, self._executor.submit(self._compress, data)) for count, data in self._packed(pairs)]

    def _packed(self, pairs: Sequence[Pair]) -> Iterator[tuple[int, bytes]]:
        start, count = 0, _FIRST_COUNT
        while start < len(pairs):
            part = pairs[start : start + count]
            data = pack(_rows(part))
            yield len(part), data
            start += len(part)
            # Neighbours resemble each other: the next count is what would have fitted this time.
            count = max(1, min(4 * count, count * self._chunk_bytes // len(data)))

    def _compress(self, data: bytes) -> bytes:
        compressor = getattr(self._own, "compressor", None)
        if compressor is None:
            compressor = self._own.compressor = zstandard.ZstdCompressor(level=self._level)
        compressed: bytes = compressor.compress(data)
        return compressed


def _rows(pairs: Sequence[Pair]) -> tuple[list[Resource], list[Scope], list[tuple[Any, ...]]]:
    resources: dict[int, int] = {}
    scopes: dict[int, int] = {}
    resource_list: list[Resource] = []
    scope_list: list[Scope] = []
    rows = []
    for span, raw in pairs:
        resource, scope = raw.resource, raw.scope
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
                raw.attributes,
                raw.events,
                raw.links,
                raw.trace_state,
                raw.kind,
                raw.status_code,
                raw.status_message,
                None if raw.name == span.name else raw.name,
                None if raw.parent_span_id == span.parent_span_id else raw.parent_span_id,
                None if raw.start_ns == span.start_ns else raw.start_ns,
                None if raw.end_ns == span.end_ns else raw.end_ns,
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


class Chunk:
    """A chunk read back."""

    def __init__(self, data: bytes) -> None:
        self._resources, self._scopes, self._rows = unpack(zstandard.ZstdDecompressor().decompress(data))

    def raw(self, index: int, skeleton: Skeleton) -> RawSpan:
        """The raw span in row `index`."""
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
        ) = self._rows[index]
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
