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
    },
    known=("gen_ai.cost.", "llm.openai.", "llm.litellm."),
)
