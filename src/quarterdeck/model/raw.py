"""A span as it came in: decoded, not yet understood.

`RawSpan` is what the doors (`observe.ingest`) hand to `observe.canonical`. It is a NamedTuple because
a server makes tens of thousands a second and a tuple is the cheapest frozen thing in Python.
Attribute values are JSON-like: str, bool, int, float, bytes (as base64 text only at the edge), list, dict.
"""

from __future__ import annotations

from typing import Any, NamedTuple

AttributeValue = Any  # str | bool | int | float | bytes | None | list[AttributeValue] | dict[str, AttributeValue]
Attributes = dict[str, AttributeValue]


class Resource(NamedTuple):
    """Who sent it. One object is shared by all spans of its block."""

    attributes: Attributes
    schema_url: str


class Scope(NamedTuple):
    """Which instrumentation made it. One object is shared by all spans of its block."""

    name: str
    version: str
    attributes: Attributes
    schema_url: str


class RawEvent(NamedTuple):
    name: str
    time_ns: int
    attributes: Attributes


class RawLink(NamedTuple):
    trace_id: str
    span_id: str
    trace_state: str
    attributes: Attributes


class RawSpan(NamedTuple):
    """One span as received. Ids are lower-case hex; `parent_span_id` is "" for a root; times are ns since the epoch.

    `end_ns` is 0 for a span that has not ended. `kind` and `status_code` are the OTLP enum numbers.
    """

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status_code: int
    status_message: str
    attributes: Attributes
    events: tuple[RawEvent, ...]
    links: tuple[RawLink, ...]
    resource: Resource
    scope: Scope


class RawLog(NamedTuple):
    """A log record that carries an event of a span (OTLP logs): joined to the span when it is read, in any order of arrival."""

    project: str
    trace_id: str
    span_id: str
    event: RawEvent


class Absent(NamedTuple):
    """Stands in an attribute map where a body was: `size` bytes that are not kept, and why.

    `reason`: `sampled` (not chosen), `expired` (older than the retention), `erased` (deleted on demand), `not_captured`
    (the project's content capture is off), `overload` (the server could not keep up and kept the facts).
    """

    reason: str
    size: int
