"""Spans for tests: every field unknown unless said, times in whole seconds after T0."""

from __future__ import annotations

from typing import Any

from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs import PriceTable, RunOptions, build_runs

T0 = 1_750_000_000
NOW = T0 + 100_000
PRICES = PriceTable.shipped()

_UNKNOWN = dict.fromkeys(Span._fields)
_BASE = Span(
    **{
        **_UNKNOWN,
        "project": "default",
        "trace_id": "t1",
        "parent_span_id": "",
        "status": "unset",
        "op_kind": "other",
        "dialect": "otel_current",
        "mapping_version": 1,
        "usage_scope": "none",
        "weight": 1.0,
    }
)


def ns(second: float) -> int:
    return int((T0 + second) * 1e9)


def span(
    span_id: str, parent: str = "", kind: str = "other", start: float = 0, end: float | None = 1, **fields: Any
) -> Span:
    """`end` None = still open. `tokens=(input, output)` is short for both counts with scope "own"."""
    tokens = fields.pop("tokens", None)
    if tokens is not None:
        fields = {"tokens_input": tokens[0], "tokens_output": tokens[1], "usage_scope": "own", **fields}
    return _BASE._replace(
        span_id=span_id,
        parent_span_id=parent,
        op_kind=kind,
        name=fields.pop("name", span_id),
        start_ns=ns(start),
        end_ns=0 if end is None else ns(end),
        **fields,
    )


def trees(*spans: Span, now: float = NOW - T0, options: RunOptions | None = None) -> list[RunTree]:
    return build_runs(spans, now_ns=ns(now), prices=PRICES, options=options or RunOptions())


def runs(*spans: Span, now: float = NOW - T0, options: RunOptions | None = None) -> list[Run]:
    return [tree.run for tree in trees(*spans, now=now, options=options)]


def one(*spans: Span, now: float = NOW - T0, options: RunOptions | None = None) -> Run:
    (run,) = runs(*spans, now=now, options=options)
    return run


def members(tree: RunTree) -> set[str]:
    return {node.span_id for node in tree.nodes}
