"""RunSpan: a canonical span with its place in the run; and one span in full, as its producer sent it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, create_model

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.model.raw import Absent, RawEvent, RawLink, RawSpan
from quarterdeck.model.runs import SpanNode
from quarterdeck.model.spans import Span

_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
"""Span kinds of OTLP, by their number."""
_TIMES = ("start_ns", "end_ns")
_MISSING: dict[str, Any] = dict.fromkeys(name for name in Span._fields if name not in _TIMES) | {
    "name": "(span never received)",
    "status": "unset",
    "op_kind": "other",
    "usage_scope": "none",
}
"""What a synthetic node says of itself: it stands for a span that never came, so all else is unknown."""


class _PlaceOut(BaseModel):
    """Where a span stands in its run."""

    started_at: str | None
    ended_at: str | None
    duration_ms: float | None
    offset_ms: float | None
    tree_parent_span_id: str | None
    depth: int
    repair_rule: str | None
    synthetic: bool
    tokens_residual: int | None
    attempt: int | None
    attempts: int | None
    cost_usd: float | None
    self_error: bool


def _canonical_fields() -> dict[str, Any]:
    """Fields of `Span` as declared; text that every real span has may be null on a synthetic one."""
    hints = get_type_hints(Span)
    return {name: (hints[name] | None, ...) for name in Span._fields if name not in _TIMES}


RunSpanOut: type[BaseModel] = create_model("RunSpanOut", __base__=_PlaceOut, **_canonical_fields())
RunSpanOut.__doc__ = "A span of a run in canonical form, parents before children."
RunSpansOut: type[BaseModel] = create_model(
    "RunSpansOut",
    items=(list[RunSpanOut], ...),
    next_cursor=(str | None, ...),
)


class RawOut(BaseModel):
    """The span as its producer sent it."""

    attributes: dict[str, Any]
    events: list[dict[str, Any]]
    links: list[dict[str, Any]]
    resource: dict[str, Any]
    scope: dict[str, Any]
    trace_state: str
    kind: str


ContentState = Literal["present", "absent", "redacted", "not_captured", "sampled", "expired", "erased", "overload"]
"""Whether the messages of a call can be read, and if not, why."""


class MessagesOut(BaseModel):
    """The conversation of a model call, as far as its content was captured."""

    input: list[dict[str, Any]]
    output: list[dict[str, Any]]
    content_state: ContentState


class AbsentOut(BaseModel):
    """Bodies of the span that are not kept; in `raw` each is `{"absent": reason, "bytes": size}`."""

    reason: str
    bytes: int


SpanDetailOut: type[BaseModel] = create_model(
    "SpanDetailOut",
    __base__=RunSpanOut,
    raw=(RawOut | None, ...),
    messages=(MessagesOut | None, ...),
    mapped_by=(dict[str, str], ...),
    notes=(dict[str, Any], ...),
    absent=(AbsentOut | None, ...),
)


def run_span_dict(
    node: SpanNode, span: Span | None, *, run_started_ns: int, cost_usd: float | None, self_error: bool
) -> dict[str, Any]:
    """`span` is None for a synthetic node: then everything about it is null but its place."""
    return _canonical(node, span) | {
        "started_at": None if span is None else rfc3339(span.start_ns),
        "ended_at": None if span is None else rfc3339_or_none(span.end_ns),
        "duration_ms": None if span is None or not span.end_ns else max(0, span.end_ns - span.start_ns) / 1e6,
        "offset_ms": None if span is None else (span.start_ns - run_started_ns) / 1e6,
        "tree_parent_span_id": node.parent_span_id or None,
        "depth": node.depth,
        "repair_rule": node.repair_rule,
        "synthetic": node.synthetic,
        "tokens_residual": node.tokens_residual,
        "attempt": node.attempt,
        "attempts": node.attempts,
        "cost_usd": cost_usd,
        "self_error": self_error,
    }


def _canonical(node: SpanNode, span: Span | None) -> dict[str, Any]:
    if span is None:
        return _MISSING | {"trace_id": node.trace_id, "span_id": node.span_id, "run_id": node.run_id}
    fields = dict(zip(Span._fields, span, strict=True))
    del fields["start_ns"], fields["end_ns"]
    return fields


def raw_dict(raw: RawSpan) -> dict[str, Any]:
    return {
        "attributes": raw.attributes,
        "events": [_event_dict(event) for event in raw.events],
        "links": [_link_dict(link) for link in raw.links],
        "resource": {"attributes": raw.resource.attributes, "schema_url": raw.resource.schema_url},
        "scope": dict(zip(raw.scope._fields, raw.scope, strict=True)),
        "trace_state": raw.trace_state,
        "kind": _KINDS[raw.kind] if 0 <= raw.kind < len(_KINDS) else str(raw.kind),
    }


def detail_dict(
    placed: Mapping[str, Any],
    raw: RawSpan | None,
    messages: Mapping[str, Any] | None,
    mapped_by: Mapping[str, str],
    notes: Mapping[str, Any],
    *,
    absent: Absent | None = None,
) -> dict[str, Any]:
    """`raw` and `messages` are null for a synthetic node; `absent` says which bodies of it are not kept."""
    return {
        **placed,
        "raw": None if raw is None else raw_dict(raw),
        "messages": messages,
        "mapped_by": mapped_by,
        "notes": notes,
        "absent": None if absent is None else {"reason": absent.reason, "bytes": absent.size},
    }


def _event_dict(event: RawEvent) -> dict[str, Any]:
    return {"name": event.name, "at": rfc3339(event.time_ns), "attributes": event.attributes}


def _link_dict(link: RawLink) -> dict[str, Any]:
    return dict(zip(RawLink._fields, link, strict=True))
