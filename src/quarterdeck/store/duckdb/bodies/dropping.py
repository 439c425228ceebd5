"""Bodies taken out of their chunks: all of some keys, those of what started before a time, or some by number.

What stays is put together anew: a body whose base goes builds on the nearest one that stays, or stands whole. Numbers
stay as they are, since rows refer to them. Refuses to leave a text behind: a chunk is written again without it, or goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import zstandard

from quarterdeck.store.duckdb.bodies.chunks import Groups, Record, pack_chunk, read_chunk
from quarterdeck.store.duckdb.bodies.reader import resolve
from quarterdeck.store.duckdb.bodies.tables import Place, insert_places
from quarterdeck.store.duckdb.pieces import read_pieces, replace_pieces

Goes = Callable[[int, Record], bool]
"""Whether a body of this key goes."""

_PLACES = """
SELECT p.project, p.body_key, p.chunk_id, p.started_min_ns FROM body_place p SEMI JOIN dropped_keys k ON p.body_key = k.body_key
"""


class _Kept(NamedTuple):
    """What stays of one key: records by number, with texts that were rebuilt."""

    records: Mapping[int, Record]
    gone: int


def drop_bodies(cursor: Any, keys: Iterable[int], goes: Goes, *, level: int) -> int:
    """Take out the bodies of these keys that go; answers how many. `level`: of the compression of what is written."""
    wanted = set(keys)
    if not wanted:
        return 0
    cursor.register("dropped_keys", pa.table({"body_key": pa.array(sorted(wanted), pa.uint64())}))
    places: list[Place] = cursor.execute(_PLACES).fetchall()
    if not places:
        return 0
    chunks = {
        chunk_id: read_chunk(data) for chunk_id, data in read_pieces(cursor, "body_chunk", {p[2] for p in places})
    }
    kept = {key: _kept(key, chunks.values(), goes) for key in {place[1] for place in places}}
    gone = sum(found.gone for found in kept.values())
    if gone:
        rewritten = {chunk_id: _rewritten(groups, kept) for chunk_id, groups in chunks.items()}
        _write(cursor, rewritten, places, level)
    return gone


def _kept(key: int, chunks: Iterable[Groups], goes: Goes) -> _Kept:
    records = {record.number: record for groups in chunks for held, found in groups if held == key for record in found}
    leaving = {number for number, record in records.items() if goes(key, record)}
    if len(leaving) == len(records):
        return _Kept({}, len(leaving))
    moved = {
        number: _nearest(records, leaving, record)
        for number, record in records.items()
        if number not in leaving and record.base in leaving
    }
    texts = resolve(records, moved)
    stays = {
        number: Record(number, record.start_ns, texts[number][moved[number][1] :], *moved[number])
        if number in moved
        else record
        for number, record in records.items()
        if number not in leaving
    }
    return _Kept(stays, len(leaving))


def _nearest(records: Mapping[int, Record], leaving: set[int], record: Record) -> tuple[int, int]:
    """(base, shared) on the nearest body of the chain that stays; (0, 0) when none does."""
    base, shared = record.base, record.shared
    while base in leaving:
        shared = min(shared, records[base].shared)
        base = records[base].base
    return (base, shared) if base else (0, 0)


def _rewritten(groups: Groups, kept: Mapping[int, _Kept]) -> Groups:
    found: Groups = []
    for key, records in groups:
        left = kept[key].records if key in kept else None
        stays = records if left is None else [left[record.number] for record in records if record.number in left]
        if stays:
            found.append((key, stays))
    return found


def _write(cursor: Any, chunks: Mapping[int, Groups], places: Sequence[Place], level: int) -> None:
    compressor = zstandard.ZstdCompressor(level=level)
    data = [
        (chunk_id, compressor.compress(pack_chunk(groups)) if groups else None) for chunk_id, groups in chunks.items()
    ]
    replace_pieces(cursor, "body_chunk", data)
    cursor.execute("DELETE FROM body_place p USING dropped_keys k WHERE p.body_key = k.body_key")
    projects = {place[1]: place[0] for place in places}
    insert_places(
        cursor,
        [
            (projects[key], key, chunk_id, min(record.start_ns for record in records))
            for chunk_id, groups in chunks.items()
            for key, records in groups
            if key in projects
        ],
    )
