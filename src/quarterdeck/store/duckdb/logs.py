"""Events that came as logs: rows of their own, joined to their span when it is read.

A log may come before its span, twice, or for a span that never comes. Equal logs of a span are stored once per commit
and shown once. Their long texts are bodies of their trace: a log names no session. Refuses ids that are not hex.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from xxhash import xxh3_64_intdigest

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import RawEvent, RawLog
from quarterdeck.store.duckdb.bodies.references import Reference, references
from quarterdeck.store.duckdb.bodies.writer import BodyWriter
from quarterdeck.store.duckdb.columns import column, span_number, trace_numbers
from quarterdeck.store.duckdb.packing import pack, unpack

SpanId = tuple[int, int, int]
"""(high and low half of the trace id, span id) as numbers."""


class LogRow(NamedTuple):
    """One row of `span_log` without its `seq`. `digest`: of the whole event, to store an equal one once."""

    project: str
    trace_hi: int
    trace_lo: int
    span_id: int
    digest: int
    data: bytes


class StoredLog(NamedTuple):
    """A log read back, with sizes where its bodies stand."""

    event: RawEvent
    references: list[Reference]


def log_row(log: RawLog, bodies: BodyWriter) -> LogRow:
    """Raises BadInput for ids that cannot be a span's."""
    trace, span = trace_numbers(log.trace_id), span_number(log.span_id)
    if trace is None or span is None:
        raise BadInput(
            f"a log names no span: trace {log.trace_id!r}, span {log.span_id!r}; expected 32 and 16 lower-case hex digits"
        )
    digest: int = xxh3_64_intdigest(pack(tuple(log.event)))
    attributes, refs = bodies.strip_event(log.project, log.trace_id, log.event)
    data = pack((log.event.name, log.event.time_ns, attributes, refs, bodies.part))
    return LogRow(log.project, *trace, span, digest, data)


def insert_logs(cursor: Any, rows: Sequence[LogRow], seq: int) -> None:
    """Append those that are not there already."""
    if not rows:
        return
    unique = list({row[:5]: row for row in rows}.values())
    numbers = ("trace_hi", "trace_lo", "span_id", "digest")
    table = {name: pa.array([getattr(row, name) for row in unique], pa.uint64()) for name in numbers}
    table["project"] = column("project", [row.project for row in unique], pa.string())
    table["data"] = pa.array([row.data for row in unique], pa.binary())
    cursor.register("incoming_logs", pa.table(table))
    cursor.execute(_INSERT, [seq])


_INSERT = """
INSERT INTO span_log BY NAME SELECT i.*, CAST(? AS BIGINT) AS seq FROM incoming_logs i ANTI JOIN span_log l
ON l.digest = i.digest AND l.trace_lo = i.trace_lo AND l.trace_hi = i.trace_hi AND l.span_id = i.span_id AND l.project = i.project
"""

_SELECT = """
SELECT l.trace_hi, l.trace_lo, l.span_id, l.data FROM span_log l SEMI JOIN wanted_spans w
ON l.trace_lo = w.trace_lo AND l.trace_hi = w.trace_hi AND l.span_id = w.span_id WHERE l.project = ? ORDER BY l.seq
"""


def select_logs(cursor: Any, project: str) -> dict[SpanId, list[StoredLog]]:
    """The logs of the spans in the registered table `wanted_spans`."""
    found: dict[SpanId, list[StoredLog]] = {}
    for high, low, span, data in cursor.execute(_SELECT, [project]).fetchall():
        found.setdefault((high, low, span), []).append(read_log(data))
    return found


def read_log(data: bytes) -> StoredLog:
    name, time_ns, attributes, refs, part = unpack(data)
    return StoredLog(RawEvent(name, time_ns, attributes), list(references(part, refs)))


_COUNT = "SELECT count(*) FROM span_log"
# The logs are few and the spans many: the spans run past a table of the logs, not the other way round.
_COUNT_WAITING = """
WITH came AS (
  SELECT s.project, s.trace_hi, s.trace_lo, s.span_id FROM span s SEMI JOIN span_log l
  ON s.trace_lo = l.trace_lo AND s.trace_hi = l.trace_hi AND s.span_id = l.span_id AND s.project = l.project
)
SELECT count(*) FROM span_log l ANTI JOIN came c
ON c.trace_lo = l.trace_lo AND c.trace_hi = l.trace_hi AND c.span_id = l.span_id AND c.project = l.project
"""


def count_logs(cursor: Any) -> tuple[int, int]:
    """(all, those whose span has not come). The second is looked for only where there are logs at all."""
    ((logs,),) = cursor.execute(_COUNT).fetchall()
    if not logs:
        return 0, 0
    ((waiting,),) = cursor.execute(_COUNT_WAITING).fetchall()
    return int(logs), int(waiting)
