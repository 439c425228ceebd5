"""Messages of every provider's shape."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical.message_shapes import to_messages
from quarterdeck.observe.canonical.messages import conversation


def span(attributes: dict[str, Any]) -> RawSpan:
    return RawSpan(
        "p",
        "1" * 32,
        "1" * 16,
        "",
        "",
        "n",
        1,
        1,
        2,
        0,
        "",
        attributes,
        (),
        (),
        Resource({}, ""),
        Scope("", "", {}, ""),
    )


def text(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hi", [text("user", "hi")]),
        ([{"role": "user", "content": "hi"}], [text("user", "hi")]),
        ([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}], [text("user", "hi")]),
        ({"messages": [{"role": "human", "content": "hi"}]}, [text("user", "hi")]),
        ({"system": "s", "messages": [{"role": "user", "content": "hi"}]}, [text("system", "s"), text("user", "hi")]),
        ({"contents": [{"role": "model", "parts": [{"text": "hi"}]}]}, [text("assistant", "hi")]),
        ({"choices": [{"message": {"role": "assistant", "content": "hi"}}]}, [text("assistant", "hi")]),
        ([{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}], [text("user", "hi")]),
        ({"prompt": "hi"}, [text("user", "hi")]),
        ({"q": 1}, [{"role": "user", "parts": [{"type": "other", "content": {"q": 1}}]}]),
        (None, []),
    ],
)
def test_shapes_of_messages(value: Any, expected: list[dict[str, Any]]) -> None:
    assert to_messages(value, "user") == expected


@pytest.mark.parametrize(
    "part",
    [
        {"type": "tool_call", "id": "c", "name": "f", "arguments": '{"a":1}'},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
        {"type": "tool-call", "toolCallId": "c", "toolName": "f", "args": {"a": 1}},
        {"id": "c", "function_call": {"name": "f", "args": {"a": 1}}},
    ],
)
def test_tool_calls_of_every_provider(part: dict[str, Any]) -> None:
    (message,) = to_messages([{"role": "assistant", "content": [part]}], "assistant")
    assert message["parts"] == [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "tool_call_id": "c", "content": "r"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "r"}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "c", "result": "r"}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "r"}]},
    ],
)
def test_tool_results_are_told_by_their_type_not_by_the_role(message: dict[str, Any]) -> None:
    (found,) = to_messages([message], "user")
    assert found["parts"] == [{"type": "tool_call_response", "id": "c", "result": "r"}]


def test_system_instructions_go_first_unless_the_messages_have_some() -> None:
    instructions = '[{"type":"text","content":"s"}]'
    user = '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]'
    both = {"gen_ai.system_instructions": instructions, "gen_ai.input.messages": user}
    assert [message["role"] for message in conversation(span(both))["input"]] == ["system", "user"]
    twice = {**both, "gen_ai.input.messages": '[{"role":"system","content":"s"}]'}
    assert len(conversation(span(twice))["input"]) == 1


def test_content_states() -> None:
    assert conversation(span({}))["content_state"] == "absent"
    assert conversation(span({"gen_ai.input.messages": "<REDACTED>"}))["content_state"] == "redacted"
    assert conversation(span({"input.value": "{'not': json"}))["input"] == [text("user", "{'not': json")]
