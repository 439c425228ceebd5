"""Golden spans: OpenTelemetry GenAI conventions since 1.37."""

from __future__ import annotations

from .spans import canonical, expect

SCOPE = "opentelemetry.instrumentation.genai.openai"

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.response.id": "resp_1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.request.stream": True,
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.usage.input_tokens": 1200,
    "gen_ai.usage.output_tokens": 80,
    "gen_ai.usage.cache_read.input_tokens": 600,
    "gen_ai.usage.cache_write.input_tokens": 100,
    "gen_ai.usage.reasoning.output_tokens": 30,
    "gen_ai.conversation.id": "conv-1",
    "gen_ai.system_instructions": '[{"type":"text","content":"Be brief."}]',
    "gen_ai.tool.definitions": '[{"name":"lookup","parameters":{}}]',
}


def test_a_model_call() -> None:
    span = canonical(CHAT, scope=SCOPE)
    expect(
        span,
        dialect="otel_current",
        dialect_version="1.2.3",
        mapping_version=4,
        op_kind="llm",
        op_name="chat",
        provider="openai",
        model_request="gpt-5",
        model_response="gpt-5-2025-08-07",
        response_id="resp_1",
        finish_reasons="stop",
        streaming=True,
        ttft_s=0.25,
        tokens_input=1200,
        tokens_output=80,
        tokens_cache_read=600,
        tokens_cache_write=100,
        tokens_reasoning=30,
        usage_scope="own",
        usage_confidence="exact",
        session_id="conv-1",
        session_source="explicit",
        prompt_version=None,
        status="unset",
        weight=1.0,
    )
    assert span.prompt_hash is not None
    assert span.toolset_hash is not None


def test_an_agent_carries_the_usage_of_its_run() -> None:
    span = canonical(
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "support",
            "gen_ai.agent.id": "asst_1",
            "gen_ai.agent.version": "7",
            "gen_ai.provider.name": "openai",
            "gen_ai.usage.input_tokens": 500,
            "gen_ai.usage.output_tokens": 20,
        },
        scope=SCOPE,
    )
    expect(
        span,
        op_kind="agent",
        agent_name="support",
        agent_name_source="explicit",
        agent_id="asst_1",
        agent_version="7",
        usage_scope="inclusive",
        usage_confidence="exact",
    )


def test_a_tool_call_keeps_hashes_and_no_texts() -> None:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": '{"q":"x"}',
        "gen_ai.tool.call.result": "42",
    }
    span = canonical(attributes, scope=SCOPE)
    expect(span, op_kind="tool", tool_name="lookup", tool_call_id="call_1", usage_scope="none", tokens_input=None)
    again = canonical({**attributes, "gen_ai.tool.call.arguments": '{"q":"y"}'}, scope=SCOPE)
    assert span.tool_args_hash != again.tool_args_hash
    assert span.tool_result_hash == again.tool_result_hash
    assert span.tool_result_hash is not None


def test_the_schema_alone_gives_the_dialect_away() -> None:
    span = canonical({"gen_ai.operation.name": "plan"}, schema_url="https://opentelemetry.io/schemas/gen-ai/1.42.0")
    expect(span, dialect="otel_current", op_kind="plan")


def test_names_hold_the_kind_and_the_name_where_attributes_do_not() -> None:
    expect(
        canonical({}, name="invoke_agent planner"), op_kind="agent", agent_name="planner", agent_name_source="span_name"
    )
    expect(canonical({}, name="execute_tool grep"), op_kind="tool", tool_name="grep")
    expect(canonical({}, name="GET /health"), op_kind="other", dialect="unknown", agent_name=None)
