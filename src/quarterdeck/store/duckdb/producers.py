"""Spans, model calls and those with usage, by producer: added at each commit and taken back when spans go.

They are written in the transaction of the spans, so they are exact after a crash. Refuses to look for repeats: the
caller has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.columns import column
from quarterdeck.store.text import storable

Producers = Counter[tuple[str, str, str, str]]
"""Counts by (project, dialect, scope name, "spans" | "model_calls" | "with_usage")."""

_PUT = """
INSERT INTO producer {counts}
ON CONFLICT (project, dialect, scope_name) DO UPDATE SET spans = producer.spans + excluded.spans,
  model_calls = producer.model_calls + excluded.model_calls, with_usage = producer.with_usage + excluded.with_usage
"""
_MINUS = """
SELECT project, dialect, scope_name, -count(*) AS spans,
  -count(*) FILTER (op_kind = 'llm') AS model_calls,
  -count(*) FILTER (op_kind = 'llm' AND (tokens_input IS NOT NULL OR tokens_output IS NOT NULL)) AS with_usage
FROM ({source}) GROUP BY project, dialect, scope_name
"""


def producers_of(pairs: Sequence[tuple[Span, RawSpan]]) -> Producers:
    """Counts of some spans."""
    counts: Producers = Counter()
    by_scope: dict[tuple[str, str, str], list[Span]] = {}
    for span, raw in pairs:
        by_scope.setdefault((span.project, span.dialect, raw.scope.name), []).append(span)
    for key, spans in by_scope.items():
        calls = [span for span in spans if span.op_kind == "llm"]
        counts[*key, "spans"] = len(spans)
        counts[*key, "model_calls"] = len(calls)
        counts[*key, "with_usage"] = sum(s.tokens_input is not None or s.tokens_output is not None for s in calls)
    return counts


_NAMES = ("spans", "model_calls", "with_usage")

_UPDATE = """
UPDATE producer SET spans = spans + ?, model_calls = model_calls + ?, with_usage = with_usage + ?
WHERE project = ? AND dialect = ? AND scope_name = ?
"""
_UPDATES_MAX = 3
"""Up to so many producers are updated one by one: 0.9 ms of processor time each, against 3.3 ms for an upsert of any number."""


def put_producers(cursor: Any, counts: Producers) -> None:
    """Add these counts."""
    keys = list(dict.fromkeys(key[:3] for key in counts))
    if len(keys) <= _UPDATES_MAX:
        keys = [key for key in keys if not _updated(cursor, counts, key)]
    if keys:
        _upsert(cursor, counts, keys)


def _updated(cursor: Any, counts: Producers, key: tuple[str, str, str]) -> bool:
    """Whether the producer was known, and so its row is brought up to date."""
    values = [*(counts[*key, name] for name in _NAMES), *map(storable, key)]
    ((rows,),) = cursor.execute(_UPDATE, values).fetchall()
    return bool(rows)


def _upsert(cursor: Any, counts: Producers, keys: Sequence[tuple[str, str, str]]) -> None:
    table = {
        name: column(name, [key[at] for key in keys], pa.string())
        for at, name in enumerate(("project", "dialect", "scope_name"))
    } | {name: pa.array([counts[*key, name] for key in keys], pa.int64()) for name in _NAMES}
    cursor.register("incoming_producers", pa.table(table))
    cursor.execute(_PUT.format(counts="SELECT * FROM incoming_producers"))


def subtract_producers(cursor: Any, source: str, values: Sequence[Any]) -> None:
    """Take back the counts of stored spans; `source`: a query of span rows, `values` its parameters."""
    cursor.execute(_PUT.format(counts=_MINUS.format(source=source)), values)
