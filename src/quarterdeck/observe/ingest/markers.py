"""Start markers: spans that are sent when an operation begins, so that a run is seen while it runs.

Logfire (and Pydantic AI through it) sends a *pending span* under an id of its own, below the span that it announces,
with the real parent as an attribute. Here it becomes what it means: that span, not ended. When the span itself comes, in
any order, it takes the marker's place. Source: logfire._internal.exporters.processor_wrapper / tracer (`_PendingSpan`).
Refuses: to touch any other span.
"""

from __future__ import annotations

from quarterdeck.model.raw import RawSpan

MARK = b"pending_span"
"""A request without these bytes holds no marker."""

_TYPE = "logfire.span_type"
_PARENT = "logfire.pending_parent_id"
_NONE = "0" * 16


def opened(spans: list[RawSpan]) -> list[RawSpan]:
    """The same spans, markers as the open spans that they announce."""
    return [
        _opened(span) if span.attributes.get(_TYPE) == "pending_span" and span.parent_span_id else span
        for span in spans
    ]


def _opened(span: RawSpan) -> RawSpan:
    parent = span.attributes.get(_PARENT)
    known = isinstance(parent, str) and len(parent) == len(_NONE) and parent != _NONE and _is_hex(parent)
    return span._replace(span_id=span.parent_span_id, parent_span_id=str(parent) if known else "", end_ns=0)


def _is_hex(text: str) -> bool:
    return set(text) <= set("0123456789abcdef")
