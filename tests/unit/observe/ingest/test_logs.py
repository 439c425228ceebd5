"""GenAI events among log records: found in both encodings, told apart from other logs, refused without a span."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from quarterdeck.errors import BadInput
from quarterdeck.observe.ingest.checks import Limits
from quarterdeck.observe.ingest.decode import Encoding
from quarterdeck.observe.ingest.logs import DecodedLogs, decode_logs

TRACE, SPAN = "ab" * 16, "cd" * 8
LIMITS = Limits(1_000_000, 1_000)


def any_value(value: Any) -> AnyValue:
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=pairs(value)))
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=map(any_value, value)))
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)


def pairs(values: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in values.items()]


def record(
    name: str = "", attributes: dict[str, Any] | None = None, body: Any = None, *, trace: str = TRACE, span: str = SPAN
) -> dict[str, Any]:
    return {"name": name, "attributes": attributes or {}, "body": body, "trace": trace, "span": span}


def request(*records: dict[str, Any]) -> ExportLogsServiceRequest:
    made = ExportLogsServiceRequest()
    scope = made.resource_logs.add().scope_logs.add()
    for given_ in records:
        added = scope.log_records.add(
            event_name=given_["name"],
            time_unix_nano=7,
            trace_id=bytes.fromhex(given_["trace"]),
            span_id=bytes.fromhex(given_["span"]),
            attributes=pairs(given_["attributes"]),
        )
        if given_["body"] is not None:
            added.body.CopyFrom(any_value(given_["body"]))
    return made


def as_json(made: ExportLogsServiceRequest) -> bytes:
    """OTLP JSON: ids in hex, unlike protobuf's own JSON."""
    document = json_format.MessageToDict(made)
    for resource in document.get("resourceLogs", []):
        for scope in resource.get("scopeLogs", []):
            for found, source in zip(
                scope.get("logRecords", []), made.resource_logs[0].scope_logs[0].log_records, strict=True
            ):
                found["traceId"], found["spanId"] = source.trace_id.hex(), source.span_id.hex()
    return json.dumps(document).encode()


def decoded(*records: dict[str, Any], encoding: Encoding = "protobuf", limits: Limits = LIMITS) -> DecodedLogs:
    made = request(*records)
    body = made.SerializeToString() if encoding == "protobuf" else as_json(made)
    return decode_logs(body, encoding, "default", limits, 9)


ENCODINGS: tuple[Encoding, ...] = ("protobuf", "json")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_event_of_a_span_is_kept_with_its_body_beside_its_attributes(encoding: Encoding) -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Done."}}
    found = decoded(record("gen_ai.choice", {"gen_ai.system": "openai"}, choice), encoding=encoding)
    assert found.rejections == []
    (log,) = found.logs
    assert (log.project, log.trace_id, log.span_id) == ("default", TRACE, SPAN)
    assert (log.event.name, log.event.time_ns) == ("gen_ai.choice", 7)
    assert log.event.attributes == {"gen_ai.system": "openai", **choice}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_name_may_stand_in_an_attribute(encoding: Encoding) -> None:
    found = decoded(record("", {"event.name": "gen_ai.user.message"}, {"content": "Hi"}), encoding=encoding)
    (log,) = found.logs
    assert (log.event.name, log.event.attributes) == ("gen_ai.user.message", {"content": "Hi"})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_records_are_counted(encoding: Encoding) -> None:
    found = decoded(record("", {"level": "info"}, "started"), record("device.app.lifecycle"), encoding=encoding)
    assert found == DecodedLogs([], [], 2)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("trace", "span"), [("", ""), (TRACE, "00" * 8), ("00" * 16, SPAN), (TRACE, "cd")])
def test_an_event_without_a_span_is_refused_alone(encoding: Encoding, trace: str, span: str) -> None:
    found = decoded(
        record("gen_ai.choice", trace=trace, span=span),
        record("gen_ai.user.message", {}, {"content": "Hi"}),
        encoding=encoding,
    )
    assert [log.event.name for log in found.logs] == ["gen_ai.user.message"]
    assert [rejection.reason for rejection in found.rejections] == ["log_without_span"]


def test_a_long_text_is_cut_and_told() -> None:
    found = decoded(record("gen_ai.choice", {"message": "x" * 100}), limits=Limits(10, 10))
    assert found.logs[0].event.attributes == {"message": "x" * 10}
    assert [rejection.reason for rejection in found.rejections] == ["attribute_truncated"]


def test_invalid_text_spoils_one_record_only() -> None:
    made = request(record("gen_ai.choice", {"content": "MARK"}), record("gen_ai.choice", {"content": "fine"}))
    body = made.SerializeToString().replace(b"MARK", b"\xff\xfe\xfd\xfc")
    found = decode_logs(body, "protobuf", "default", LIMITS, 9)
    assert [log.event.attributes for log in found.logs] == [{"content": "fine"}]
    assert [rejection.reason for rejection in found.rejections] == ["invalid_utf8"]


@pytest.mark.parametrize(
    ("encoding", "body"), [("protobuf", b"\xff"), ("json", b"{"), ("json", b"[]"), ("json", b'{"a":1}')]
)
def test_what_is_no_logs_request_says_what_was_expected(encoding: Encoding, body: bytes) -> None:
    with pytest.raises(BadInput, match=r"OTLP|resourceLogs|JSON"):
        decode_logs(body, encoding, "default", LIMITS, 9)


VALUES = st.recursive(
    st.text(max_size=8) | st.integers(-(2**63), 2**63 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(attributes=st.dictionaries(st.text(max_size=8), VALUES, max_size=4), body=VALUES)
@settings(max_examples=60, deadline=None)
def test_both_encodings_say_the_same(attributes: dict[str, Any], body: Any) -> None:
    given_ = record("gen_ai.choice", attributes, body)
    assert decoded(given_) == decoded(given_, encoding="json")
