"""Protobuf → RawSpan, span by span: the slower way that survives a bad part.

Taken when the columns way refuses a request (one bad string fails the whole of it) and for small requests, where
the columns way has nothing to gain. Refuses whole requests only when the outer message cannot be parsed.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.model.reports import Rejection
from quarterdeck.observe.ingest import parts
from quarterdeck.observe.ingest.descriptors import rows_class


def decode_rows(body: bytes, project: str, now_ns: int) -> tuple[list[RawSpan], list[Rejection]]:
    """All spans that can be read, and a rejection for each that cannot. Raises BadInput."""
    try:
        request = rows_class().FromString(body)
    except DecodeError as e:
        msg = f"the body is not an OTLP ExportTraceServiceRequest: {e}"
        raise BadInput(msg, mend="send protobuf with content type application/x-protobuf") from e
    spans: list[RawSpan] = []
    rejections: list[Rejection] = []
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            try:
                context = _context(resource_spans, scope_spans)
            except parts.PartError as e:
                rejections.extend(_refusal(project, now_ns, s, e) for s in scope_spans.spans)
                continue
            for span in scope_spans.spans:
                try:
                    spans.append(_span(project, span, *context))
                except parts.PartError as e:
                    rejections.append(_refusal(project, now_ns, span, e))
    return spans, rejections


def _context(resource_spans: Any, scope_spans: Any) -> tuple[Resource, Scope]:
    return (
        parts.resource(resource_spans.resource, parts.text(resource_spans.schema_url, "a schema url")),
        parts.scope(scope_spans.scope, parts.text(scope_spans.schema_url, "a schema url")),
    )


def _span(project: str, span: Any, resource: Resource, scope: Scope) -> RawSpan:
    return RawSpan(
        project,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        parts.text(span.trace_state, "the trace state"),
        parts.text(span.name, "the span name"),
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code,
        parts.text(span.status.message, "the status message"),
        parts.attributes(span.attributes),
        tuple(map(parts.event, span.events)),
        tuple(map(parts.link, span.links)),
        resource,
        scope,
    )


def _refusal(project: str, now_ns: int, span: Any, why: parts.PartError) -> Rejection:
    name = span.name.decode("utf-8", "replace")[:200]
    return Rejection(project, now_ns, why.reason, why.detail, span.trace_id.hex()[:64], span.span_id.hex()[:32], name)
