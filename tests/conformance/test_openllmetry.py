"""Golden spans: OpenLLMetry (Traceloop)."""

from __future__ import annotations

from .spans import canonical, expect

SCOPE = "opentelemetry.instrumentation.anthropic"


def test_a_model_call() -> None:
    span = canonical(
        {
            "llm.request.type": "chat",
            "gen_ai.system": "Anthropic",
            "gen_ai.request.model": "claude-sonnet-4-5",
            "gen_ai.response.model": "claude-sonnet-4-5-20250929",
            "gen_ai.usage.input_tokens": 8855,
            "gen_ai.usage.output_tokens": 193,
            "gen_ai.usage.cache_read_input_tokens": 8845,
            "gen_ai.usage.cache_creation_input_tokens": 6,
            "llm.usage.total_tokens": 9048,
            "traceloop.workflow.name": "answer",
            "traceloop.association.properties.session_id": "s1",
        },
        scope=SCOPE,
    )
    expect(
        span,
        dialect="openllmetry",
        op_kind="llm",
        provider="anthropic",
        tokens_input=8855,
        tokens_cache_read=8845,
        tokens_cache_write=6,
        usage_confidence="recounted",
        workflow_name="answer",
        session_id="s1",
    )


def test_an_entity_is_the_agent_or_the_tool() -> None:
    entity = {"traceloop.entity.name": "research", "traceloop.entity.input": "{1}", "traceloop.entity.output": "{2}"}
    agent = canonical({"traceloop.span.kind": "agent", **entity})
    expect(agent, dialect="openllmetry", op_kind="agent", agent_name="research", tool_name=None)
    tool = canonical({"traceloop.span.kind": "tool", **entity})
    expect(tool, op_kind="tool", tool_name="research", agent_name=None)
    assert tool.tool_args_hash
    assert tool.tool_result_hash
    expect(canonical({"traceloop.span.kind": "workflow", **entity}), op_kind="workflow")
    expect(canonical({"traceloop.span.kind": "task", **entity}), op_kind="chain")


def test_langgraph_under_the_current_names() -> None:
    scope = "opentelemetry.instrumentation.langchain"
    made = canonical({"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "support"}, scope=scope)
    expect(made, dialect="openllmetry", op_kind="other", op_name="create_agent")
    task = {"gen_ai.operation.name": "execute_task", "traceloop.span.kind": "task", "gen_ai.task.name": "model"}
    expect(canonical(task, scope=scope), op_kind="chain")
    nodes = {"gen_ai.workflow.nodes": ["model", "tools"], "gen_ai.workflow.edges": ["model -> tools"]}
    invoked = canonical({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support", **nodes}, scope=scope)
    expect(invoked, op_kind="agent", agent_name="support", agent_name_source="explicit")
