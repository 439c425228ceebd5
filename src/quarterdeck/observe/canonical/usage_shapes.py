"""The shapes of usage documents, most telling keys first: how each is recognised and read.

A shape is recognised by its keys alone; the hint (provider or host) settles only whether `input_tokens` has the cache
in it. Every shape gives inclusive counts by `arithmetic.settle`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.observe.canonical.arithmetic import Counts, Reported, settle
from quarterdeck.observe.canonical.usage_langfuse import (
    LANGFUSE_READ,
    LANGFUSE_REASONING,
    LANGFUSE_WRITE,
    LANGFUSE_WRITE_1H,
    langfuse,
)
from quarterdeck.observe.canonical.usage_parts import ITEMS_MAX, Document, first, plus

_OPENAI_READ = ("prompt_tokens_details.cached_tokens", "prompt_token_details.cached_tokens", "cached_tokens",
                "num_cached_tokens", "prompt_cache_hit_tokens", "cached_prompt_tokens", "cached_prompt_text_tokens",
                "prompt_details.cached_tokens", "native_tokens_cached")  # fmt: skip
_OPENAI_WRITE = (
    "prompt_tokens_details.cache_write_tokens",
    "prompt_token_details.cache_write_tokens",
    "prompt_tokens_details.cache_creation_input_tokens",
    "prompt_tokens_details.cache_creation_tokens",
)
_OPENAI_REASONING = ("completion_tokens_details.reasoning_tokens", "completion_token_details.reasoning_tokens",
                     "reasoning_tokens")  # fmt: skip


_BESIDE = ("connector_tokens", "guard_tokens", "guardrail_tokens", "guardrails_tokens")
"""Input that some providers count beside the prompt, and only the total has (Mistral's connectors, Cortex's guard)."""


def _openai_chat(document: Document, hint: str) -> Counts:
    """OpenAI chat and everybody who copies it (Mistral, Groq, DeepSeek, Together, OpenRouter, Writer, ...): inclusive.

    Gemini behind OpenAI's form leaves its thoughts out of the completion; only the total has them.
    """
    counts = settle(
        Reported(
            input=first(document, "prompt_tokens"),
            output=first(document, "completion_tokens"),
            total=first(document, "total_tokens"),
            cache_read=first(document, *_OPENAI_READ, "cache_read_input_tokens"),
            cache_write=first(document, *_OPENAI_WRITE, "cache_creation_input_tokens"),
            reasoning=first(document, *_OPENAI_REASONING),
        )
    )
    total = first(document, "total_tokens")
    beside = plus(*(first(document, key) for key in _BESIDE))
    if (
        counts.confidence == "mismatch"
        and beside
        and counts.input is not None
        and total == (counts.total or 0) + beside
    ):
        return counts._replace(input=counts.input + beside, confidence="identity")
    if counts.confidence == "mismatch" and ("google" in hint or "gemini" in hint) and counts.input is not None:
        hidden = (total or 0) - (counts.total or 0)
        if hidden > 0:
            return counts._replace(output=(counts.output or 0) + hidden, confidence="derived")
    return counts


_INPUT_READ = ("cache_read_input_tokens", "input_tokens_details.cached_tokens", "input_token_details.cached_tokens",
               "input_token_details.cache_read", "cache_read_tokens", "cached_input_tokens", "cached_tokens",
               "details.cache_read_tokens", "details.cache_read_input_tokens", "details.cached_tokens")  # fmt: skip
_INPUT_WRITE_1H = ("cache_creation.ephemeral_1h_input_tokens", "cache_creation_input_tokens_above_1hr",
                   "input_token_details.ephemeral_1h_input_tokens")  # fmt: skip
_OUTPUT_REASONING = ("output_tokens_details.reasoning_tokens", "output_tokens_details.thinking_tokens",
                     "output_token_details.reasoning_tokens", "output_token_details.reasoning", "reasoning_tokens",
                     "reasoning_output_tokens", "details.reasoning_tokens")  # fmt: skip


def _input_output(document: Document, hint: str) -> Counts:
    """`input_tokens`/`output_tokens`: Anthropic (exclusive) or OpenAI's Responses API (inclusive).

    Anthropic's own shape has no total, or says `cache_*_input_tokens` at the top level. A normalised form
    (LangChain's usage_metadata) has a total and nested details, and is inclusive.
    """
    anthropic = not any(key in document for key in ("total_tokens", "cache_read_tokens", "cache_write_tokens")) and (
        "cache_read_input_tokens" in document
        or "cache_creation_input_tokens" in document
        or "cache_creation" in document
        or "anthropic" in hint
        or "claude" in hint
    )
    return settle(
        Reported(
            input=first(document, "input_tokens"),
            output=first(document, "output_tokens"),
            total=first(document, "total_tokens"),
            cache_read=first(document, *_INPUT_READ),
            cache_write=_anthropic_write(document),
            cache_write_1h=first(document, *_INPUT_WRITE_1H),
            reasoning=first(document, *_OUTPUT_REASONING),
        ),
        excludes_cache=anthropic,
    )


def _anthropic_write(document: Document) -> int | None:
    whole = first(
        document,
        "cache_creation_input_tokens",
        "input_tokens_details.cache_write_tokens",
        "input_token_details.cache_creation",
        "cache_write_tokens",
        "details.cache_write_tokens",
        "details.cache_creation_input_tokens",
    )
    if whole is not None:
        return whole
    return plus(
        first(document, "cache_creation.ephemeral_5m_input_tokens"),
        first(document, "cache_creation.ephemeral_1h_input_tokens"),
    )


def _gemini(document: Document, _hint: str) -> Counts:
    """Gemini: thoughts stand beside the candidates, tool prompts beside the prompt; the total has them all."""
    prompt = first(document, "promptTokenCount", "prompt_token_count")
    tool_prompt = first(document, "toolUsePromptTokenCount", "tool_use_prompt_token_count")
    thoughts = first(document, "thoughtsTokenCount", "thoughts_token_count")
    answer = first(document, "candidatesTokenCount", "candidates_token_count", "responseTokenCount")
    total = first(document, "totalTokenCount", "total_token_count")
    tokens_in, tokens_out = plus(prompt, tool_prompt), plus(answer, thoughts)
    if tool_prompt and total is not None and total == (prompt or 0) + (tokens_out or 0):
        tokens_in = prompt  # the live API counts the tool prompt inside the prompt
    read = first(document, "cachedContentTokenCount", "cached_content_token_count")
    return settle(Reported(input=tokens_in, output=tokens_out, total=total, cache_read=read, reasoning=thoughts))


def _gemini_interactions(document: Document, _hint: str) -> Counts:
    """Gemini's Interactions API: `total_input_tokens`, `total_output_tokens`, thoughts and tool use beside them."""
    thoughts = first(document, "total_thought_tokens", "total_reasoning_tokens")
    return settle(
        Reported(
            input=plus(first(document, "total_input_tokens"), first(document, "total_tool_use_tokens")),
            output=plus(first(document, "total_output_tokens"), thoughts),
            total=first(document, "total_tokens"),
            cache_read=first(document, "total_cached_tokens"),
            reasoning=thoughts,
        )
    )


def _bedrock(document: Document, _hint: str) -> Counts:
    """Bedrock Converse and Nova: cache beside the input. Its total shows that (and is sometimes missing)."""
    return settle(
        Reported(
            input=first(document, "inputTokens"),
            output=first(document, "outputTokens"),
            total=first(document, "totalTokens"),
            cache_read=first(document, "cacheReadInputTokens", "cacheReadInputTokenCount"),
            cache_write=first(document, "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
            cache_write_1h=_bedrock_1h(document),
        ),
        excludes_cache=True,
    )


_CAMEL_READ = ("cachedInputTokens", "inputTokenDetails.cacheReadTokens", "cachedContentTokens", "inputTokens.cacheRead",
               "cachedTokens", "cacheReadTokens")  # fmt: skip
_CAMEL_REASONING = ("reasoningTokens", "outputTokenDetails.reasoningTokens", "thoughtsTokens", "outputTokens.reasoning")


def _camel(document: Document, _hint: str) -> Counts:
    """Frameworks that normalise to camel case: the AI SDK (inclusive), Genkit (thoughts beside the output, in the total)."""
    return settle(
        Reported(
            input=first(document, "inputTokens", "inputTokens.total", "promptTokens"),
            output=first(document, "outputTokens", "outputTokens.total", "completionTokens"),
            total=first(document, "totalTokens"),
            cache_read=first(document, *_CAMEL_READ),
            cache_write=first(
                document, "inputTokenDetails.cacheWriteTokens", "inputTokens.cacheWrite", "cacheWriteTokens"
            ),
            reasoning=first(document, *_CAMEL_REASONING),
        )
    )


def _is_camel(document: Document) -> bool:
    if any(key in document for key in ("promptTokens", "completionTokens")):
        return True
    if not ("inputTokens" in document or "outputTokens" in document):
        return False
    parts = (*_CAMEL_READ, *_CAMEL_REASONING, "inputCharacters", "inputTokenDetails", "outputTokenDetails")
    return isinstance(document.get("inputTokens"), Mapping) or any(key.partition(".")[0] in document for key in parts
        if not key.startswith(("inputTokens.", "outputTokens.")))  # fmt: skip


def _counted(document: Document, _hint: str) -> Counts:
    """Bedrock's invocation metrics (cache beside the input), Replicate, watsonx: `input_token_count` and the like."""
    return settle(
        Reported(
            input=first(document, "inputTokenCount", "input_token_count", "inputTokenCount.totalTokens", "num_tokens_prompt_total"),
            output=first(
                document, "outputTokenCount", "output_token_count", "outputTokenCount.totalTokens", "generated_token_count",
                "num_tokens_generated",
            ),
            total=first(document, "total_token_count"),
            cache_read=first(document, "cacheReadInputTokenCount"),
            cache_write=first(document, "cacheWriteInputTokenCount"),
        ),
        excludes_cache=True,
    )  # fmt: skip


def _native(document: Document, _hint: str) -> Counts:
    """OpenRouter's record of a generation: counts of the model's own tokenizer come first."""
    return settle(
        Reported(
            input=first(document, "native_tokens_prompt", "tokens_prompt"),
            output=first(document, "native_tokens_completion", "tokens_completion"),
            cache_read=first(document, "native_tokens_cached"),
            reasoning=first(document, "native_tokens_reasoning"),
        )
    )


def _local(document: Document, _hint: str) -> Counts:
    """llama.cpp (`tokens_evaluated`, `tokens_predicted`) and text-generation-inference (`generated_tokens`)."""
    return settle(
        Reported(
            input=first(document, "tokens_evaluated", "prompt_n"),
            output=first(document, "tokens_predicted", "predicted_n", "generated_tokens"),
        )
    )


def _listed(document: Document, _hint: str) -> Counts:
    """Meta's Llama API: a list of `{metric, value}`."""
    said = {
        item.get("metric"): item.get("value") for item in document["metrics"][:ITEMS_MAX] if isinstance(item, Mapping)
    }
    return settle(
        Reported(
            input=first(said, "num_prompt_tokens"),
            output=first(said, "num_completion_tokens"),
            total=first(said, "num_total_tokens"),
        )
    )


def _bedrock_1h(document: Document) -> int | None:
    details = document.get("cacheDetails")
    if not isinstance(details, list):
        return None
    return plus(*(first(item, "inputTokens") for item in details[:ITEMS_MAX] if _ttl(item) == "1h"))


def _ttl(item: Any) -> Any:
    return item.get("ttl") if isinstance(item, Mapping) else None


def _cohere(document: Document, _hint: str) -> Counts:
    """Cohere: `tokens` is what the model saw, `billed_units` what is paid; the former counts, the latter stands in."""
    seen = document.get("tokens")
    source = seen if isinstance(seen, Mapping) else document.get("billed_units")
    read = first(document, "cached_tokens")
    tokens_in, tokens_out = first(source, "input_tokens"), first(source, "output_tokens")
    return settle(Reported(input=tokens_in, output=tokens_out, cache_read=read))


def _llama(document: Document, _hint: str) -> Counts:
    """Meta's models on Bedrock: `prompt_token_count`, `generation_token_count`."""
    tokens_in = first(document, "prompt_token_count")
    return settle(Reported(input=tokens_in, output=first(document, "generation_token_count")))


def _titan(document: Document, _hint: str) -> Counts:
    """Amazon Titan: `inputTextTokenCount`, and per result `tokenCount`."""
    results = document.get("results")
    listed = results[:ITEMS_MAX] if isinstance(results, list) else []
    tokens_out = plus(first(document, "totalOutputTextTokenCount"), *(first(item, "tokenCount") for item in listed))
    return settle(Reported(input=first(document, "inputTextTokenCount"), output=tokens_out))


def _ollama(document: Document, _hint: str) -> Counts:
    """Ollama: `prompt_eval_count`, `eval_count`."""
    tokens_in = first(document, "prompt_eval_count")
    return settle(Reported(input=tokens_in, output=first(document, "eval_count")))


def _total_only(document: Document, _hint: str) -> Counts:
    """Embeddings of some providers report a total and nothing else: all of it went in."""
    return settle(Reported(total=first(document, "total_tokens", "total", "totalTokens")))


def _has(*keys: str) -> Callable[[Document], bool]:
    return lambda document: any(key in document for key in keys)


SHAPES: tuple[tuple[Callable[[Document], bool], Callable[[Document, str], Counts]], ...] = (
    (_has("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount"), _gemini),
    (_has("candidates_token_count", "thoughts_token_count", "total_token_count"), _gemini),
    (_has("total_input_tokens", "total_output_tokens"), _gemini_interactions),
    (_has("prompt_tokens", "completion_tokens"), _openai_chat),
    (_has("tokens", "billed_units"), _cohere),
    (_has("input_tokens", "output_tokens"), _input_output),
    (_is_camel, _camel),
    (_has("inputTokens", "outputTokens"), _bedrock),
    (_has("prompt_token_count", "generation_token_count"), _llama),
    (_has("inputTextTokenCount", "totalOutputTextTokenCount"), _titan),
    (_has("prompt_eval_count", "eval_count"), _ollama),
    (
        _has(
            "inputTokenCount",
            "outputTokenCount",
            "input_token_count",
            "output_token_count",
            "generated_token_count",
            "num_tokens_prompt_total",
            "num_tokens_generated",
        ),
        _counted,
    ),
    (_has("native_tokens_prompt", "tokens_prompt", "tokens_completion"), _native),
    (_has("tokens_evaluated", "tokens_predicted", "generated_tokens", "predicted_n"), _local),
    (lambda document: isinstance(document.get("metrics"), list), _listed),
    (_has("input", "output"), langfuse),
    (_has("total_tokens", "total", "totalTokens"), _total_only),
)
"""Recognised shapes, most telling keys first."""

READ = frozenset(
    {
        "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "input", "output", "total",
        "promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount",
        "cachedContentTokenCount", "responseTokenCount", "total_input_tokens", "total_output_tokens",
        "total_thought_tokens", "total_reasoning_tokens", "total_cached_tokens", "total_tool_use_tokens",
        "inputTokens", "outputTokens", "totalTokens", "cacheReadInputTokens", "cacheReadInputTokenCount",
        "cacheWriteInputTokens", "cacheWriteInputTokenCount", "prompt_token_count", "generation_token_count",
        "candidates_token_count", "thoughts_token_count", "total_token_count", "cached_content_token_count",
        "tool_use_prompt_token_count", "inputTextTokenCount", "totalOutputTextTokenCount", "prompt_eval_count",
        "eval_count", "cache_read_input_tokens", "cache_creation_input_tokens", "reasoning_tokens",
        "prompt_cache_miss_tokens", "cache_creation_input_tokens_above_1hr", "cost", "cache_read_tokens",
        "cache_write_tokens", "cached_input_tokens", "reasoning_output_tokens", "cachedInputTokens", "reasoningTokens",
        "thoughtsTokens", "cachedContentTokens", "cachedTokens", "cacheReadTokens", "cacheWriteTokens", "promptTokens",
        "completionTokens", "inputCharacters", "outputCharacters", "inputImages", "outputImages", "inputVideos",
        "outputVideos", "inputAudioFiles", "outputAudioFiles", "inputTokenCount", "outputTokenCount",
        "input_token_count", "output_token_count", "generated_token_count", "num_tokens_prompt_total",
        "num_tokens_generated", "invocationLatency", "firstByteLatency", "predict_time", "native_tokens_prompt",
        "native_tokens_completion", "native_tokens_reasoning", "native_tokens_cached", "native_tokens_completion_images",
        "tokens_prompt", "tokens_completion", "tokens_evaluated", "tokens_predicted", "tokens_cached", "generated_tokens",
        "prompt_n", "predicted_n", "citation_tokens", "num_search_queries", "num_sources_used", "cost_in_usd_ticks",
        "prompt_audio_seconds", "seconds", "pages_processed", "doc_size_bytes", "search_units", "requests",
        "successful_requests", "tool_calls", "is_byok", *_BESIDE,
        *_OPENAI_READ, *LANGFUSE_READ, *LANGFUSE_WRITE, *LANGFUSE_WRITE_1H, *LANGFUSE_REASONING,
    }
)  # fmt: skip
