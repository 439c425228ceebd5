"""Golden spans: OpenTelemetry GenAI conventions before 1.37."""

from __future__ import annotations

from quarterdeck.model.raw import RawEvent
from quarterdeck.observe.canonical import conversation

from .spans import canonical, expect, raw

CHAT = {
    "gen_ai.system": "az.ai.openai",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.prompt_tokens": "41",
    "gen_ai.usage.completion_tokens": 3.0,
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "hi",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "hello",
    "gen_ai.completion.0.finish_reason": "stop",
}


def test_a_model_call() -> None:
    expect(
        canonical(CHAT),
        dialect="otel_legacy",
        op_kind="llm",
        provider="azure.ai.openai",
        model_request="gpt-4o",
        tokens_input=41,
        tokens_output=3,
        usage_confidence="exact",
    )


def test_indexed_prompts_are_the_conversation() -> None:
    found = conversation(raw(CHAT))
    assert found["content_state"] == "present"
    assert [message["role"] for message in found["input"]] == ["system", "user"]
    assert found["output"] == [
        {"role": "assistant", "parts": [{"type": "text", "content": "hello"}], "finish_reason": "stop"}
    ]


def test_one_event_per_message_is_the_conversation() -> None:
    events = (
        RawEvent("gen_ai.user.message", 1, {"content": "hi"}),
        RawEvent("gen_ai.choice", 2, {"message": '{"role":"assistant","content":"hello"}', "finish_reason": "stop"}),
    )
    found = conversation(raw({"gen_ai.system": "openai"}, events=events))
    assert found["input"] == [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    assert found["output"][0]["parts"] == [{"type": "text", "content": "hello"}]
    assert found["output"][0]["finish_reason"] == "stop"
