"""Spans taken out of every table: skeletons, raw forms (old ones too), bodies, logs, and what was counted of them.

Refuses to leave a text: chunks are written again without the rows. Runs and rollups are `put_runs`' business.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quarterdeck.store.bodies import attribute_maps, body_size
from quarterdeck.store.duckdb.bodies.dropping import drop_bodies
from quarterdeck.store.duckdb.bodies.references import ABSENT, Reference
from quarterdeck.store.duckdb.chunks import Chunk
from quarterdeck.store.duckdb.inline import keep_only_pointed_at, same_commits
from quarterdeck.store.duckdb.logs import select_logs
from quarterdeck.store.duckdb.pieces import read_pieces, replace_pieces
from quarterdeck.store.duckdb.producers import subtract_producers
from quarterdeck.store.duckdb.raw_reader import Place, place_of, select_places
from quarterdeck.store.interface import Erased

_SAME_SPAN = "t.trace_lo = w.trace_lo AND t.trace_hi = w.trace_hi AND t.span_id = w.span_id"

_ERASED = f"SELECT t.* FROM span t SEMI JOIN wanted_spans w ON {_SAME_SPAN} WHERE t.project = ?"
_STALE = f"""
SELECT t.project, t.trace_hi, t.trace_lo, t.span_id, 0, '', 0, 0, t.chunk_id, t.chunk_index
FROM span_stale t SEMI JOIN wanted_spans w ON {_SAME_SPAN} WHERE t.project = ?
"""
_DELETES = tuple(
    f"DELETE FROM {table} t USING wanted_spans w WHERE {_SAME_SPAN} AND t.project = ?"
    for table in ("span", "span_stale", "span_log")
)
_DELETE_COMMITS = """
DELETE FROM trace_commit t USING wanted_spans w WHERE t.trace_lo = w.trace_lo AND t.trace_hi = w.trace_hi AND t.project = ?
  AND NOT EXISTS (SELECT 1 FROM span s WHERE s.trace_lo = t.trace_lo AND s.trace_hi = t.trace_hi
                  AND s.project = t.project AND s.seq = t.seq)
"""
_DELETE_REJECTIONS = """
DELETE FROM rejection t USING wanted_spans w WHERE t.project = ? AND t.span_id = printf('%016x', w.span_id)
  AND t.trace_id = printf('%016x%016x', w.trace_hi, w.trace_lo)
"""
_FORGET_EXAMPLES = """
UPDATE unmapped SET example_trace_id = '' FROM wanted_spans w
WHERE unmapped.project = ? AND unmapped.example_trace_id = printf('%016x%016x', w.trace_hi, w.trace_lo)
"""


def erase(cursor: Any, project: str, *, inline_max: int, level: int) -> tuple[Erased, set[int]]:
    """Take out the spans in the registered table `wanted_spans`; answers what went, and whose bodies were touched."""
    places = select_places(cursor, project)
    stale = [place_of(row) for row in cursor.execute(_STALE, [project]).fetchall()]
    old_commits = same_commits(cursor, inline_max, project)
    numbers, inline = _blank(cursor, [*places, *stale], level)
    for logs in select_logs(cursor, project).values():
        for log in logs:
            _note(numbers, log.references)
    subtract_producers(cursor, _ERASED, [project])
    for statement in (*_DELETES, _DELETE_COMMITS, _DELETE_REJECTIONS, _FORGET_EXAMPLES):
        cursor.execute(statement, [project])
    keep_only_pointed_at(cursor, old_commits, level=level)
    gone = drop_bodies(cursor, numbers, lambda key, record: record.number in numbers[key], level=level)
    return Erased(len(places), gone + inline), set(numbers)


def _blank(cursor: Any, places: Iterable[Place], level: int) -> tuple[dict[int, set[int]], int]:
    """Take rows out of their chunks; answers the numbers of their bodies by key, and how many bodies lay in the rows."""
    by_chunk: dict[int, list[Place]] = {}
    for place in places:
        by_chunk.setdefault(place.chunk_id, []).append(place)
    numbers: dict[int, set[int]] = {}
    inline = 0
    for chunk_id, data in read_pieces(cursor, "chunk", by_chunk):
        chunk = Chunk(data)
        for place in by_chunk[chunk_id]:
            if chunk.part is None:
                inline += _inline_bodies(chunk, place)
            _note(numbers, chunk.references(place.row))
        chunk.blank([place.row for place in by_chunk[chunk_id]])
        replace_pieces(cursor, "chunk", [(chunk_id, chunk.packed(level))])
    return numbers, inline


def _inline_bodies(chunk: Chunk, place: Place) -> int:
    maps = attribute_maps(chunk.raw(place.row, place.skeleton))
    return sum(body_size(value) is not None for held in maps for value in held.values())


def _note(numbers: dict[int, set[int]], references: Iterable[Reference]) -> None:
    for reference in references:
        if reference.kind != ABSENT:
            numbers.setdefault(reference.key, set()).add(reference.number)
