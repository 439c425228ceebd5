"""Hostile input from the bytes to the runs: refused with a reason or taken, never raising, never without end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Proto

from quarterdeck.errors import BadInput
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer, conversation
from quarterdeck.observe.ingest.decode import Decoded, Limits, decode
from quarterdeck.observe.runs import PriceTable, build_runs

from .spans import KEY

LIMITS = Limits(1024 * 1024, 20_000)
START = 1_790_000_000_000_000_000
PRICES = PriceTable.shipped()


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def number(key: str, value: int) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(int_value=value))


def proto(index: int, parent: int = 0, *attributes: KeyValue, **fields: Any) -> Proto:
    named: dict[str, Any] = {
        "trace_id": b"\x01" * 16,
        "span_id": index.to_bytes(8, "big"),
        "parent_span_id": parent.to_bytes(8, "big") if parent else b"",
        "name": "chat m",
        "start_time_unix_nano": START + index,
        "end_time_unix_nano": START + index + 10,
        "attributes": [text("gen_ai.operation.name", "chat"), *attributes],
    }
    return Proto(**{**named, **fields})


def decoded(*spans: Proto) -> Decoded:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(spans)
    return decode(request.SerializeToString(), "protobuf", "default", LIMITS, START)


def canonical(found: Decoded) -> list[Span]:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    return [canonicalizer.canonicalize(raw) for raw in found.spans]


def runs(spans: list[Span]) -> list[Any]:
    return [tree.run for tree in build_runs(spans, now_ns=START * 2, prices=PRICES)]


def test_an_array_of_ten_thousand() -> None:
    values = ArrayValue(values=[AnyValue(string_value="stop")] * 10_000)
    indexed = [text(f"gen_ai.prompt.{index}.content", "x") for index in range(10_000)]
    found = decoded(
        proto(1, 0, KeyValue(key="gen_ai.response.finish_reasons", value=AnyValue(array_value=values)), *indexed)
    )
    (span,) = canonical(found)
    assert len(span.finish_reasons or "") <= 512
    assert len(conversation(found.spans[0])["input"]) == 10_000


def test_nine_megabytes_in_one_attribute_are_cut_and_told() -> None:
    found = decoded(proto(1, 0, text("gen_ai.input.messages", "x" * 9_000_000), number("gen_ai.usage.input_tokens", 7)))
    assert [note.reason for note in found.rejections] == ["attribute_truncated"]
    assert found.refused == 0
    assert canonical(found)[0].tokens_input == 7


def test_invalid_text_spoils_one_span() -> None:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend([proto(1, 0, text("a", "MARK")), proto(2)])
    body = request.SerializeToString().replace(b"MARK", b"\xff\xfe\xfd\xfc")
    found = decode(body, "protobuf", "default", LIMITS, START)
    assert [note.reason for note in found.rejections] == ["invalid_utf8"]
    assert [span.span_id for span in found.spans] == [f"{2:016x}"]


@pytest.mark.parametrize("tokens", [-1, -(2**63), 2**63 - 1])
def test_counts_that_cannot_be_are_dropped_and_said(tokens: int) -> None:
    given = (number("gen_ai.usage.input_tokens", tokens), number("gen_ai.usage.output_tokens", 3))
    (span,) = canonical(decoded(proto(1, 0, *given)))
    assert (span.tokens_input, span.tokens_output, span.usage_confidence) == (None, 3, "rejected")


def test_an_end_before_its_start_is_kept_as_recorded() -> None:
    (span,) = canonical(decoded(proto(1, 0, start_time_unix_nano=START + 100, end_time_unix_nano=START)))
    assert (span.start_ns, span.end_ns) == (START + 100, START)
    (run,) = runs([span])
    assert "clock_skew" in run.flags


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": b"\0" * 16}, "invalid_trace_id"),
        ({"span_id": b"\0" * 8}, "invalid_span_id"),
        ({"trace_id": b""}, "invalid_trace_id"),
        ({"span_id": b"\x01" * 7}, "invalid_span_id"),
        ({"parent_span_id": b"\x01" * 9}, "invalid_parent_span_id"),
    ],
)
def test_ids_that_are_none_are_refused(fields: dict[str, Any], reason: str) -> None:
    found = decoded(proto(1, 0, **fields), proto(2))
    assert [note.reason for note in found.rejections] == [reason]
    assert len(found.spans) == 1


@pytest.mark.parametrize("edges", [[(1, 1)], [(1, 2), (2, 1)], [(1, 2), (2, 3), (3, 1), (4, 2)]])
def test_cyclic_parents_give_runs_that_hold_every_span_once(edges: list[tuple[int, int]]) -> None:
    spans = canonical(
        decoded(*(proto(index, parent, number("gen_ai.usage.input_tokens", 5)) for index, parent in edges))
    )
    found = runs(spans)
    assert sum(run.spans for run in found) == len(edges)
    assert all(run.tokens.input is not None for run in found)


def test_a_tree_fifty_thousand_deep() -> None:
    depth = 50_000
    spans = canonical(decoded(*(proto(index + 1, index) for index in range(depth))))
    (run,) = runs(spans)
    assert run.spans == depth


def test_json_nested_without_end_is_refused() -> None:
    value: Any = {"stringValue": "x"}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}
    span = {
        "traceId": "01" * 16, "spanId": "02" * 8, "name": "n", "startTimeUnixNano": str(START),
        "attributes": [{"key": "a", "value": value}],
    }  # fmt: skip
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    found = decode(body, "json", "default", LIMITS, START)
    assert [note.reason for note in found.rejections] == ["nested_too_deep"]
    with pytest.raises(BadInput):
        decode(b"[" * 100_000, "json", "default", LIMITS, START)
