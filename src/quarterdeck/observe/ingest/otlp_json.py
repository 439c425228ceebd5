"""OTLP JSON → RawSpan: the mapping of the OTLP specification (hex ids, 64-bit numbers as text or number).

Lenient in what the specification leaves open: camelCase or snake_case names, enums as number or name. A span of the
wrong shape is refused alone; a body that is not JSON, or not an export request, is refused whole.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import Attributes, AttributeValue, RawEvent, RawLink, RawSpan, Resource, Scope
from quarterdeck.model.reports import Rejection
from quarterdeck.observe.ingest.parts import DEPTH_MAX, PartError

_STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_KIND = {
    "SPAN_KIND_UNSPECIFIED": 0, "SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3, "SPAN_KIND_PRODUCER": 4, "SPAN_KIND_CONSUMER": 5,
}  # fmt: skip
_SHAPE = '{"resourceSpans": [{"resource": {…}, "scopeSpans": [{"scope": {…}, "spans": […]}]}]}'


def decode_json(body: bytes, project: str, now_ns: int) -> tuple[list[RawSpan], list[Rejection]]:
    """All spans that can be read, and a rejection for each that cannot. Raises BadInput."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as e:
        msg = f"the body is not JSON: {e}"
        raise BadInput(msg, mend=f"expected OTLP JSON: {_SHAPE}") from e
    blocks = field(request, "resourceSpans") if isinstance(request, dict) else None
    if request == {}:
        blocks = []
    if not isinstance(blocks, list):
        msg = "the body has no list `resourceSpans`"
        raise BadInput(msg, mend=f"expected OTLP JSON: {_SHAPE}")
    spans: list[RawSpan] = []
    rejections: list[Rejection] = []
    for block in blocks:
        for resource, scope, span in _walk(block):
            try:
                spans.append(_span(project, span, _resource(resource, block), _scope(*scope)))
            except PartError as e:
                rejections.append(_refusal(project, now_ns, span, e))
    return spans, rejections


def _walk(block: Any) -> Any:
    """(resource, (scope, schema url), span) of each span in one resource block, whatever else is in it."""
    if not isinstance(block, dict):
        return
    for scope_block in _list(block, "scopeSpans") or _list(block, "instrumentationLibrarySpans"):
        if isinstance(scope_block, dict):
            scope = (scope_block.get("scope") or {}, field(scope_block, "schemaUrl") or "")
            for span in _list(scope_block, "spans"):
                yield block.get("resource") or {}, scope, span


def field(found: dict[str, Any], name: str) -> Any:
    if name in found:
        return found[name]
    return found.get("".join("_" + c.lower() if c.isupper() else c for c in name))


def _list(found: dict[str, Any], name: str) -> list[Any]:
    value = field(found, name)
    return value if isinstance(value, list) else []


def _text(found: dict[str, Any], name: str) -> str:
    value = field(found, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PartError("wrong_type", f"{name} is {type(value).__name__}; expected text")
    return value


def hex_id(found: dict[str, Any], name: str) -> str:
    value = _text(found, name).lower()
    if value.strip("0123456789abcdef"):
        raise PartError(
            "invalid_trace_id" if name == "traceId" else "invalid_span_id", f"{name} {value[:64]!r}; expected hex"
        )
    return value


def whole_number(found: dict[str, Any], name: str) -> int:
    value = field(found, name)
    if value is None:
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) <= 20 else 2**64
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PartError("wrong_type", f"{name} is {str(value)[:40]!r}; expected an unsigned whole number")


def _enum(found: dict[str, Any], name: str, names: dict[str, int]) -> int:
    value = field(found, name)
    if isinstance(value, str):
        return names.get(value, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0


def value(any_value: Any, depth: int = 0) -> AttributeValue:  # noqa: PLR0911 - one return per kind of value
    if depth >= DEPTH_MAX:
        raise PartError("nested_too_deep", f"an attribute value is nested deeper than {DEPTH_MAX}")
    if not isinstance(any_value, dict):
        return None
    for key, found in any_value.items():
        match key:
            case "stringValue" | "string_value" | "boolValue" | "bool_value":
                return found if isinstance(found, (str, bool)) else None
            case "intValue" | "int_value":
                return _int(found)
            case "doubleValue" | "double_value":
                return _double(found)
            case "bytesValue" | "bytes_value":
                return _bytes(found)
            case "arrayValue" | "array_value":
                values = found.get("values") if isinstance(found, dict) else None
                return [value(v, depth + 1) for v in values] if isinstance(values, list) else []
            case "kvlistValue" | "kvlist_value":
                return attributes(found.get("values") if isinstance(found, dict) else None, depth + 1)
    return None


def _int(found: Any) -> int | None:
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    try:
        return int(found) if isinstance(found, str) and len(found) <= 20 else None
    except ValueError:
        return None


def _double(found: Any) -> float | None:
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _bytes(found: Any) -> bytes | None:
    try:
        return base64.b64decode(found, validate=True) if isinstance(found, str) else None
    except binascii.Error:
        return None


def attributes(pairs: Any, depth: int = 0) -> Attributes:
    if not isinstance(pairs, list):
        return {}
    return {
        pair.get("key", ""): value(pair.get("value"), depth)
        for pair in pairs
        if isinstance(pair, dict) and isinstance(pair.get("key", ""), str)
    }


def _resource(found: Any, block: dict[str, Any]) -> Resource:
    url = field(block, "schemaUrl")
    return Resource(
        attributes(found.get("attributes")) if isinstance(found, dict) else {}, url if isinstance(url, str) else ""
    )


def _scope(found: Any, schema_url: Any) -> Scope:
    if not isinstance(found, dict):
        found = {}
    return Scope(
        _text(found, "name"),
        _text(found, "version"),
        attributes(found.get("attributes")),
        schema_url if isinstance(schema_url, str) else "",
    )


def _span(project: str, span: Any, resource: Resource, scope: Scope) -> RawSpan:
    if not isinstance(span, dict):
        raise PartError("wrong_type", f"a span is {type(span).__name__}; expected an object")
    status = span.get("status")
    status = status if isinstance(status, dict) else {}
    return RawSpan(
        project,
        hex_id(span, "traceId"),
        hex_id(span, "spanId"),
        hex_id(span, "parentSpanId"),
        _text(span, "traceState"),
        _text(span, "name"),
        _enum(span, "kind", _KIND),
        whole_number(span, "startTimeUnixNano"),
        whole_number(span, "endTimeUnixNano"),
        _enum(status, "code", _STATUS),
        _text(status, "message"),
        attributes(span.get("attributes")),
        tuple(_event(e) for e in _list(span, "events") if isinstance(e, dict)),
        tuple(_link(e) for e in _list(span, "links") if isinstance(e, dict)),
        resource,
        scope,
    )


def _event(found: dict[str, Any]) -> RawEvent:
    return RawEvent(_text(found, "name"), whole_number(found, "timeUnixNano"), attributes(found.get("attributes")))


def _link(found: dict[str, Any]) -> RawLink:
    return RawLink(
        hex_id(found, "traceId"),
        hex_id(found, "spanId"),
        _text(found, "traceState"),
        attributes(found.get("attributes")),
    )


def _refusal(project: str, now_ns: int, span: Any, why: PartError) -> Rejection:
    found = span if isinstance(span, dict) else {}
    trace, own, name = (str(field(found, n) or "") for n in ("traceId", "spanId", "name"))
    return Rejection(project, now_ns, why.reason, why.detail, trace[:64], own[:32], name[:200])
