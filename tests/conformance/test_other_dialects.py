"""Golden spans of the small dialects: ADK, Strands, Claude Code, Microsoft Agent Framework."""

from __future__ import annotations

from .spans import canonical, expect


def test_adk_names_its_model_call_only_by_the_span() -> None:
    attributes = {
        "gen_ai.system": "gcp.vertex.agent",
        "gcp.vertex.agent.session_id": "s1",
        "gcp.vertex.agent.llm_request": "{}",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 2,
    }
    span = canonical(attributes, scope="gcp.vertex.agent", name="call_llm")
    expect(span, dialect="adk", op_kind="llm", session_id="s1", provider="gcp.gemini")


def test_strands_agents_report_their_whole_life() -> None:
    usage = {"gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 2}
    agent = canonical({"gen_ai.operation.name": "invoke_agent", **usage}, scope="strands.telemetry.tracer")
    expect(agent, dialect="strands", usage_scope="cumulative_lifetime")
    call = canonical({"gen_ai.operation.name": "chat", **usage}, scope="strands.telemetry.tracer")
    expect(call, usage_scope="own")


def test_claude_code_reports_uncached_input() -> None:
    span = canonical(
        {
            "span.type": "llm_request",
            "model": "claude-sonnet-4-5",
            "input_tokens": 100,
            "output_tokens": 20,
            "cache_read_tokens": 50,
            "cache_creation_tokens": 10,
        },
        scope="com.anthropic.claude_code.tracing",
    )
    expect(span, dialect="claude_code", op_kind="llm", tokens_input=160, usage_confidence="producer")


def test_agent_framework_agents_do_not_report_their_run_and_a_run_id_is_no_response_id() -> None:
    usage = {"gen_ai.usage.input_tokens": 44, "gen_ai.usage.output_tokens": 180, "gen_ai.response.id": "run_9guM"}
    named = {"gen_ai.provider.name": "microsoft.agent_framework", "gen_ai.request.model": "gpt-5-mini"}
    agent = canonical({"gen_ai.operation.name": "invoke_agent", **named, **usage}, scope="agent_framework")
    expect(agent, dialect="agent_framework", usage_scope="cumulative_lifetime", provider="openai", response_id=None)
    call = canonical({"gen_ai.operation.name": "chat", **usage}, scope="agent_framework")
    expect(call, usage_scope="own")
