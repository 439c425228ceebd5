"""Bodies read back: the chunks of a body key in one query, then the chains put together.

Refuses to guess: a body that is in no chunk is left out of the answer, and the caller says why it is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from quarterdeck.store.duckdb.bodies.chunks import Record, read_chunk
from quarterdeck.store.duckdb.bodies.numbers import first_of, part_of
from quarterdeck.store.duckdb.bodies.references import ABSENT, Reference
from quarterdeck.store.duckdb.pieces import read_pieces

_PLACES = """
SELECT DISTINCT p.chunk_id FROM body_place p JOIN wanted_keys w ON p.body_key = w.body_key
WHERE p.chunk_id >= w.low AND p.chunk_id < w.high AND p.chunk_id >= ? AND p.chunk_id < ?
"""


def read_bodies(cursor: Any, wanted: Iterable[Reference]) -> dict[int, str]:
    """Texts by number; numbers that are in no chunk are left out."""
    named: dict[int, list[Reference]] = {}
    for reference in wanted:
        if reference.kind != ABSENT:
            named.setdefault(reference.key, []).append(reference)
    if not named:
        return {}
    bounds = {
        key: (first_of(min(r.root for r in found)), first_of(part_of(max(r.number for r in found)) + 1))
        for key, found in named.items()
    }
    records: dict[int, Record] = {}
    for _, data in read_pieces(cursor, "body_chunk", _chunk_ids(cursor, bounds)):
        for key, group in read_chunk(data):
            if key in named:
                records.update((record.number, record) for record in group)
    return resolve(records, (r.number for found in named.values() for r in found))


def _chunk_ids(cursor: Any, bounds: Mapping[int, tuple[int, int]]) -> list[int]:
    lows, highs = zip(*bounds.values(), strict=True)
    table = {"body_key": pa.array(list(bounds), pa.uint64()), "low": pa.array(lows, pa.int64())}
    cursor.register("wanted_keys", pa.table({**table, "high": pa.array(highs, pa.int64())}))
    return [chunk_id for (chunk_id,) in cursor.execute(_PLACES, [min(lows), max(highs)]).fetchall()]


def resolve(records: Mapping[int, Record], numbers: Iterable[int]) -> dict[int, str]:
    """The texts of these bodies; those whose record is not there are left out."""
    texts: dict[int, str] = {}
    for number in sorted(set(numbers)):  # a base is older than what builds on it, so most chains end after one step
        chain: list[Record] = []
        at = number
        while at and at not in texts:
            record = records.get(at)
            if record is None:
                break
            chain.append(record)
            at = record.base
        if at and at not in texts:
            continue
        text = texts[at] if at else ""
        for record in reversed(chain):
            text = text[: record.shared] + record.rest
        texts[number] = text
    return texts
