"""Vercel AI SDK 7, its OpenTelemetry adapter (`@ai-sdk/otel`): scope `gen_ai`, current OpenTelemetry names.

`invoke_agent` and `agent_step` repeat the usage of the calls inside them; `ai.*` keys are supplements that the user
asked for. A function's id stands as the agent's name.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect, UsageRule

DIALECT = Dialect(
    name="vercel_v7",
    input_includes_cache=True,
    scopes_exact=("gen_ai",),
    fields={
        "tokens_reasoning": (
            "gen_ai.usage.reasoning.output_tokens",
            "ai.usage.outputTokenDetails.reasoningTokens",
        ),
        "model_response": ("gen_ai.response.model", "ai.response.model"),
    },
    usage_rules=(UsageRule(scope="inclusive", kinds=("agent", "chain")),),
    known=(
        "ai.request.",
        "ai.settings.",
        "ai.response.providerMetadata",
        "ai.response.usage",
        "ai.response.audio.",
        "ai.decision.",
        "ai.usage.inputTokenDetails.noCacheTokens",
        "ai.usage.outputTokenDetails.textTokens",
    ),
)
