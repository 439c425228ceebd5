"""Body chunks: `[[body key, [record, …]], …]` as MessagePack, compressed.

A record is `(number, base, shared, start_ns, rest)`: the text is the first `shared` characters of body `base` (0 = none)
and then `rest`; `start_ns` is when its span started, for expiry. Refuses to know where chunks are stored.
"""

from __future__ import annotations

from typing import NamedTuple

import zstandard

from quarterdeck.store.duckdb.packing import pack, unpack


class Record(NamedTuple):
    """One stored body."""

    number: int
    base: int
    shared: int
    start_ns: int
    rest: str


Groups = list[tuple[int, list[Record]]]
"""Records by body key."""


def pack_chunk(groups: Groups) -> bytes:
    """Not yet compressed."""
    return pack(groups)


def read_chunk(data: bytes) -> Groups:
    """What `pack_chunk` was given, from its compressed form."""
    found = unpack(zstandard.ZstdDecompressor().decompress(data))
    return [(key, [Record(*record) for record in records]) for key, records in found]
