"""The nested parts of a span: values, attribute maps, events, links, resources and scopes, from bytes.

Both decoders use these, so a value means the same whichever way it came. Refuses: invalid UTF-8 and nesting that
the wire decoder will not follow, with `PartError`, so that the caller can refuse the one span.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError

from quarterdeck.model.raw import Attributes, AttributeValue, RawEvent, RawLink, Resource, Scope
from quarterdeck.observe.ingest.descriptors import rows_class

_V1 = "opentelemetry.proto.common.v1."
DEPTH_MAX = 64
"""Nesting of arrays and maps inside one attribute value; deeper is refused (protobuf itself stops at 100)."""


class PartError(Exception):
    """One part of one span cannot be decoded. `reason` is a word of docs/reference/rejections.md."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def text(raw: bytes, where: str) -> str:
    """UTF-8 text. Raises PartError naming `where`."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise PartError("invalid_utf8", f"{where} is not UTF-8 at byte {e.start}") from e


def _parse(name: str, raw: bytes, where: str) -> Any:
    try:
        return rows_class(name).FromString(raw)
    except DecodeError as e:
        raise PartError("undecodable_value", f"{where} cannot be decoded: {e}") from e


def array(raw: bytes, depth: int = 0) -> list[AttributeValue]:
    """An OTLP ArrayValue as a list."""
    if depth >= DEPTH_MAX:
        raise PartError("nested_too_deep", f"an attribute value is nested deeper than {DEPTH_MAX}")
    return [value(v, depth + 1) for v in _parse(_V1 + "ArrayValue", raw, "an array value").values]


def kvlist(raw: bytes, depth: int = 0) -> Attributes:
    """An OTLP KeyValueList as a dict."""
    if depth >= DEPTH_MAX:
        raise PartError("nested_too_deep", f"an attribute value is nested deeper than {DEPTH_MAX}")
    return attributes(_parse(_V1 + "KeyValueList", raw, "a map value").values, depth + 1)


def value(any_value: Any, depth: int = 0) -> AttributeValue:
    """An OTLP AnyValue (rows form) as a Python value; an empty one is None."""
    which = any_value.WhichOneof("value")
    if which is None or which == "string_value_strindex":
        return None
    found = getattr(any_value, which)
    if which == "string_value":
        return text(found, "a text value")
    if which == "array_value":
        return array(found, depth)
    if which == "kvlist_value":
        return kvlist(found, depth)
    return found


def attributes(pairs: Iterable[Any], depth: int = 0) -> Attributes:
    """Key-value pairs (rows form) as a dict; of a repeated key the last wins."""
    return {
        text(pair.key, "an attribute key"): value(pair.value, depth) if pair.HasField("value") else None
        for pair in pairs
    }


def resource(raw: bytes, schema_url: str) -> Resource:
    return Resource(
        attributes(_parse("opentelemetry.proto.resource.v1.Resource", raw, "a resource").attributes), schema_url
    )


def scope(raw: bytes, schema_url: str) -> Scope:
    message = _parse(_V1 + "InstrumentationScope", raw, "a scope")
    return Scope(
        text(message.name, "a scope name"),
        text(message.version, "a scope version"),
        attributes(message.attributes),
        schema_url,
    )


def event(raw: bytes) -> RawEvent:
    message = _parse("opentelemetry.proto.trace.v1.Span.Event", raw, "a span event")
    return RawEvent(text(message.name, "an event name"), message.time_unix_nano, attributes(message.attributes))


def link(raw: bytes) -> RawLink:
    message = _parse("opentelemetry.proto.trace.v1.Span.Link", raw, "a span link")
    return RawLink(
        message.trace_id.hex(),
        message.span_id.hex(),
        text(message.trace_state, "a link's trace state"),
        attributes(message.attributes),
    )
