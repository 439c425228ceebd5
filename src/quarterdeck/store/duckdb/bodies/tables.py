"""Body chunks and places in their tables. `body_place` says which chunks hold bodies of a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from quarterdeck.store.duckdb.bodies.writer import BodyChunk
from quarterdeck.store.duckdb.columns import column
from quarterdeck.store.duckdb.pieces import insert_pieces

Place = tuple[str, int, int, int]
"""(project, body key, chunk id, earliest start of the bodies of that key in that chunk)."""


def insert_bodies(cursor: Any, chunks: Sequence[BodyChunk], data: Sequence[bytes]) -> None:
    """Append the chunks of one commit, with their compressed bytes, and their places."""
    if not chunks:
        return
    insert_pieces(cursor, "body_chunk", [(chunk.chunk_id, one) for chunk, one in zip(chunks, data, strict=True)])
    projects = [project for chunk in chunks for project in chunk.projects]
    counts = [len(chunk.keys) for chunk in chunks]
    table = {
        "project": column("project", projects, pa.string()),
        "body_key": pa.array([key for chunk in chunks for key in chunk.keys], pa.uint64()),
        "chunk_id": pa.array(np.repeat(np.array([chunk.chunk_id for chunk in chunks], np.int64), counts)),
        "started_min_ns": column("started_min_ns", [ns for chunk in chunks for ns in chunk.starts], pa.int64()),
    }
    cursor.register("incoming_places", pa.table(table))
    cursor.execute("INSERT INTO body_place SELECT * FROM incoming_places")


def insert_places(cursor: Any, places: Sequence[Place]) -> None:
    if not places:
        return
    projects, keys, chunk_ids, starts = zip(*places, strict=True)
    table = {
        "project": column("project", projects, pa.string()),
        "body_key": pa.array(keys, pa.uint64()),
        "chunk_id": pa.array(chunk_ids, pa.int64()),
        "started_min_ns": column("started_min_ns", starts, pa.int64()),
    }
    cursor.register("incoming_places", pa.table(table))
    cursor.execute("INSERT INTO body_place SELECT * FROM incoming_places")
