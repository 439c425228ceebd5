"""OpenLLMetry (Traceloop): provider and framework instrumentations under `opentelemetry.instrumentation.*`.

Releases of 2026 move package by package to the current OpenTelemetry names, so both live in one trace.
Its Anthropic package adds the opening's output tokens to the final count of a stream.
`traceloop.entity.name` names the agent or the tool, whichever the span's kind says.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="openllmetry",
    scopes=(
        "opentelemetry.instrumentation.agno",
        "opentelemetry.instrumentation.alephalpha",
        "opentelemetry.instrumentation.anthropic",
        "opentelemetry.instrumentation.bedrock",
        "opentelemetry.instrumentation.cohere",
        "opentelemetry.instrumentation.crewai",
        "opentelemetry.instrumentation.google_generativeai",
        "opentelemetry.instrumentation.groq",
        "opentelemetry.instrumentation.haystack",
        "opentelemetry.instrumentation.langchain",
        "opentelemetry.instrumentation.litellm",
        "opentelemetry.instrumentation.llamaindex",
        "opentelemetry.instrumentation.mcp",
        "opentelemetry.instrumentation.mistralai",
        "opentelemetry.instrumentation.ollama",
        "opentelemetry.instrumentation.openai",
        "opentelemetry.instrumentation.openai_agents",
        "opentelemetry.instrumentation.replicate",
        "opentelemetry.instrumentation.sagemaker",
        "opentelemetry.instrumentation.together",
        "opentelemetry.instrumentation.transformers",
        "opentelemetry.instrumentation.vertexai",
        "opentelemetry.instrumentation.voyageai",
        "opentelemetry.instrumentation.watsonx",
        "opentelemetry.instrumentation.writer",
        "traceloop.tracer",
    ),
    markers=("traceloop.span.kind", "traceloop.entity.", "traceloop.workflow.name"),
    fields={
        "session_id": (
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.conversation_id",
            "traceloop.association.properties.thread_id",
        ),
        "user_id": ("traceloop.association.properties.user_id",),
        "tokens_cache_read": ("gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_read.input_tokens"),
        "tokens_cache_write": ("gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        "tokens_total": ("llm.usage.total_tokens", "gen_ai.usage.total_tokens"),
        "agent_version": ("traceloop.entity.version",),
        "workflow_name": ("traceloop.workflow.name",),
        "tool_args": ("gen_ai.tool.call.arguments", "traceloop.entity.input"),
        "tool_result": ("gen_ai.tool.call.result", "traceloop.entity.output"),
        "entity_name": ("traceloop.entity.name",),
    },
    recounts=("opentelemetry.instrumentation.anthropic",),
    known=("gen_ai.system_instructions", "gen_ai.workflow.nodes", "gen_ai.workflow.edges"),
)
