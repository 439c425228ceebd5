"""The earliest spans of a run, without reading the rest: what a view can draw while a large run is being built.

Refuses to stand for the whole: whoever wants all spans asks `run_spans`.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.columns import SPAN_SELECT, spans_of, trace_numbers
from quarterdeck.store.duckdb.run_reader import get_run
from quarterdeck.store.measures import check_limit

_FIRST = f"""
SELECT {SPAN_SELECT} FROM span s JOIN first_traces w
ON s.trace_lo = w.trace_lo AND s.trace_hi = w.trace_hi AND s.project = w.project
WHERE s.seq >= (
  SELECT coalesce(min(t.seq), 0) FROM trace_commit t JOIN first_traces k ON t.trace_lo = k.trace_lo AND t.trace_hi = k.trace_hi)
ORDER BY s.start_ns, s.trace_hi, s.trace_lo, s.span_id LIMIT ?
"""


def first_spans(cursor: Any, project: str, run_id: str, *, limit: int) -> tuple[Run, list[Span]]:
    """The run and the `limit` spans of its traces that started first. Raises NotFound, BadInput for a bad limit."""
    check_limit(limit)
    run = get_run(cursor, project, run_id)
    halves = [found for trace_id in run.trace_ids if (found := trace_numbers(trace_id)) is not None]
    if not halves:
        return run, []
    highs, lows = zip(*halves, strict=True)
    columns = {"trace_hi": pa.array(highs, pa.uint64()), "trace_lo": pa.array(lows, pa.uint64())}
    cursor.register("first_traces", pa.table({"project": [project] * len(halves), **columns}))
    return run, spans_of(cursor.execute(_FIRST, [limit]).fetchall())
