"""Golden spans: OpenInference."""

from __future__ import annotations

from quarterdeck.observe.canonical import conversation

from .spans import canonical, expect, raw

SCOPE = "openinference.instrumentation.openai_agents"

LLM = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4.1-2025-04-14",
    "llm.system": "openai",
    "llm.token_count.prompt": 85,
    "llm.token_count.completion": 29,
    "llm.token_count.total": 114,
    "llm.token_count.prompt_details.cache_read": 0,
    "llm.token_count.completion_details.reasoning": 0,
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "You are helpful.",
    "llm.input_messages.1.message.role": "assistant",
    "llm.input_messages.1.message.tool_calls.0.tool_call.id": "call_1",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "get_weather",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"city":"Tokyo"}',
    "llm.input_messages.2.message.role": "tool",
    "llm.input_messages.2.message.tool_call_id": "call_1",
    "llm.input_messages.2.message.content": "sunny",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.contents.0.message_content.type": "text",
    "llm.output_messages.0.message.contents.0.message_content.text": "It is sunny.",
    "llm.tools.0.tool.json_schema": '{"name": "get_weather"}',
    "session.id": "s1",
    "user.id": "ada@example.org",
}


def test_a_model_call() -> None:
    span = canonical(LLM, scope=SCOPE)
    expect(
        span,
        dialect="openinference",
        op_kind="llm",
        provider="openai",
        model_request="gpt-4.1-2025-04-14",
        tokens_input=85,
        tokens_output=29,
        tokens_cache_read=0,
        tokens_reasoning=0,
        usage_scope="own",
        usage_confidence="exact",
        session_id="s1",
    )
    assert span.prompt_hash
    assert span.toolset_hash
    assert span.user_hash
    assert not any("ada@example.org" in str(value) for value in span)


def test_indexed_messages_are_the_conversation() -> None:
    found = conversation(raw(LLM, scope=SCOPE))
    assert found["input"][1]["parts"] == [
        {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Tokyo"}}
    ]
    assert found["input"][2] == {
        "role": "tool",
        "parts": [{"type": "tool_call_response", "id": "call_1", "result": "sunny"}],
    }
    assert found["output"] == [{"role": "assistant", "parts": [{"type": "text", "content": "It is sunny."}]}]


def test_kinds_of_spans() -> None:
    expect(canonical({"openinference.span.kind": "CHAIN"}, scope=SCOPE), op_kind="chain")
    expect(canonical({"openinference.span.kind": "CHAIN"}, scope=SCOPE, parent=""), op_kind="workflow")
    expect(canonical({"openinference.span.kind": "RERANKER"}, scope=SCOPE), op_kind="rerank")
    expect(canonical({"openinference.span.kind": "EVALUATOR"}, scope=SCOPE), op_kind="evaluator")
    expect(
        canonical({"openinference.span.kind": "TOOL", "tool.name": "t", "input.value": "1", "output.value": "2"}),
        dialect="openinference",
        op_kind="tool",
        tool_name="t",
    )


def test_smolagents_writes_running_totals() -> None:
    usage = {"llm.token_count.prompt": 10, "llm.token_count.completion": 2}
    agent = {"openinference.span.kind": "AGENT", **usage}
    expect(canonical(agent, scope="openinference.instrumentation.smolagents"), usage_scope="cumulative_lifetime")
    expect(canonical(agent, scope="openinference.instrumentation.claude_agent_sdk"), usage_scope="inclusive")


def test_an_agent_of_langchain_is_named_by_its_metadata() -> None:
    scope = "openinference.instrumentation.langchain"
    metadata = '{"ls_integration": "langchain_create_agent", "lc_agent_name": "support", "thread_id": "s1"}'
    root = canonical({"openinference.span.kind": "CHAIN", "metadata": metadata}, scope=scope, parent="", name="support")
    expect(root, op_kind="workflow", agent_name="support", agent_name_source="fallback")
    call = canonical({**LLM, "metadata": metadata}, scope=scope)
    expect(call, op_kind="llm", agent_name="support")
    nameless = canonical({"openinference.span.kind": "CHAIN", "metadata": '{"lc_agent_name": null}'}, scope=scope)
    expect(nameless, op_kind="chain", agent_name=None)
