"""Logfire's pending spans: the announced span, not ended, until it comes itself; in any order."""

from __future__ import annotations

import json

import pytest

from quarterdeck.observe.ingest import IngestOptions, decode
from quarterdeck.observe.ingest.checks import Limits

TRACE = "0af7651916cd43dd8448eb211c80319c"
OPTIONS = IngestOptions()
LIMITS = Limits(OPTIONS.attribute_bytes_max, OPTIONS.attributes_max)
NOW = 1_760_000_000_000_000_000


def decoded(span_id, parent, attributes, end=NOW - 5):
    span = {
        "traceId": TRACE, "spanId": span_id, "parentSpanId": parent, "name": "agent run", "kind": 1,
        "startTimeUnixNano": str(NOW - 10), "endTimeUnixNano": str(end),
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
    }  # fmt: skip
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [span]}]}]}
    (found,) = decode(json.dumps(body).encode(), "json", "default", LIMITS, NOW).spans
    return found


def test_a_pending_span_is_the_open_span_that_it_announces():
    found = decoded(
        "b" * 16, "a" * 16, {"logfire.span_type": "pending_span", "logfire.pending_parent_id": "c" * 16}, NOW - 10
    )
    assert (found.span_id, found.parent_span_id, found.end_ns, found.start_ns) == ("a" * 16, "c" * 16, 0, NOW - 10)


@pytest.mark.parametrize("parent", ["0" * 16, "", "not an id", "Z" * 16])
def test_without_a_parent_it_announces_a_root(parent):
    found = decoded("b" * 16, "a" * 16, {"logfire.span_type": "pending_span", "logfire.pending_parent_id": parent})
    assert (found.span_id, found.parent_span_id, found.end_ns) == ("a" * 16, "", 0)


def test_other_spans_stay_as_they_are():
    found = decoded("b" * 16, "a" * 16, {"logfire.span_type": "span", "note": "pending_span"})
    assert (found.span_id, found.parent_span_id, found.end_ns) == ("b" * 16, "a" * 16, NOW - 5)
