"""Golden spans of the small dialects: ADK, Strands, Claude Code, Microsoft Agent Framework, LangSmith, MLflow, ..."""

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


def test_langsmith_calls_a_retriever_embeddings_and_its_project_a_session() -> None:
    attributes = {
        "gen_ai.operation.name": "embeddings",
        "langsmith.span.kind": "retriever",
        "langsmith.trace.session_id": "project",
        "langsmith.metadata.thread_id": "t1",
        "gen_ai.usage.input_tokens": 50,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.total_tokens": 55,
        "gen_ai.usage.input_token_details": "{'cache_read': 40, 'cache_creation': 2}",
    }
    span = canonical(attributes, scope="langsmith")
    expect(span, dialect="langsmith", op_kind="retrieval", session_id="t1", tokens_cache_read=40, tokens_cache_write=2)


def test_mlflow_writes_json_texts() -> None:
    span = canonical(
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.spanInputs": '{"messages": [{"role": "system", "content": "Be brief."}]}',
            "mlflow.chat.tokenUsage": '"{\\"input_tokens\\": 10, \\"output_tokens\\": 4, \\"total_tokens\\": 14}"',
            "mlflow.trace.session": '"s1"',
            "mlflow.llm.model": '"gpt-5"',
            "mlflow.llm.cost": '{"total_cost": 0.25}',
        },
        scope="mlflow.openai",
    )
    expect(
        span,
        dialect="mlflow",
        op_kind="llm",
        tokens_input=10,
        tokens_output=4,
        session_id="s1",
        model_request="gpt-5",
        provider="openai",
        cost_reported_usd=0.25,
    )
    assert span.prompt_hash


def test_the_small_tables() -> None:
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    lit = canonical({**call, "gen_ai.application_name": "shop", "gen_ai.usage.cost": 0.1, "gen_ai.environment": "prod"})
    expect(lit, dialect="openlit", agent_name="shop", cost_reported_usd=0.1, environment="prod")
    lite = canonical({**call, "gen_ai.cost.total_cost": 0.2, "llm.is_streaming": "True"}, scope="litellm")
    expect(lite, dialect="litellm", cost_reported_usd=0.2, streaming=True)
    wove = canonical({"weave.span.kind": "tool", "weave.tool.name": "t", "wandb.thread_id": "s"}, scope="weave")
    expect(wove, dialect="weave", op_kind="tool", tool_name="t", session_id="s")
