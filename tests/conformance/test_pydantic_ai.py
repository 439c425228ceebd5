"""Golden spans: pydantic-ai, old and new instrumentation, and Logfire beside it."""

from __future__ import annotations

from quarterdeck.observe.canonical import conversation

from .spans import canonical, expect, raw

SCOPE = "pydantic-ai"


def test_an_agent_run_of_version_5_excludes_nested_runs() -> None:
    span = canonical(
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "joker",
            "gen_ai.aggregated_usage.input_tokens": 548,
            "gen_ai.aggregated_usage.output_tokens": 122,
            "pydantic_ai.all_messages": "[]",
        },
        scope=SCOPE,
    )
    expect(
        span,
        dialect="pydantic_ai",
        op_kind="agent",
        agent_name="joker",
        tokens_input=548,
        tokens_output=122,
        usage_scope="exclusive_run",
    )


def test_an_agent_run_of_version_1_is_inclusive_and_names_no_operation() -> None:
    span = canonical(
        {
            "agent_name": "qa_agent",
            "model_name": "gpt-4o",
            "gen_ai.usage.input_tokens": 31,
            "gen_ai.usage.output_tokens": 96,
            "final_result": "done",
        },
        scope=SCOPE,
        name="qa_agent run",
    )
    expect(span, op_kind="agent", agent_name="qa_agent", model_request="gpt-4o", usage_scope="inclusive")


def test_a_model_call_with_reported_cost_and_tools() -> None:
    span = canonical(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 417,
            "gen_ai.usage.output_tokens": 53,
            "gen_ai.usage.details.cache_read_tokens": 12,
            "operation.cost": 0.00009435,
            "model_request_parameters": {"function_tools": [{"name": "pun"}]},
            "gen_ai.input.messages": [{"role": "system", "parts": [{"type": "text", "content": "Joke."}]}],
        },
        scope=SCOPE,
    )
    expect(span, op_kind="llm", tokens_cache_read=12, cost_reported_usd=0.00009435)
    assert span.toolset_hash
    assert span.prompt_hash


def test_tools_and_batches_of_tools() -> None:
    tool = canonical({"gen_ai.tool.name": "pun", "tool_arguments": {"a": 1}, "tool_response": "x"}, scope=SCOPE)
    expect(tool, op_kind="tool", tool_name="pun")
    assert tool.tool_args_hash
    assert tool.tool_result_hash
    expect(canonical({"tools": ["a", "b"]}, scope=SCOPE), op_kind="chain")


def test_events_are_split_into_input_and_output() -> None:
    events = (
        '[{"content":"Be kind.","role":"system","event.name":"gen_ai.system.message"},'
        '{"content":"hi","role":"user","event.name":"gen_ai.user.message"},'
        '{"message":{"role":"assistant","content":"hello"},"event.name":"gen_ai.choice"}]'
    )
    found = conversation(raw({"events": events}, scope=SCOPE))
    assert [message["role"] for message in found["input"]] == ["system", "user"]
    assert found["output"] == [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}]}]


def test_logfire_partial_usage_is_marked_and_its_level_is_a_status() -> None:
    partial = canonical(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.usage.partial.input_tokens": 5,
            "gen_ai.usage.partial.output_tokens": 1,
            "logfire.level_num": 17,
        },
        scope="logfire.claude_agent_sdk",
    )
    expect(partial, dialect="logfire", usage_scope="partial", tokens_input=5, status="error")
