"""Chunks of format 1, which hold their texts themselves: marked when bodies are dropped, cleaned when spans are erased.

New files have none (`inline_chunk_max` is 0), and then nothing here asks the database. Refuses newer chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from quarterdeck.store.duckdb.chunks import Chunk
from quarterdeck.store.duckdb.columns import column
from quarterdeck.store.duckdb.pieces import read_pieces, replace_pieces

_OWNED = """
SELECT s.chunk_id, s.chunk_index FROM span s SEMI JOIN dropped_owners o ON s.project = o.project
  AND coalesce(nullif(s.session_id, ''), printf('%016x%016x', s.trace_hi, s.trace_lo)) = o.owner
WHERE s.chunk_id <= ?
"""
_STARTED = (
    "SELECT chunk_id, chunk_index FROM span WHERE project = ? AND start_ns >= ? AND start_ns < ? AND chunk_id <= ?"
)

# All chunks of the commits that touched the erased traces: between the chunks of the commits before and after.
_SAME_COMMITS = """
SELECT DISTINCT c.chunk_id FROM chunk c JOIN (
  SELECT t.seq, (SELECT coalesce(max(chunk_id), 0) FROM span WHERE seq < t.seq) AS low,
    (SELECT coalesce(min(chunk_id), 9223372036854775807) FROM span WHERE seq > t.seq) AS high
  FROM (SELECT DISTINCT seq FROM trace_commit t SEMI JOIN wanted_spans w ON t.trace_lo = w.trace_lo AND t.trace_hi = w.trace_hi
        WHERE t.project = ?) t
) r ON c.chunk_id > r.low AND c.chunk_id < r.high WHERE c.chunk_id <= ?
"""


def drop_owned(cursor: Any, inline_max: int, owners: Iterable[tuple[str, str]], *, level: int) -> int:
    """Mark the texts of these (project, owner); answers how many bodies went."""
    wanted = list(owners)
    if not inline_max or not wanted:
        return 0
    projects, names = zip(*wanted, strict=True)
    table = {"project": column("project", projects, pa.string()), "owner": column("owner", names, pa.string())}
    cursor.register("dropped_owners", pa.table(table))
    return _mark(cursor, cursor.execute(_OWNED, [inline_max]).fetchall(), "sampled", level)


def drop_started(cursor: Any, inline_max: int, project: str, since_ns: int, before_ns: int, *, level: int) -> int:
    """Mark the texts of what started in the window; answers how many bodies went."""
    if not inline_max:
        return 0
    return _mark(
        cursor, cursor.execute(_STARTED, [project, since_ns, before_ns, inline_max]).fetchall(), "expired", level
    )


def _mark(cursor: Any, places: Iterable[tuple[int, int]], reason: str, level: int) -> int:
    by_chunk: dict[int, dict[int, str]] = {}
    for chunk_id, index in places:
        by_chunk.setdefault(chunk_id, {})[index] = reason
    gone = 0
    for chunk_id, data in list(read_pieces(cursor, "chunk", by_chunk)):
        chunk = Chunk(data)
        found = chunk.bare(by_chunk[chunk_id])
        if found:
            replace_pieces(cursor, "chunk", [(chunk_id, chunk.packed(level))])
        gone += found
    return gone


def same_commits(cursor: Any, inline_max: int, project: str) -> list[int]:
    """Chunks of format 1 in which old forms of the spans in `wanted_spans` may lie."""
    if not inline_max:
        return []
    return [chunk_id for (chunk_id,) in cursor.execute(_SAME_COMMITS, [project, inline_max]).fetchall()]


def keep_only_pointed_at(cursor: Any, chunk_ids: Iterable[int], *, level: int) -> None:
    """Blank the rows of these chunks that no span points at any more: old forms of replaced spans."""
    wanted = list(chunk_ids)
    if not wanted:
        return
    rows = cursor.execute(
        "SELECT chunk_id, list(chunk_index) FROM span WHERE chunk_id IN (SELECT unnest(CAST(? AS BIGINT[]))) GROUP BY chunk_id",
        [wanted],
    ).fetchall()
    kept: Mapping[int, list[int]] = dict(rows)
    for chunk_id, data in list(read_pieces(cursor, "chunk", wanted)):
        chunk = Chunk(data)
        chunk.blank([index for index in range(len(chunk)) if index not in set(kept.get(chunk_id, ()))])
        replace_pieces(cursor, "chunk", [(chunk_id, chunk.packed(level))])
