"""OpenInference (Arize): 37 instrumentations that write `llm.*`, `tool.*` and `input.value`/`output.value`.

A CHAIN at the root is the workflow. LangChain's agents write their name into the metadata of all their spans. smolagents writes the agent monitor's running totals on agent and step spans.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect, UsageRule

DIALECT = Dialect(
    name="openinference",
    scopes=("openinference.instrumentation",),
    markers=("openinference.span.kind",),
    fields={
        "session_id": ("session.id",),
        "user_id": ("user.id",),
        "provider": ("llm.provider", "llm.system"),
        "model_request": ("llm.request.model_name", "llm.model_name", "embedding.model_name", "reranker.model_name"),
        "model_response": ("llm.response.model_name", "llm.model_name"),
        "finish_reasons": ("llm.finish_reason",),
        "tokens_input": ("llm.token_count.prompt",),
        "tokens_output": ("llm.token_count.completion",),
        "tokens_total": ("llm.token_count.total",),
        "tokens_cache_read": (
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
        ),
        "tokens_cache_write": ("llm.token_count.prompt_details.cache_write",),
        "tokens_reasoning": ("llm.token_count.completion_details.reasoning",),
        "cost_reported_usd": ("llm.cost.total",),
        "agent_name": ("agent.name",),
        "agent_name_fallback": ("metadata{lc_agent_name}",),
        "tool_name": ("tool.name",),
        "tool_call_id": ("tool_call.id", "tool.id"),
        "tool_args": ("tool.parameters", "input.value"),
        "tool_result": ("output.value",),
        "tools": ("llm.tools",),
    },
    root_chain_is_workflow=True,
    usage_rules=(
        UsageRule(
            scope="cumulative_lifetime",
            kinds=("agent", "chain", "workflow"),
            scope_prefix="openinference.instrumentation.smolagents",
        ),
    ),
    families=("metadata",),
    known=("tool.description", "input.", "output.", "metadata", "tag.tags", "graph.node."),
)
