"""Stored spans as OTLP JSON again: what `quarterdeck import`, `replay` and every collector can read. Pure.

The inverse of the door: ids as hex, 64-bit integers as text, bytes as base64, spans grouped under their resource and scope.
What is not kept any more (`Absent`) is left out: a mark is no value.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from quarterdeck.model.raw import Absent, Attributes, RawEvent, RawLink, RawSpan, Resource, Scope

Document = dict[str, Any]


def resource_spans(spans: Iterable[RawSpan]) -> list[Document]:
    """`resourceSpans` of these spans, in the order in which each resource and scope comes first."""
    blocks: dict[str, tuple[Resource, dict[str, tuple[Scope, list[Document]]]]] = {}
    for raw in spans:
        _, scopes = blocks.setdefault(repr(raw.resource), (raw.resource, {}))
        _, found = scopes.setdefault(repr(raw.scope), (raw.scope, []))
        found.append(_span(raw))
    return [
        _without_empty(
            {
                "resource": {"attributes": key_values(resource.attributes)},
                "scopeSpans": [_scope_spans(scope, found) for scope, found in scopes.values()],
                "schemaUrl": resource.schema_url,
            }
        )
        for resource, scopes in blocks.values()
    ]


def _scope_spans(scope: Scope, spans: list[Document]) -> Document:
    told = _without_empty({"name": scope.name, "version": scope.version, "attributes": key_values(scope.attributes)})
    return _without_empty({"scope": told, "spans": spans, "schemaUrl": scope.schema_url})


def _span(raw: RawSpan) -> Document:
    status = _without_empty({"code": raw.status_code, "message": raw.status_message})
    return _without_empty(
        {
            "traceId": raw.trace_id,
            "spanId": raw.span_id,
            "parentSpanId": raw.parent_span_id,
            "traceState": raw.trace_state,
            "name": raw.name,
            "kind": raw.kind,
            "startTimeUnixNano": str(raw.start_ns),
            "endTimeUnixNano": str(raw.end_ns) if raw.end_ns else "",
            "attributes": key_values(raw.attributes),
            "events": [_event(event) for event in raw.events],
            "links": [_link(link) for link in raw.links],
            "status": status,
        }
    )


def _event(event: RawEvent) -> Document:
    return _without_empty(
        {"name": event.name, "timeUnixNano": str(event.time_ns), "attributes": key_values(event.attributes)}
    )


def _link(link: RawLink) -> Document:
    return _without_empty(
        {
            "traceId": link.trace_id,
            "spanId": link.span_id,
            "traceState": link.trace_state,
            "attributes": key_values(link.attributes),
        }
    )


def key_values(attributes: Attributes) -> list[Document]:
    """A map as OTLP's list of keys and values."""
    return [
        {"key": key, "value": any_value(value)} for key, value in attributes.items() if not isinstance(value, Absent)
    ]


def any_value(value: Any) -> Document:
    """One value; None is the empty value, and what OTLP has no word for is text."""
    if value is None:
        return {}
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return {"stringValue": str(value)}


def _whole(value: int) -> Document:
    return {"intValue": str(value)} if -(2**63) <= value < 2**63 else {"stringValue": str(value)}


def _number(value: float) -> Document:
    """Numbers that JSON has no word for are written as protobuf's JSON writes them."""
    if math.isfinite(value):
        return {"doubleValue": value}
    infinite = "Infinity" if value > 0 else "-Infinity"
    return {"doubleValue": "NaN" if math.isnan(value) else infinite}


def _list(value: Sequence[Any]) -> Document:
    return {"arrayValue": {"values": [any_value(item) for item in value if not isinstance(item, Absent)]}}


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Document]], ...] = (
    (str, lambda value: {"stringValue": value}),
    (bool, lambda value: {"boolValue": value}),
    (int, _whole),
    (float, _number),
    (bytes, lambda value: {"bytesValue": b64encode(value).decode()}),
    (dict, lambda value: {"kvlistValue": {"values": key_values(value)}}),
    ((list, tuple), _list),
)


def _without_empty(document: Document) -> Document:
    return {key: value for key, value in document.items() if value not in ("", [], {}, 0)}
