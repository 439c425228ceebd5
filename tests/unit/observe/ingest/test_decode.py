"""Decoding: both protobuf ways and JSON agree, and bad input spoils no more than itself."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.errors import BadInput
from quarterdeck.observe.ingest.checks import Decoded, sift
from quarterdeck.observe.ingest.columns import decode_columns
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.ingest.otlp_json import decode_json
from quarterdeck.observe.ingest.rows import decode_rows

from .requests import START_NS, agent_trace, request

LIMITS = Limits(attribute_bytes_max=1000, attributes_max=50)
NOW = START_NS

scalars = (
    st.text(max_size=40)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
)
values = st.recursive(
    scalars | st.none(),
    lambda inner: (
        st.lists(inner.filter(lambda v: v is not None), max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
spans = st.fixed_dictionaries(
    {
        "trace": st.binary(max_size=18),
        "id": st.binary(max_size=9),
        "name": st.text(max_size=20),
        "start": st.integers(0, 2**64 - 1),
        "end": st.integers(0, 2**64 - 1),
        "kind": st.integers(0, 5),
        "attributes": st.dictionaries(st.text(max_size=12), values, max_size=6),
        "status": st.tuples(st.sampled_from([0, 1, 2]), st.text(max_size=10)),
        "events": st.lists(st.tuples(st.text(max_size=8), st.dictionaries(st.text(max_size=5), scalars, max_size=3)), max_size=2),
        "links": st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8)), max_size=2),
    }
)  # fmt: skip


@given(st.lists(spans, max_size=6), st.dictionaries(st.text(max_size=8), values, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_columns_and_rows_agree_on_any_sound_request(found: list[dict[str, Any]], resource: dict[str, Any]) -> None:
    body = request(found, resource=resource or {"a": 1}).SerializeToString()
    rows, rejections = decode_rows(body, "p", NOW)
    assert decode_columns(body, "p").spans == rows
    assert not rejections


@given(st.lists(spans, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_json_says_what_protobuf_says(found: list[dict[str, Any]]) -> None:
    message = request(found)
    document = json.loads(json_format.MessageToJson(message))
    for block in document.get("resourceSpans", []):
        for scope in block.get("scopeSpans", []):
            for span, proto in zip(scope.get("spans", []), message.resource_spans[0].scope_spans[0].spans, strict=True):
                span["traceId"], span["spanId"] = proto.trace_id.hex(), proto.span_id.hex()
                for link, proto_link in zip(span.get("links", []), proto.links, strict=True):
                    link["traceId"], link["spanId"] = proto_link.trace_id.hex(), proto_link.span_id.hex()
    rows, _ = decode_rows(message.SerializeToString(), "p", NOW)
    from_json, rejections = decode_json(json.dumps(document).encode(), "p", NOW)
    assert from_json == rows
    assert not rejections


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_garbage_is_refused_or_empty_and_never_anything_else(body: bytes) -> None:
    for encoding in ("protobuf", "json"):
        try:
            decoded = decode(body, encoding, "p", LIMITS, NOW)  # type: ignore[arg-type]
        except BadInput:
            continue
        assert len(decoded.spans) + decoded.refused >= 0


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_one_flipped_byte_never_breaks_the_decoder(data: st.DataObject) -> None:
    body = bytearray(request(agent_trace(1, 5)).SerializeToString())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadInput):
        decode(bytes(body), "protobuf", "p", LIMITS, NOW)


def test_truncated_protobuf_is_refused_whole_and_says_what_was_expected() -> None:
    body = request(agent_trace(2)).SerializeToString()
    with pytest.raises(BadInput, match="ExportTraceServiceRequest"):
        decode(body[:-7], "protobuf", "p", LIMITS, NOW)


def test_invalid_utf8_spoils_one_span_only() -> None:
    good = agent_trace(3, 200)
    good[7]["attributes"]["bad"] = "SPOIL-ME"
    body = request(good).SerializeToString().replace(b"SPOIL-ME", b"SPOIL\xff\xfeE")
    decoded = decode(body, "protobuf", "p", LIMITS, NOW)
    assert len(decoded.spans) == 199
    assert [(r.reason, r.span_id) for r in decoded.rejections] == [("invalid_utf8", good[7]["id"].hex())]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"trace": b"\0" * 16}, "invalid_trace_id"),
        ({"trace": b"\1" * 15}, "invalid_trace_id"),
        ({"trace": b""}, "invalid_trace_id"),
        ({"id": b"\0" * 8}, "invalid_span_id"),
        ({"id": b"\1" * 9}, "invalid_span_id"),
        ({"parent": b"\1" * 3}, "invalid_parent_span_id"),
        ({"start": 2**63, "end": 2**63}, "time_out_of_range"),
        ({"start": 0, "end": 0}, "no_time"),
    ],
)
def test_a_faulty_span_is_refused_alone_with_its_reason(change: dict[str, Any], reason: str) -> None:
    found = agent_trace(4, 3)
    found[1] |= change
    decoded = decode(request(found).SerializeToString(), "protobuf", "p", LIMITS, NOW)
    assert [r.reason for r in decoded.rejections] == [reason]
    assert [s.span_id for s in decoded.spans] == [found[0]["id"].hex(), found[2]["id"].hex()]


def test_odd_but_true_spans_are_kept_as_they_are() -> None:
    found = [
        {"name": "end before start", "start": START_NS + 5, "end": START_NS},
        {"name": "zero parent is none", "parent": b"\0" * 8},
        {"name": "own parent", "id": b"\7" * 8, "parent": b"\7" * 8},
        {"name": "no start", "start": 0},
        {"name": "not ended", "end": 0},
    ]
    decoded = decode(request(found).SerializeToString(), "protobuf", "p", LIMITS, NOW)
    assert not decoded.rejections
    by_name = {s.name: s for s in decoded.spans}
    assert by_name["end before start"].end_ns < by_name["end before start"].start_ns
    assert by_name["zero parent is none"].parent_span_id == ""
    assert by_name["own parent"].parent_span_id == "07" * 8
    assert by_name["no start"].start_ns == by_name["no start"].end_ns > 0
    assert by_name["not ended"].end_ns == 0


def test_oversized_attributes_are_cut_and_noted_and_the_span_is_kept() -> None:
    found = agent_trace(5, 2)
    found[0]["attributes"]["big"] = "x" * 5000
    found[1]["attributes"] = {f"llm.input_messages.{i}.message.role": "user" for i in range(10_000)}
    decoded = decode(request(found).SerializeToString(), "protobuf", "p", LIMITS, NOW)
    assert len(decoded.spans) == 2
    assert decoded.refused == 0
    assert sorted(r.reason for r in decoded.rejections) == ["attribute_truncated", "attributes_cut"]
    assert len(decoded.spans[0].attributes["big"]) == 1000
    assert len(decoded.spans[1].attributes) == 50


def test_a_value_nested_beyond_reason_spoils_one_span() -> None:
    deep: Any = "x"
    for _ in range(80):
        deep = [deep]
    found = agent_trace(6, 2)
    found[1]["attributes"]["deep"] = deep
    decoded = decode(request(found).SerializeToString(), "protobuf", "p", LIMITS, NOW)
    assert [r.reason for r in decoded.rejections] == ["nested_too_deep"]
    assert len(decoded.spans) == 1


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (b"{", "not JSON"),
        (b"[]", "resourceSpans"),
        (b'{"spans": []}', "resourceSpans"),
        (b"[" * 5000 + b"]" * 5000, "JSON|resourceSpans"),
    ],
)
def test_json_of_another_shape_says_which_is_expected(body: bytes, match: str) -> None:
    with pytest.raises(BadInput, match=match):
        decode(body, "json", "p", LIMITS, NOW)


def test_json_spans_of_wrong_types_are_refused_alone() -> None:
    span = {"traceId": "01" * 16, "spanId": "02" * 8, "name": "ok", "startTimeUnixNano": "5", "endTimeUnixNano": 6}
    bad = [
        {**span, "traceId": "zz" * 16},
        {**span, "name": 7},
        {**span, "startTimeUnixNano": -1},
        {**span, "startTimeUnixNano": "99999999999999999999999"},
        "not a span",
    ]
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span, *bad]}]}]}
    decoded = decode(json.dumps(document).encode(), "json", "p", LIMITS, NOW)
    assert [s.name for s in decoded.spans] == ["ok"]
    assert [r.reason for r in decoded.rejections] == [
        "invalid_trace_id", "wrong_type", "wrong_type", "wrong_type", "time_out_of_range",
    ]  # fmt: skip


def test_json_reads_numbers_as_text_or_number_and_odd_doubles() -> None:
    attributes = [
        {"key": "i", "value": {"intValue": "42"}},
        {"key": "j", "value": {"intValue": 43}},
        {"key": "d", "value": {"doubleValue": "NaN"}},
        {"key": "b", "value": {"bytesValue": "AQI="}},
    ]
    span = {"traceId": "01" * 16, "spanId": "02" * 8, "startTimeUnixNano": 5, "attributes": attributes}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    found = decode(body, "json", "p", LIMITS, NOW).spans[0].attributes
    assert (found["i"], found["j"], found["b"]) == (42, 43, b"\1\2")
    assert math.isnan(found["d"])


@given(st.lists(spans, max_size=6), st.sampled_from([1, 3, 1_000]), st.sampled_from([0, 2, 1_000]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_columns_vouch_for_is_what_a_look_at_each_span_finds(
    found: list[dict[str, Any]], longest: int, most: int
) -> None:
    body, limits = request(found).SerializeToString(), Limits(longest, most)
    columns = decode_columns(body, "p")
    sifted = sift(decode_rows(body, "p", NOW)[0], limits, NOW, text_bytes_max=len(body))
    if columns.faultless and columns.text_bytes_max <= longest and columns.attributes_max <= most:
        assert sifted == Decoded(columns.spans, [])


@pytest.mark.parametrize(
    "fault",
    [
        {"trace": b""}, {"trace": bytes(16)}, {"trace": b"x" * 15}, {"id": b""}, {"id": bytes(8)}, {"id": b"x" * 9},
        {"parent": bytes(8)}, {"parent": b"x" * 7}, {"start": 0}, {"start": 2**63}, {"end": 2**63},
    ],
    ids=repr,
)  # fmt: skip
def test_columns_with_one_fault_are_looked_at_span_by_span(fault: dict[str, Any]) -> None:
    sound = agent_trace(1, 5)
    assert decode_columns(request(sound).SerializeToString(), "p").faultless
    sound[2] = {**sound[2], **fault}
    assert not decode_columns(request(sound).SerializeToString(), "p").faultless
