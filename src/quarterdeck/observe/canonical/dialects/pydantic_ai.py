"""pydantic-ai: its own instrumentation, versions 1 to 6.

Agent runs of version 5 and later write `gen_ai.aggregated_usage.*`: this run only, without nested runs. Earlier ones
write `gen_ai.usage.*` on the agent span: inclusive. Old agent spans name no operation; `agent_name` gives them away.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect, UsageRule

DIALECT = Dialect(
    name="pydantic_ai",
    input_includes_cache=True,
    scopes=("pydantic-ai",),
    markers=("pydantic_ai.", "gen_ai.aggregated_usage.", "model_request_parameters"),
    fields={
        "model_request": ("gen_ai.request.model", "model_name"),
        "tokens_input": ("gen_ai.aggregated_usage.input_tokens", "gen_ai.usage.input_tokens"),
        "tokens_output": ("gen_ai.aggregated_usage.output_tokens", "gen_ai.usage.output_tokens"),
        "tokens_cache_read": (
            "gen_ai.aggregated_usage.cache_read.input_tokens",
            "gen_ai.aggregated_usage.details.cache_read_tokens",
        ),
        "tokens_cache_write": (
            "gen_ai.aggregated_usage.cache_write.input_tokens",
            "gen_ai.aggregated_usage.cache_creation.input_tokens",
            "gen_ai.aggregated_usage.details.cache_write_tokens",
        ),
        "tokens_reasoning": (
            "gen_ai.aggregated_usage.reasoning.output_tokens",
            "gen_ai.aggregated_usage.details.reasoning_tokens",
        ),
        "cost_reported_usd": ("operation.cost",),
        "agent_name": ("gen_ai.agent.name", "agent_name"),
        "tool_args": ("gen_ai.tool.call.arguments", "tool_arguments"),
        "tool_result": ("gen_ai.tool.call.result", "tool_response"),
        "tools": ("gen_ai.tool.definitions", "model_request_parameters{function_tools}"),
        "first_message": ("gen_ai.input.messages", "events"),
    },
    presence=(
        ("gen_ai.tool.name", "tool"),
        ("agent_name", "agent"),
        ("tools", "chain"),
    ),
    usage_rules=(UsageRule(scope="exclusive_run", kinds=("agent",), keys=("gen_ai.aggregated_usage.",)),),
    families=("tools", "model_", "tool_", "agent_"),
    known=(
        "pydantic_ai.",
        "gen_ai.aggregated_usage.details.audio_tokens",
        "gen_ai.usage.details.input_tokens",
        "gen_ai.usage.details.output_tokens",
        "gen_ai.usage.details.audio_tokens",
        "gen_ai.usage.details.input_audio_tokens",
        "gen_ai.usage.details.output_audio_tokens",
        "gen_ai.usage.details.accepted_prediction_tokens",
        "gen_ai.usage.details.rejected_prediction_tokens",
        "gen_ai.usage.details.text_prompt_tokens",
        "gen_ai.usage.details.text_candidates_tokens",
        "gen_ai.usage.details.thoughts_tokens",
    ),
)
