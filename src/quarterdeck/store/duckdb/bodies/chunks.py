"""Body chunks: `[[body key, [entry, …]], …]` as MessagePack, compressed.

An entry is `(number of the first, start_ns, [stored, …])`: bodies with rising numbers of a span that started then, which
matters for expiry. Stored is the whole text, or `(rest, base, shared)`: the first `shared` characters of body `base` and
then `rest`. Refuses to know where chunks are stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import zstandard

from quarterdeck.store.duckdb.packing import pack, unpack


class Record(NamedTuple):
    """One stored body; `base` 0 = a whole text."""

    number: int
    start_ns: int
    rest: str
    base: int = 0
    shared: int = 0


Groups = list[tuple[int, list[Record]]]
"""Records by body key."""


def pack_chunk(groups: Groups) -> bytes:
    """Not yet compressed."""
    return pack([(key, [_entry(record) for record in records]) for key, records in groups])


def _entry(record: Record) -> tuple[int, int, list[Any]]:
    stored = (record.rest, record.base, record.shared) if record.base else record.rest
    return record.number, record.start_ns, [stored]


def read_chunk(data: bytes) -> Groups:
    """What is in a chunk, from its compressed form."""
    found = unpack(zstandard.ZstdDecompressor().decompress(data))
    return [(key, [record for entry in entries for record in _records(*entry)]) for key, entries in found]


def _records(first: int, start_ns: int, stored: list[Any]) -> Iterator[Record]:
    for number, one in enumerate(stored, first):
        rest, base, shared = (one, 0, 0) if isinstance(one, str) else one
        yield Record(number, start_ns, rest, base, shared)
