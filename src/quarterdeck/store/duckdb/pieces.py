"""Compressed chunks in tables of pieces: written, read, replaced.

Both chunk tables (`chunk`, `body_chunk`) have the same columns. Pieces stay under 4,096 bytes: of longer values DuckDB
reads 2,048 neighbours to give one (see schema.py). Refuses other tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import pyarrow as pa

Table = Literal["chunk", "body_chunk"]

PIECE_BYTES = 4_000
"""Bytes of one stored piece."""


def cut(data: bytes) -> list[bytes]:
    """A compressed chunk in pieces, in order."""
    return [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]


def insert_pieces(cursor: Any, table: Table, chunks: Sequence[tuple[int, bytes]]) -> None:
    """Append chunks, given as (chunk id, compressed bytes)."""
    if not chunks:
        return
    ids: list[int] = []
    pieces: list[int] = []
    data: list[bytes] = []
    for chunk_id, compressed in chunks:
        parts = cut(compressed)
        ids += [chunk_id] * len(parts)
        pieces += range(len(parts))
        data += parts
    columns = {
        "chunk_id": pa.array(ids, pa.int64()), "piece": pa.array(pieces, pa.int32()), "data": pa.array(data, pa.binary()),
    }  # fmt: skip
    cursor.register("incoming_pieces", pa.table(columns))
    cursor.execute(f"INSERT INTO {table} SELECT * FROM incoming_pieces")


def read_pieces(cursor: Any, table: Table, chunk_ids: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """The chunks that are there, in order of id, some at a time."""
    wanted = sorted(set(chunk_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        cursor.register("wanted_chunks", pa.table({"chunk_id": pa.array(some, pa.int64())}))
        rows = cursor.execute(
            f"SELECT c.chunk_id, c.data FROM {table} c SEMI JOIN wanted_chunks w ON c.chunk_id = w.chunk_id"
            " WHERE c.chunk_id BETWEEN ? AND ? ORDER BY c.chunk_id, c.piece",
            [some[0], some[-1]],
        ).fetchall()
        yield from _whole(rows)


_AT_ONCE = 64
"""Chunks held in memory at once."""


def _whole(rows: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    held_id: int | None = None
    held: list[bytes] = []
    for chunk_id, data in rows:
        if held_id is not None and chunk_id != held_id:
            yield held_id, b"".join(held)
            held = []
        held_id = chunk_id
        held.append(data)
    if held_id is not None:
        yield held_id, b"".join(held)


def replace_pieces(cursor: Any, table: Table, chunks: Sequence[tuple[int, bytes | None]]) -> None:
    """Put new bytes for chunks; None takes a chunk out."""
    if not chunks:
        return
    cursor.register("old_chunks", pa.table({"chunk_id": pa.array([chunk_id for chunk_id, _ in chunks], pa.int64())}))
    low, high = min(chunk_id for chunk_id, _ in chunks), max(chunk_id for chunk_id, _ in chunks)
    cursor.execute(
        f"DELETE FROM {table} WHERE chunk_id IN (SELECT chunk_id FROM old_chunks) AND chunk_id BETWEEN ? AND ?",
        [low, high],
    )
    insert_pieces(cursor, table, [(chunk_id, data) for chunk_id, data in chunks if data is not None])
