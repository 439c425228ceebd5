"""Golden spans: Vercel AI SDK 4 to 6."""

from __future__ import annotations

from quarterdeck.observe.canonical import conversation

from .spans import canonical, expect, raw

CALL = {
    "ai.operationId": "ai.generateText.doGenerate",
    "operation.name": "ai.generateText.doGenerate chat",
    "ai.model.provider": "anthropic.messages",
    "ai.model.id": "claude-sonnet-4-5",
    "ai.response.model": "claude-sonnet-4-5-20250929",
    "ai.response.id": "msg_1",
    "ai.response.finishReason": "tool-calls",
    "ai.response.text": "Looking.",
    "ai.response.toolCalls": '[{"toolCallId":"c1","toolName":"lookup","input":{"q":1}}]',
    "ai.response.providerMetadata": '{"anthropic":{"usage":{"input_tokens":4,"cache_creation_input_tokens":6,'
    '"cache_read_input_tokens":8845,"cache_creation":{"ephemeral_1h_input_tokens":2}}}}',
    "ai.usage.inputTokens": 4,
    "ai.usage.outputTokens": 193,
    "ai.usage.totalTokens": 197,
    "ai.prompt.messages": '[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]',
    "ai.response.msToFirstChunk": 426.85,
    "ai.telemetry.functionId": "chat",
    "ai.telemetry.metadata.sessionId": "s1",
}


def test_a_model_call_whose_total_repeats_the_mistake() -> None:
    span = canonical(CALL, scope="ai")
    expect(
        span,
        dialect="vercel",
        op_kind="llm",
        provider="anthropic",
        model_request="claude-sonnet-4-5",
        model_response="claude-sonnet-4-5-20250929",
        tokens_input=8855,
        tokens_output=193,
        tokens_cache_read=8845,
        tokens_cache_write=6,
        tokens_cache_write_1h=2,
        usage_scope="own",
        usage_confidence="producer",
        ttft_s=0.42685,
        finish_reasons="tool-calls",
        agent_name="chat",
        agent_name_source="fallback",
        session_id="s1",
    )
    assert span.prompt_hash


def test_the_outer_wrapper_repeats_and_is_no_model_call() -> None:
    outer = {"ai.operationId": "ai.generateText", "ai.model.id": "m", "ai.usage.promptTokens": 14}
    expect(canonical({**outer, "ai.usage.completionTokens": 20}), op_kind="chain", usage_scope="inclusive")


def test_an_embedding_reports_one_number() -> None:
    span = canonical({"ai.operationId": "ai.embed.doEmbed", "ai.model.id": "m", "ai.usage.tokens": 10}, scope="ai")
    expect(span, op_kind="embedding", tokens_input=10, tokens_output=None, usage_confidence="exact")


def test_a_tool_call() -> None:
    attributes = {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "lookup",
        "ai.toolCall.id": "c1",
        "ai.toolCall.args": '{"q":1}',
        "ai.toolCall.result": "2",
    }
    span = canonical(attributes, scope="ai")
    expect(span, op_kind="tool", tool_name="lookup", tool_call_id="c1")
    assert span.tool_args_hash


def test_text_and_tool_calls_are_the_output() -> None:
    found = conversation(raw(CALL, scope="ai"))
    assert [message["role"] for message in found["input"]] == ["system", "user"]
    assert found["output"] == [
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "Looking."},
                {"type": "tool_call", "id": "c1", "name": "lookup", "arguments": {"q": 1}},
            ],
            "finish_reason": "tool-calls",
        }
    ]


def test_another_scope_that_begins_with_ai_is_not_vercel() -> None:
    expect(canonical({"gen_ai.system": "openai"}, scope="ai.koog"), dialect="otel_legacy")
