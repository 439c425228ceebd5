"""What a span says of itself in the plain conventions (OpenTelemetry GenAI, OpenInference, Vercel): kind, usage, cost.

For recordings that hold nothing but spans. Refuses to guess: a span that declares nothing is neither call nor tool.
"""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from quarterdeck.simulate.histories.shape import SpanFacts, TokenFacts

_MODEL_OPERATIONS = frozenset(
    {"chat", "generate_content", "text_completion", "response", "completion", "embeddings", "llm_request"}
)
_MODEL_KINDS = frozenset({"LLM", "EMBEDDING", "generation", "embedding"})
_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "ai.usage.promptTokens")
_OUTPUT = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.completionTokens",
)
_CACHE_READ = ("gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read")
_CACHE_WRITE = ("gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens")
_REASONING = ("gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning")
_VERCEL_TOKENS = ("ai.usage.tokens",)


def span_facts(span: Span) -> SpanFacts:
    """Facts of one span from its own attributes."""
    said = {item.key: _plain(item.value) for item in span.attributes}
    model_call = _is_model_call(said)
    run_id = said.get("quarterdeck.run.id")
    return SpanFacts(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        run_id=str(run_id) if run_id is not None else None,
        is_root=not span.parent_span_id,
        model_call=model_call,
        tool_call=_is_tool_call(said),
        tokens=_tokens(said) if model_call else TokenFacts(),
        cost_usd=_number(said.get("quarterdeck.cost_usd")) if model_call else None,
    )


def _is_model_call(said: dict[str, Any]) -> bool:
    operation = str(said.get("ai.operationId", ""))
    if operation:
        return ".do" in operation
    declared = said.get("langfuse.observation.type") or said.get("openinference.span.kind")
    return declared in _MODEL_KINDS if declared else said.get("gen_ai.operation.name") in _MODEL_OPERATIONS


def _is_tool_call(said: dict[str, Any]) -> bool:
    declared = said.get("langfuse.observation.type") or said.get("openinference.span.kind")
    if declared:
        return str(declared).upper() == "TOOL"
    return said.get("gen_ai.operation.name") == "execute_tool" or said.get("ai.operationId") == "ai.toolCall"


def _tokens(said: dict[str, Any]) -> TokenFacts:
    return TokenFacts(
        input=_first(said, (*_INPUT, *_VERCEL_TOKENS)),
        output=_first(said, _OUTPUT),
        cache_read=_first(said, _CACHE_READ),
        cache_write=_first(said, _CACHE_WRITE),
        reasoning=_first(said, _REASONING),
    )


def _first(said: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    numbers = (_number(said.get(key)) for key in keys)
    return next((int(number) for number in numbers if number is not None), None)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind in {"string_value", "int_value", "double_value", "bool_value"} else None
