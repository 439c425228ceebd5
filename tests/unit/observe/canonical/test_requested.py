"""Ids of the calls that a model asked for, in every spelling; and links with what they mean."""

from __future__ import annotations

import json

import pytest

from quarterdeck.model.raw import RawEvent, RawLink, RawSpan, Resource, Scope
from quarterdeck.observe.canonical import Canonicalizer

OTEL = [
    {"role": "assistant", "parts": [{"type": "text", "content": "x"}, {"type": "tool_call", "id": "c1", "name": "f"}]}
]
OPENAI = {"choices": [{"message": {"tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f"}}]}}]}
RESPONSES = {"output": [{"type": "function_call", "id": "fc_9", "call_id": "c1", "name": "f", "arguments": "{}"}]}
ANTHROPIC = {"content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"id": "an argument"}}]}
VERCEL = [{"toolCallId": "c1", "toolName": "f", "args": {"id": "an argument"}}]
GEMINI = {"content": {"parts": [{"functionCall": {"id": "c1", "name": "f", "args": {}}}]}}
NESTED = {"tool_calls": [{"tool_call": {"id": "c1", "function": {"name": "f"}}}]}


def canonical(attributes=None, *, events=(), links=(), kind=3, name="chat"):
    attributes = {"gen_ai.operation.name": "chat", **(attributes or {})}
    raw = RawSpan(
        "default", "0" * 31 + "1", "0" * 15 + "1", "", "", name, kind, 1, 2, 0, "", attributes,
        tuple(events), tuple(links), Resource({}, ""), Scope("", "", {}, ""),
    )  # fmt: skip
    return Canonicalizer(user_hash_key=b"k").canonicalize(raw)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gen_ai.output.messages", json.dumps(OTEL)),
        ("gen_ai.output.messages", OTEL),
        ("output.value", json.dumps(OPENAI)),
        ("output.value", json.dumps(RESPONSES)),
        ("langfuse.observation.output", json.dumps(ANTHROPIC)),
        ("ai.response.toolCalls", json.dumps(VERCEL)),
        ("gcp.vertex.agent.llm_response", json.dumps(GEMINI)),
        ("mlflow.spanOutputs", json.dumps(NESTED)),
        ("llm.output_messages.0.message.tool_calls.0.tool_call.id", "c1"),
        ("gen_ai.completion.0.tool_calls.0.id", "c1"),
    ],
)
def test_the_id_is_found_in_every_spelling(key, value):
    assert canonical({key: value}).tool_calls_requested == "c1"


def test_events_tell_it_too():
    calls = json.dumps([{"id": "c1", "type": "function"}, {"id": "c2", "type": "function"}])
    assert canonical(events=[RawEvent("gen_ai.choice", 1, {"tool_calls": calls})]).tool_calls_requested == "c1,c2"


@pytest.mark.parametrize(
    "value",
    [
        json.dumps([{"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": 1}]}]),
        json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": 'a "tool_call" is a thing'}]}]),
        '"tool_call" but no JSON',
        json.dumps({"tool_calls": [{"id": "a,b"}, {"id": ""}, {"id": 7}]}),
        "",
    ],
)
def test_what_asks_for_nothing_is_unknown(value):
    assert canonical({"gen_ai.output.messages": value}).tool_calls_requested is None


def test_only_model_calls_ask():
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.output.messages": json.dumps(OTEL)}
    assert canonical(attributes).tool_calls_requested is None


def test_hostile_outputs_are_bounded():
    deep: object = {"id": "x", "type": "tool_call"}
    for _ in range(50_000):
        deep = [deep]
    many = json.dumps([{"toolCallId": f"c{n}"} for n in range(10_000)])
    assert canonical({"gen_ai.output.messages": deep}).tool_calls_requested is None
    found = canonical({"ai.response.toolCalls": many}).tool_calls_requested
    assert found is not None
    assert len(found.split(",")) == 32


T, S = "0" * 31 + "2", "0" * 15 + "2"


@pytest.mark.parametrize(
    ("attributes", "more", "kind"),
    [
        ({"link.type": "HANDOFF_TO"}, {}, "handoff"),
        ({"quarterdeck.link.kind": "fork"}, {}, "fork"),
        ({"link.kind": "resumed from"}, {}, "resume"),
        ({"link.name": "Retry of"}, {}, "retry"),
        ({}, {"kind": 5}, "queue"),
        ({"link.type": "whatever"}, {"kind": 5}, ""),
        ({}, {}, ""),
    ],
)
def test_a_link_is_kept_with_what_it_means(attributes, more, kind):
    found = canonical(links=[RawLink(T, S, "", attributes)], **more).links
    assert found is not None
    told, trace_id, span_id = found.split(" ")
    assert (trace_id, span_id) == (T, S)
    assert told == kind


def test_links_that_are_none_are_left_out_and_their_number_is_bounded():
    assert canonical(links=[RawLink("not hex", S, "", {})]).links is None
    found = canonical(links=[RawLink(T, S, "", {})] * 100).links
    assert found is not None
    assert len(found.split(";")) == 16
