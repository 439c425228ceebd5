"""A door with the real tables behind it, and requests as a producer sends them."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from quarterdeck.app.privacy import privacy_parts
from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.privacy import PrivacyOptions
from quarterdeck.observe.privacy.counts import PrivacyCounts

KEY = b"k" * 32


class Kept(NamedTuple):
    """What would be stored of a request."""

    pairs: list[Any]
    rejections: list[Any]
    counts: PrivacyCounts

    @property
    def raw(self) -> RawSpan:
        return self.pairs[0][1]


def request(attributes: dict[str, Any], **more: Any) -> ExportTraceServiceRequest:
    """One span. `more`: name, status, event, link, resource, scope (attribute maps or texts)."""
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    put(block.resource.attributes, more.get("resource", {}))
    scope = block.scope_spans.add()
    scope.scope.name = "test"
    put(scope.scope.attributes, more.get("scope", {}))
    span = scope.spans.add()
    span.trace_id, span.span_id = b"t" * 16, b"s" * 8
    span.name = more.get("name", "span")
    span.status.message = more.get("status", "")
    span.start_time_unix_nano, span.end_time_unix_nano = 1_700_000_000 * 10**9, 1_700_000_001 * 10**9
    put(span.attributes, attributes)
    if "event" in more:
        event = span.events.add(name=more.get("event_name", "event"), time_unix_nano=1_700_000_000 * 10**9)
        put(event.attributes, more["event"])
    if "link" in more:
        link = span.links.add(trace_id=b"u" * 16, span_id=b"v" * 8)
        put(link.attributes, more["link"])
    return message


def put(target: Any, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        pair = target.add(key=key)
        fill(pair.value, value)


def fill(target: Any, value: Any) -> None:
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()
        put(target.kvlist_value.values, value)
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            fill(target.array_value.values.add(), item)
    else:
        target.string_value = value


@pytest.fixture
def keep():
    """(request or bytes, project, settings) → what would be stored."""

    def kept(message: ExportTraceServiceRequest, project: str = "default", **settings: Any) -> Kept:
        body = message.SerializeToString()
        parts = privacy_parts(PrivacyOptions(**settings), KEY, CollectorRegistry())
        canonical = Canonicalizer(user_hash_key=KEY)
        found = decode(body, "protobuf", project, Limits(10**7, 10_000), 1_700_000_002 * 10**9)
        assert not found.rejections
        spans, marks = parts.door.redact(found.spans, body, "protobuf")
        sealed = parts.door.seal([(canonical.canonicalize(raw), raw) for raw in spans], marks, 0)
        return Kept(sealed.pairs, sealed.rejections, parts.tally.of(project))

    return kept
