"""OTLP's own descriptors, rewritten in wire-compatible ways that make decoding fast and total.

A field of message type and a field of type bytes look the same on the wire. Declaring nested values, events, links,
resources and scopes as bytes removes the recursion from the outer message (a hostile depth can then spoil one value
only) and lets equal resources be decoded once. `COLUMNS` keeps text as text, for ptars, which refuses invalid UTF-8;
`ROWS` has text as bytes too, so that one bad string spoils one span only.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_FILES = (common_pb2, resource_pb2, trace_pb2, trace_service_pb2, logs_pb2, logs_service_pb2)
_AS_BYTES = {
    ("AnyValue", "array_value"),
    ("AnyValue", "kvlist_value"),
    ("Span", "events"),
    ("Span", "links"),
    ("ResourceSpans", "resource"),
    ("ScopeSpans", "scope"),
    ("ResourceLogs", "resource"),
    ("ScopeLogs", "scope"),
}
_REQUEST = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"
_LOGS_REQUEST = "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"
_TYPE = descriptor_pb2.FieldDescriptorProto


def _rewrite(message: Any, *, text_as_bytes: bool) -> None:
    for nested in message.nested_type:
        _rewrite(nested, text_as_bytes=text_as_bytes)
    for field in message.field:
        if (message.name, field.name) in _AS_BYTES:
            field.type = _TYPE.TYPE_BYTES
            field.ClearField("type_name")
        elif text_as_bytes and field.type == _TYPE.TYPE_STRING:
            field.type = _TYPE.TYPE_BYTES


def _pool(*, text_as_bytes: bool) -> Any:
    pool = descriptor_pool.DescriptorPool()
    for module in _FILES:
        proto = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(proto)
        for message in proto.message_type:
            _rewrite(message, text_as_bytes=text_as_bytes)
        pool.AddSerializedFile(proto.SerializeToString())
    return pool


@cache
def columns_descriptor() -> Any:
    """Descriptor of the request for ptars (text stays text)."""
    return _pool(text_as_bytes=False).FindMessageTypeByName(_REQUEST)


@cache
def _rows_pool() -> Any:
    return _pool(text_as_bytes=True)


@cache
def rows_class(name: str = _REQUEST) -> Any:
    """Message class whose text fields are bytes, for the request or one of its parts by full name."""
    return message_factory.GetMessageClass(_rows_pool().FindMessageTypeByName(name))


def logs_class() -> Any:
    """Message class of the logs request whose text fields are bytes."""
    return rows_class(_LOGS_REQUEST)
