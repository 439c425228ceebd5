"""Spans of the Vercel AI SDK as its tests record them: ReadableSpans with [seconds, nanoseconds] times.

Two layouts: a list of spans, or the same spans grouped by operation. The recording holds neither parents, resource
nor scope; the scope is `ai`, the name the SDK's tracer has, and parents stay absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories.attributes import key_values
from quarterdeck.simulate.histories.declared import span_facts
from quarterdeck.simulate.histories.files import read_json
from quarterdeck.simulate.histories.ids import span_id_of, trace_id_of
from quarterdeck.simulate.histories.shape import Piece

_MEND = "record the spans of the SDK's in-memory exporter as JSON"


def looks_like(document: Any) -> bool:
    """Whether a JSON value is a list of ReadableSpans, or such lists by operation."""
    spans = _spans(document)
    return bool(spans) and all(isinstance(span, dict) and "spanContext" in span for span in spans)


def read(path: Path) -> Iterator[Piece]:
    """One piece per file. Raises BadFile."""
    document = read_json(path)
    if not looks_like(document):
        raise BadFile(str(path), "expected a list of spans with spanContext, or lists by operation", mend=_MEND)
    spans = [_span(path, recorded) for recorded in _spans(document)]
    block = ResourceSpans(scope_spans=[ScopeSpans(scope=InstrumentationScope(name="ai"), spans=spans)])
    yield Piece(block, tuple(span_facts(span) for span in spans), str(path))


def _spans(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and document and all(isinstance(group, list) for group in document.values()):
        return [span for group in document.values() for span in group]
    return []


def _span(path: Path, recorded: dict[str, Any]) -> Span:
    try:
        context, status = recorded["spanContext"], recorded.get("status") or {}
        return Span(
            trace_id=trace_id_of(context["traceId"]),
            span_id=span_id_of(context["spanId"]),
            parent_span_id=span_id_of(recorded["parentSpanId"]) if recorded.get("parentSpanId") else b"",
            name=recorded["name"],
            kind=Span.SPAN_KIND_INTERNAL,
            start_time_unix_nano=_ns(recorded["startTime"]),
            end_time_unix_nano=_ns(recorded["endTime"]) if recorded.get("endTime") else 0,
            attributes=key_values(recorded.get("attributes") or {}),
            status=Status(code=status.get("code", 0), message=status.get("message", "")),
            events=[_event(event) for event in recorded.get("events") or []],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"span {recorded.get('name', '?')!r} is not a ReadableSpan: {error!r}"
        raise BadFile(str(path), what, mend=_MEND) from error


def _event(event: dict[str, Any]) -> Span.Event:
    return Span.Event(
        name=event["name"],
        time_unix_nano=_ns(event["time"]),
        attributes=key_values(event.get("attributes") or {}),
    )


def _ns(pair: list[int]) -> int:
    seconds, nanoseconds = pair
    return seconds * 1_000_000_000 + nanoseconds
