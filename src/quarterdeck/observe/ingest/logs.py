"""OTLP logs → the GenAI events among them: records that belong to a span and carry its messages.

A record whose event name (or attribute `event.name`) begins with `gen_ai.` and that names its trace and span becomes a
`RawLog`; the store joins it to the events of the span, in whatever order they come. All other records are counted and
not stored. Refuses: a GenAI event that names no span, alone and with a reason; a body that is no logs request, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import DecodeError

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import Attributes, AttributeValue, RawEvent, RawLog
from quarterdeck.model.reports import Rejection
from quarterdeck.observe.ingest import otlp_json, parts
from quarterdeck.observe.ingest.checks import TIME_NS_MAX, Limits, cut_attributes
from quarterdeck.observe.ingest.decode import Encoding
from quarterdeck.observe.ingest.descriptors import logs_class

PREFIX = "gen_ai."
NAME_KEY = "event.name"
NO_SPAN = "log_without_span"
_TRACE_ID_LENGTH, _SPAN_ID_LENGTH = 32, 16
_SHAPE = '{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"eventName": "gen_ai.…", "traceId": …, "spanId": …}]}]}]}'


class DecodedLogs(NamedTuple):
    """One request: events to keep, reports about GenAI events that were refused or cut, and how many records are neither."""

    logs: list[RawLog]
    rejections: list[Rejection]
    others: int


class _Record(NamedTuple):
    """One log record that is a GenAI event, before it is checked."""

    name: str
    trace_id: str
    span_id: str
    time_ns: int
    attributes: Attributes
    body: AttributeValue


def decode_logs(body: bytes, encoding: Encoding, project: str, limits: Limits, now_ns: int) -> DecodedLogs:
    """Decode one ExportLogsServiceRequest. Raises BadInput when nothing of it can be read."""
    found = DecodedLogs([], [], 0)
    others = 0
    for read in _from_json(body) if encoding == "json" else _from_protobuf(body):
        try:
            record = read()
        except parts.PartError as e:
            found.rejections.append(Rejection(project, now_ns, e.reason, e.detail, "", "", "log record"))
            continue
        if record is None:
            others += 1
        else:
            _keep(record, found, project, limits, now_ns)
    return found._replace(others=others)


def _keep(record: _Record, found: DecodedLogs, project: str, limits: Limits, now_ns: int) -> None:
    where = (record.trace_id[:64], record.span_id[:32], record.name[:200])
    if not _is_id(record.trace_id, _TRACE_ID_LENGTH) or not _is_id(record.span_id, _SPAN_ID_LENGTH):
        detail = f"event {record.name[:100]!r} names no span (trace id and span id are needed)"
        found.rejections.append(Rejection(project, now_ns, NO_SPAN, detail, *where))
        return
    attributes, notes = cut_attributes(_with_body(record), limits)
    found.rejections.extend(Rejection(project, now_ns, *note, *where) for note in notes)
    event = RawEvent(record.name, min(record.time_ns, TIME_NS_MAX), attributes)
    found.logs.append(RawLog(project, record.trace_id, record.span_id, event))


def _is_id(found: str, length: int) -> bool:
    return len(found) == length and bool(found.strip("0"))


def _with_body(record: _Record) -> Attributes:
    """Attributes with the body's fields beside them: older events carry their message in the body."""
    body = record.body if isinstance(record.body, dict) else {} if record.body is None else {"body": record.body}
    merged = {**body, **record.attributes}
    merged.pop(NAME_KEY, None)
    return merged


# --- protobuf


def _from_protobuf(body: bytes) -> Iterator[Callable[[], _Record | None]]:
    try:
        request = logs_class().FromString(body)
    except DecodeError as e:
        msg = f"the body is not an OTLP ExportLogsServiceRequest: {e}"
        raise BadInput(msg, mend="send protobuf with content type application/x-protobuf") from e
    for resource_logs in request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield partial(_protobuf_record, record)


def _protobuf_record(record: Any) -> _Record | None:
    name = record.event_name
    if not name:
        named = (pair.value for pair in record.attributes if pair.key == NAME_KEY.encode())
        name = next((value.string_value for value in named if value.WhichOneof("value") == "string_value"), b"")
    if not name.startswith(PREFIX.encode()):
        return None
    return _Record(
        parts.text(name, "an event name"),
        record.trace_id.hex(),
        record.span_id.hex(),
        record.time_unix_nano or record.observed_time_unix_nano,
        parts.attributes(record.attributes),
        parts.value(record.body) if record.HasField("body") else None,
    )


# --- JSON


def _from_json(body: bytes) -> Iterator[Callable[[], _Record | None]]:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as e:
        msg = f"the body is not JSON: {e}"
        raise BadInput(msg, mend=f"expected OTLP JSON: {_SHAPE}") from e
    blocks = otlp_json.field(request, "resourceLogs") if isinstance(request, dict) else None
    if request == {}:
        blocks = []
    if not isinstance(blocks, list):
        msg = "the body has no list `resourceLogs`"
        raise BadInput(msg, mend=f"expected OTLP JSON: {_SHAPE}")
    for block in _objects(blocks):
        for scope_block in _objects(otlp_json.field(block, "scopeLogs")):
            for record in _objects(otlp_json.field(scope_block, "logRecords")):
                yield partial(_json_record, record)


def _objects(found: Any) -> Iterable[dict[str, Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _json_record(record: dict[str, Any]) -> _Record | None:
    attributes = otlp_json.attributes(otlp_json.field(record, "attributes"))
    name = otlp_json.field(record, "eventName") or attributes.get(NAME_KEY)
    if not isinstance(name, str) or not name.startswith(PREFIX):
        return None
    return _Record(
        name,
        otlp_json.hex_id(record, "traceId"),
        otlp_json.hex_id(record, "spanId"),
        otlp_json.whole_number(record, "timeUnixNano") or otlp_json.whole_number(record, "observedTimeUnixNano"),
        attributes,
        otlp_json.value(otlp_json.field(record, "body")),
    )
