"""LiteLLM's OpenTelemetry callback: OpenTelemetry names with `gen_ai.cost.*` and `llm.is_streaming`."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="litellm",
    scopes=("litellm",),
    markers=("gen_ai.cost.", "litellm."),
    fields={
        "cost_reported_usd": ("gen_ai.cost.total_cost", "litellm.cost.total"),
        "streaming": ("llm.is_streaming",),
        "cache_hit": (
            "cache_hit",
            "llm.cache_hit",
            "metadata.cache_hit",
            "hidden_params{cache_hit}",
            "metadata.hidden_params{cache_hit}",
            "hidden_params{cache_key}",
            "hidden_params.cache_key",
            "metadata.hidden_params{cache_key}",
        ),
    },
    known=("hidden_params", "hidden_params.", "metadata.", "gen_ai.cost.", "llm.openai.", "llm.litellm."),
)
