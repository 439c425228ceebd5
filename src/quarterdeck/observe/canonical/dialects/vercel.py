"""Vercel AI SDK, versions 4 to 6: `ai.*` attributes, scope `ai`.

The outer wrappers (`ai.generateText`, `ai.streamText`, `ai.embed`, ...) repeat the usage of the calls inside them.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect, UsageRule

DIALECT = Dialect(
    name="vercel",
    scopes_exact=("ai",),
    markers=("ai.operationId",),
    fields={
        "tokens_input": ("ai.usage.inputTokens", "ai.usage.promptTokens", "gen_ai.usage.input_tokens"),
        "tokens_output": ("ai.usage.outputTokens", "ai.usage.completionTokens", "gen_ai.usage.output_tokens"),
        "tokens_total": ("ai.usage.totalTokens", "ai.usage.tokens"),
        "tokens_cache_read": ("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"),
        "tokens_cache_write": ("ai.usage.inputTokenDetails.cacheWriteTokens",),
        "tokens_reasoning": ("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
        "model_request": ("ai.model.id", "gen_ai.request.model"),
        "model_response": ("ai.response.model", "gen_ai.response.model"),
        "provider": ("ai.model.provider", "gen_ai.system"),
        "finish_reasons": ("ai.response.finishReason",),
        "tool_name": ("ai.toolCall.name",),
        "tool_call_id": ("ai.toolCall.id",),
        "tool_args": ("ai.toolCall.args",),
        "tool_result": ("ai.toolCall.result",),
        "tools": ("ai.prompt.tools",),
        "first_message": ("ai.prompt.messages",),
    },
    usage_rules=(UsageRule(scope="inclusive", kinds=("chain",)),),
    known=(
        "ai.operationId",
        "ai.settings.",
        "ai.request.",
        "ai.prompt",
        "ai.prompt.",
        "ai.schema",
        "ai.schema.",
        "ai.value",
        "ai.values",
        "ai.embedding",
        "ai.embeddings",
        "ai.telemetry.",
        "ai.response.text",
        "ai.response.reasoning",
        "ai.response.object",
        "ai.response.files",
        "ai.response.toolCalls",
        "ai.response.timestamp",
        "ai.response.msToFinish",
        "ai.response.avgOutputTokensPerSecond",
        "ai.response.avgCompletionTokensPerSecond",
        "ai.response.providerMetadata",
        "ai.usage.inputTokenDetails.noCacheTokens",
        "ai.usage.outputTokenDetails.textTokens",
        "ai.toolCall.",
        "ai.result.",
        "ai.stream.",
        "ai.documents",
        "ai.ranking",
        "ai.ranking.type",
    ),
)
