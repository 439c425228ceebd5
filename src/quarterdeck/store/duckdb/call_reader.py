"""Model calls by hour from the span table (the rules stand in store/calls.py), and which response ids are known.

One scan of the model spans of the window; refuses to read bodies.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from quarterdeck.store.calls import HOUR_NS, HourCalls

_HOURLY = f"""
WITH model AS (
  SELECT trace_hi, trace_lo, span_id, parent_span_id, start_ns, status, response_id, tokens_input, tokens_output,
         coalesce(model_response, model_request) AS name
  FROM span WHERE project = $project AND op_kind = 'llm' AND start_ns >= $early AND start_ns < $late
), leaf AS (
  SELECT m.* FROM model m ANTI JOIN model below
  ON below.trace_hi = m.trace_hi AND below.trace_lo = m.trace_lo AND below.parent_span_id = m.span_id
), call AS (
  SELECT any_value(leaf.start_ns // {HOUR_NS} * {HOUR_NS} ORDER BY leaf.start_ns, leaf.span_id) AS hour_ns,
         any_value(leaf.name ORDER BY leaf.start_ns, leaf.span_id) AS name,
         any_value(leaf.status ORDER BY leaf.start_ns, leaf.span_id) AS status,
         coalesce(leaf.tokens_input, above.tokens_input) AS input,
         coalesce(leaf.tokens_output, above.tokens_output) AS output
  FROM leaf LEFT JOIN model above
  ON above.trace_hi = leaf.trace_hi AND above.trace_lo = leaf.trace_lo AND above.span_id = leaf.parent_span_id
  WHERE leaf.start_ns >= $since AND leaf.start_ns < $until
  GROUP BY leaf.trace_hi, leaf.trace_lo, coalesce(leaf.response_id, CAST(leaf.span_id AS VARCHAR)), input, output
)
SELECT hour_ns, name,
       count(*) FILTER (status <> 'error' OR coalesce(input, output) IS NOT NULL),
       count(*) FILTER (status = 'error' AND coalesce(input, output) IS NULL),
       count(*) FILTER (coalesce(input, output) IS NOT NULL),
       coalesce(sum(input), 0), coalesce(sum(output), 0)
FROM call GROUP BY hour_ns, name ORDER BY hour_ns, coalesce(name, '')
"""

_MARGIN_NS = HOUR_NS
"""A wrapper may begin before the window that its call begins in, and an inner call after it."""


def read_hourly_calls(cursor: Any, project: str, since_ns: int, until_ns: int) -> list[HourCalls]:
    """Calls that started in the window (half open), by (hour, model)."""
    rows = cursor.execute(
        _HOURLY,
        {
            "project": project,
            "since": since_ns,
            "until": until_ns,
            "early": since_ns - _MARGIN_NS,
            "late": until_ns + _MARGIN_NS,
        },
    ).fetchall()
    return [HourCalls(hour, name, *map(int, counts)) for hour, name, *counts in rows]


def read_known_responses(cursor: Any, project: str, response_ids: Collection[str]) -> set[str]:
    """Those of the ids that a stored span carries."""
    cursor.register("asked_responses", pa.table({"id": pa.array(sorted(set(response_ids)), pa.string())}))
    rows = cursor.execute(
        "SELECT DISTINCT response_id FROM span SEMI JOIN asked_responses ON span.response_id = asked_responses.id"
        " WHERE project = ?",
        [project],
    ).fetchall()
    return {found for (found,) in rows}
