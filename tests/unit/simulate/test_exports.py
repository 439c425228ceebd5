"""Exports of real frameworks as spans: as many spans as observations, everything as recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories import History, Tally, find_histories, read_histories

OBSERVATIONS = {
    "autogen-2025-06-06": 2,
    "beeai-2025-08-01": 29,
    "google-adk-2025-08-28": 5,
    "google-gemini-2025-08-01": 1,
    "koog-2025-08-26": 11,
    "langgraph-python-2025-08-22": 9,
    "llamaindex-2025-06-05": 2,
    "microsoft-agent-2025-10-14": 4,
    "microsoft-agent-2025-12-17": 4,
    "openai-agents-2025-09-30": 5,
    "openai-assistants-2024-05-29": 4,
    "pydantic-ai-2025-06-06": 3,
    "pydantic-ai-tools-2025-06-06": 3,
    "pydantic-ai-tools-2025-12-04": 12,
}


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [value_of(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def plain(attributes: Any) -> dict[str, Any]:
    return {item.key: value_of(item.value) for item in attributes}


def spans_of(history: History) -> list[tuple[Any, Any, Any]]:
    return [
        (block.resource_spans.resource, scope.scope, span)
        for block in history.read()
        for scope in block.resource_spans.scope_spans
        for span in scope.spans
    ]


def mapping(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else value or {}


@pytest.fixture(scope="module")
def histories(data: Path) -> dict[str, History]:
    found = find_histories(data / "otel_and_provider_traces/dev", lambda text: None)
    return {history.path.stem: history for history in found}


def test_every_file_of_the_side_is_found_and_the_responses_are_named_as_skipped(data: Path) -> None:
    told: list[str] = []
    found = find_histories(data / "otel_and_provider_traces/dev", told.append)
    assert [history.kind for history in found] == ["langfuse_export"] * 14 + ["vercel_spans"] * 2
    assert len(told) == 1
    assert "provider_responses.jsonl.zst: not a recording of spans" in told[0]


@pytest.mark.parametrize(("name", "count"), OBSERVATIONS.items())
def test_an_export_keeps_ids_parents_types_attributes_and_scope(
    histories: dict[str, History], name: str, count: int
) -> None:
    document = json.loads(histories[name].path.read_text())
    spans = spans_of(histories[name])
    assert len(spans) == len(document["observations"]) == count
    by_recorded_id = {plain(s.attributes).get("langfuse.observation.id", s.span_id.hex()): s for _, _, s in spans}
    for observation, (resource, scope, span) in zip(document["observations"], spans, strict=True):
        metadata, said = mapping(observation["metadata"]), plain(span.attributes)
        assert by_recorded_id[observation["id"]] is span
        parent = observation["parentObservationId"]
        assert span.parent_span_id == (by_recorded_id[parent].span_id if parent else b"")
        assert said["langfuse.observation.type"] == observation["type"].lower()
        assert said.get("langfuse.observation.model.name") == observation["model"]
        recorded = metadata.get("attributes", {})
        for key, value in recorded.items():
            assert said[key] == value or json.loads(said[key]) == value
        assert (scope.name, scope.version) == (
            metadata.get("scope", {}).get("name", ""),
            metadata.get("scope", {}).get("version", ""),
        )
        assert plain(resource.attributes) == metadata.get("resourceAttributes", {})
        usage = observation["usageDetails"]
        sent = json.loads(said.get("langfuse.observation.usage_details", "{}"))
        assert sent == (usage if any(usage.values()) else {})
        if document["trace"]["sessionId"]:
            assert said["session.id"] == document["trace"]["sessionId"]


def test_model_calls_and_tokens_of_the_side_as_recorded(data: Path, histories: dict[str, History]) -> None:
    # Two of the files hold the same trace, and the second Vercel file the spans of the first: 13 repeats.
    tally = Tally()
    for piece in read_histories(list(histories.values())):
        tally.add(piece.facts)
    summary = tally.summary()
    assert (summary.runs, summary.spans, summary.repeated_spans) == (25, 101, 13)
    assert (summary.model_calls, summary.tool_calls) == (31, 7)
    assert (summary.tokens["input"], summary.tokens["output"]) == (8688, 3236)


def test_the_two_layouts_of_vercel_spans_hold_the_same_ten_spans(histories: dict[str, History]) -> None:
    listed = [span for _, _, span in spans_of(histories["vercel_ai_sdk_v6_all-spans"])]
    grouped = [span for _, _, span in spans_of(histories["vercel_ai_sdk_v6_spans-by-operation"])]
    assert len(listed) == 10
    assert sorted(s.SerializeToString() for s in listed) == sorted(s.SerializeToString() for s in grouped)
    first = listed[0]
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (1770131992242000000, 1770131994021415667)
    assert not first.parent_span_id
    assert plain(first.attributes)["gen_ai.usage.input_tokens"] == 14


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"trace": {}, "observations": [{"id": "x"}]}', "observation 0 is not as exported"),
        ('[{"spanContext": {"traceId": "a"}}]', "is not a ReadableSpan"),
        ('{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]}', "not OTLP JSON"),
        ('{"a": 1}', "holds nothing that can be replayed"),
        ("{", "not JSON"),
    ],
)
def test_a_broken_file_is_named_with_what_was_expected(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    with pytest.raises(BadFile) as caught:
        list(read_histories(find_histories(path, lambda text: None)))
    assert expected in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.mend
