"""A span that another tool has stored and sends on again says the same: Langfuse's export, Phoenix's OpenInference form.

Held for everything that counts. What a re-export does not carry (the original scope) may change the dialect's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer

from . import golden

SAME = (
    "trace_id", "span_id", "parent_span_id", "name", "start_ns", "end_ns", "status", "op_kind", "session_id", "model_request",
    "model_response", "provider", "response_id", "tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write",
    "tokens_reasoning", "agent_name", "tool_name", "tool_call_id", "finish_reasons",
)  # fmt: skip

LANGFUSE_TYPES = {
    "llm": "generation", "tool": "tool", "agent": "agent", "chain": "chain", "retrieval": "retriever",
    "embedding": "embedding", "guardrail": "guardrail", "evaluator": "evaluator",
}  # fmt: skip
OPENINFERENCE = {
    "llm": "LLM", "tool": "TOOL", "agent": "AGENT", "chain": "CHAIN", "retrieval": "RETRIEVER", "embedding": "EMBEDDING",
    "rerank": "RERANKER", "guardrail": "GUARDRAIL", "evaluator": "EVALUATOR",
}  # fmt: skip


def langfuse(raw: RawSpan, span: Span) -> RawSpan:
    """Langfuse keeps the attributes and adds what it understood beside them."""
    usage = {
        "input": span.tokens_input,
        "output": span.tokens_output,
        "total": (span.tokens_input or 0) + (span.tokens_output or 0),
        "input_cache_read": span.tokens_cache_read,
        "input_cache_creation": span.tokens_cache_write,
        "output_reasoning": span.tokens_reasoning,
    }
    told = {key: value for key, value in usage.items() if value is not None}
    added: dict[str, Any] = {"langfuse.observation.type": LANGFUSE_TYPES[span.op_kind]}
    if span.tokens_input is not None or span.tokens_output is not None:
        added["langfuse.observation.usage_details"] = json.dumps(told)
    if span.model_response:
        added["langfuse.observation.model.name"] = span.model_response
    if span.session_id:
        added["langfuse.session.id"] = span.session_id
    return raw._replace(attributes={**raw.attributes, **added})


def phoenix(raw: RawSpan, span: Span) -> RawSpan:
    """Phoenix adds OpenInference's names; the original attributes stay."""
    named = {
        "openinference.span.kind": OPENINFERENCE.get(span.op_kind),
        "session.id": span.session_id,
        "llm.token_count.prompt": span.tokens_input,
        "llm.token_count.completion": span.tokens_output,
        "llm.token_count.prompt_details.cache_read": span.tokens_cache_read,
        "llm.token_count.prompt_details.cache_write": span.tokens_cache_write,
        "llm.token_count.completion_details.reasoning": span.tokens_reasoning,
        "llm.request.model_name": span.model_request,
        "llm.response.model_name": span.model_response,
    }
    added = {key: value for key, value in named.items() if value is not None and key not in raw.attributes}
    return raw._replace(attributes={**raw.attributes, **added})


def different(before: Span, after: Span) -> dict[str, Any]:
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in SAME
        if getattr(before, name) != getattr(after, name)
    }


@pytest.mark.parametrize("tool", [langfuse, phoenix], ids=lambda tool: tool.__name__)
@pytest.mark.parametrize("name", golden.names())
def test_a_re_export_says_the_same(name: str, tool: Callable[[RawSpan, Span], RawSpan]) -> None:
    canonicalizer = Canonicalizer(user_hash_key=golden.KEY)
    for raw in golden.spans(name):
        before = canonicalizer.canonicalize(raw)
        kinds = LANGFUSE_TYPES if tool is langfuse else OPENINFERENCE
        if before.op_kind not in kinds:
            continue  # the other tool has no word for it
        after = canonicalizer.canonicalize(tool(raw, before))
        assert different(before, after) == {}, raw.name
        assert different(after, canonicalizer.canonicalize(tool(raw, after))) == {}
