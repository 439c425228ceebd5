"""Usage documents of providers: OpenAI, Anthropic, Gemini, Bedrock, Cohere, Mistral, Ollama, Langfuse, ... → inclusive counts.

A document is what a provider's response calls `usage` (or `usageMetadata`, `billed_units`, `meta`). Its keys give the
shape away; the hint (provider or host) only settles what keys cannot: `input_tokens` excludes the cache at Anthropic
and includes it at OpenAI. Refuses to sum keys that it does not know; `unknown_keys` names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from quarterdeck.observe.canonical.arithmetic import NOTHING, Counts, Reported, settle
from quarterdeck.observe.canonical.values import REJECTED, count

Document = Mapping[str, Any]

WRAPPERS = ("usage", "usageMetadata", "usage_metadata", "meta", "tokenUsage", "token_usage", "response")
"""Keys under which a whole document may hide."""

ITEMS_MAX = 64
"""Entries of a list (modalities, iterations) that are looked at."""


def normalise_usage(hint: str, document: Any) -> Counts:
    """Inclusive counts of one usage document.

    `hint`: provider name or host, "" when unknown. `document`: the usage object, possibly still inside its wrapper.
    Answers `Counts` with None for what is not reported; never raises.
    """
    if not isinstance(document, Mapping):
        return NOTHING
    inner = _unwrapped(document)
    for recognises, read in _SHAPES:
        if recognises(inner):
            return read(inner, hint.lower())
    return NOTHING


def combine_stream(hint: str, documents: Sequence[Any]) -> Counts:
    """Counts of a streamed response: later documents overrule earlier ones, field by field.

    Every provider sends running totals in its stream, never increments; a field that a later document leaves out keeps
    its earlier value (Anthropic sends input at the start, output at the end).
    """
    merged: dict[str, Any] = {}
    for document in documents:
        if isinstance(document, Mapping):
            inner = _unwrapped(document)
            if any(recognises(inner) for recognises, _ in _SHAPES):
                merged.update({key: value for key, value in inner.items() if value is not None})
    return normalise_usage(hint, merged)


def unknown_keys(document: Any) -> tuple[str, ...]:
    """Top-level keys with a number that no shape reads: to be reported, never summed. Sorted."""
    if not isinstance(document, Mapping):
        return ()
    inner = _unwrapped(document)
    unread = (key for key, value in inner.items() if isinstance(value, int | float) and key not in _READ)
    return tuple(sorted(key for key in unread if isinstance(key, str) and not _is_bucket(key)))


def _unwrapped(document: Document) -> Document:
    for _ in range(4):
        inner = next((document[key] for key in WRAPPERS if isinstance(document.get(key), Mapping)), None)
        if inner is None:
            return document
        document = inner
    return document


def _first(document: Any, *keys: str) -> int | None:
    """The first of `keys` that is reported; a dotted key walks into a nested object."""
    for key in keys:
        found = _at(document, key)
        if found is not None:
            return found
    return None


def _at(document: Any, key: str) -> int | None:
    if not isinstance(document, Mapping):
        return None
    value = document.get(key)
    if value is None and "." in key:
        head, tail = key.split(".", 1)
        return _at(document.get(head), tail)
    return None if isinstance(value, Mapping | list) else count(value)


def _plus(*parts: int | None) -> int | None:
    """Sum of what is reported; None when nothing is, REJECTED when a part cannot be a count."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return REJECTED if REJECTED in known else sum(known)


_OPENAI_READ = ("prompt_tokens_details.cached_tokens", "prompt_token_details.cached_tokens", "cached_tokens",
                "num_cached_tokens", "prompt_cache_hit_tokens")  # fmt: skip
_OPENAI_WRITE = ("prompt_tokens_details.cache_write_tokens", "prompt_token_details.cache_write_tokens")
_OPENAI_REASONING = ("completion_tokens_details.reasoning_tokens", "completion_token_details.reasoning_tokens",
                     "reasoning_tokens")  # fmt: skip


def _openai_chat(document: Document, hint: str) -> Counts:
    """OpenAI chat and everybody who copies it (Mistral, Groq, DeepSeek, Together, OpenRouter, Writer, ...): inclusive.

    Gemini behind OpenAI's form leaves its thoughts out of the completion; only the total has them.
    """
    counts = settle(
        Reported(
            input=_first(document, "prompt_tokens"),
            output=_first(document, "completion_tokens"),
            total=_first(document, "total_tokens"),
            cache_read=_first(document, *_OPENAI_READ, "cache_read_input_tokens"),
            cache_write=_first(document, *_OPENAI_WRITE, "cache_creation_input_tokens"),
            reasoning=_first(document, *_OPENAI_REASONING),
        )
    )
    total = _first(document, "total_tokens")
    if counts.confidence == "mismatch" and ("google" in hint or "gemini" in hint) and counts.input is not None:
        hidden = (total or 0) - (counts.total or 0)
        if hidden > 0:
            return counts._replace(output=(counts.output or 0) + hidden, confidence="derived")
    return counts


_INPUT_READ = ("cache_read_input_tokens", "input_tokens_details.cached_tokens", "input_token_details.cached_tokens",
               "input_token_details.cache_read", "cached_tokens")  # fmt: skip
_INPUT_WRITE_1H = ("cache_creation.ephemeral_1h_input_tokens", "cache_creation_input_tokens_above_1hr",
                   "input_token_details.ephemeral_1h_input_tokens")  # fmt: skip
_OUTPUT_REASONING = ("output_tokens_details.reasoning_tokens", "output_tokens_details.thinking_tokens",
                     "output_token_details.reasoning_tokens", "output_token_details.reasoning")  # fmt: skip


def _input_output(document: Document, hint: str) -> Counts:
    """`input_tokens`/`output_tokens`: Anthropic (exclusive) or OpenAI's Responses API (inclusive).

    Anthropic's own shape has no total, or says `cache_*_input_tokens` at the top level. A normalised form
    (LangChain's usage_metadata) has a total and nested details, and is inclusive.
    """
    anthropic = "total_tokens" not in document and (
        "cache_read_input_tokens" in document
        or "cache_creation_input_tokens" in document
        or "cache_creation" in document
        or "anthropic" in hint
        or "claude" in hint
    )
    return settle(
        Reported(
            input=_first(document, "input_tokens"),
            output=_first(document, "output_tokens"),
            total=_first(document, "total_tokens"),
            cache_read=_first(document, *_INPUT_READ),
            cache_write=_anthropic_write(document),
            cache_write_1h=_first(document, *_INPUT_WRITE_1H),
            reasoning=_first(document, *_OUTPUT_REASONING),
        ),
        excludes_cache=anthropic,
    )


def _anthropic_write(document: Document) -> int | None:
    whole = _first(
        document,
        "cache_creation_input_tokens",
        "input_tokens_details.cache_write_tokens",
        "input_token_details.cache_creation",
    )
    if whole is not None:
        return whole
    return _plus(
        _first(document, "cache_creation.ephemeral_5m_input_tokens"),
        _first(document, "cache_creation.ephemeral_1h_input_tokens"),
    )


def _gemini(document: Document, _hint: str) -> Counts:
    """Gemini: thoughts stand beside the candidates, tool prompts beside the prompt; the total has them all."""
    prompt = _first(document, "promptTokenCount", "prompt_token_count")
    tool_prompt = _first(document, "toolUsePromptTokenCount", "tool_use_prompt_token_count")
    thoughts = _first(document, "thoughtsTokenCount", "thoughts_token_count")
    answer = _first(document, "candidatesTokenCount", "candidates_token_count", "responseTokenCount")
    total = _first(document, "totalTokenCount", "total_token_count")
    tokens_in, tokens_out = _plus(prompt, tool_prompt), _plus(answer, thoughts)
    if tool_prompt and total is not None and total == (prompt or 0) + (tokens_out or 0):
        tokens_in = prompt  # the live API counts the tool prompt inside the prompt
    read = _first(document, "cachedContentTokenCount", "cached_content_token_count")
    return settle(Reported(input=tokens_in, output=tokens_out, total=total, cache_read=read, reasoning=thoughts))


def _gemini_interactions(document: Document, _hint: str) -> Counts:
    """Gemini's Interactions API: `total_input_tokens`, `total_output_tokens`, thoughts and tool use beside them."""
    thoughts = _first(document, "total_thought_tokens", "total_reasoning_tokens")
    return settle(
        Reported(
            input=_plus(_first(document, "total_input_tokens"), _first(document, "total_tool_use_tokens")),
            output=_plus(_first(document, "total_output_tokens"), thoughts),
            total=_first(document, "total_tokens"),
            cache_read=_first(document, "total_cached_tokens"),
            reasoning=thoughts,
        )
    )


def _bedrock(document: Document, _hint: str) -> Counts:
    """Bedrock Converse and Nova: cache beside the input. Its total shows that (and is sometimes missing)."""
    return settle(
        Reported(
            input=_first(document, "inputTokens"),
            output=_first(document, "outputTokens"),
            total=_first(document, "totalTokens"),
            cache_read=_first(document, "cacheReadInputTokens", "cacheReadInputTokenCount"),
            cache_write=_first(document, "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
            cache_write_1h=_bedrock_1h(document),
        ),
        excludes_cache=True,
    )


def _bedrock_1h(document: Document) -> int | None:
    details = document.get("cacheDetails")
    if not isinstance(details, list):
        return None
    return _plus(*(_first(item, "inputTokens") for item in details[:ITEMS_MAX] if _ttl(item) == "1h"))


def _ttl(item: Any) -> Any:
    return item.get("ttl") if isinstance(item, Mapping) else None


def _cohere(document: Document, _hint: str) -> Counts:
    """Cohere: `tokens` is what the model saw, `billed_units` what is paid; the former counts, the latter stands in."""
    seen = document.get("tokens")
    source = seen if isinstance(seen, Mapping) else document.get("billed_units")
    read = _first(document, "cached_tokens")
    tokens_in, tokens_out = _first(source, "input_tokens"), _first(source, "output_tokens")
    return settle(Reported(input=tokens_in, output=tokens_out, cache_read=read))


def _llama(document: Document, _hint: str) -> Counts:
    """Meta's models on Bedrock: `prompt_token_count`, `generation_token_count`."""
    tokens_in = _first(document, "prompt_token_count")
    return settle(Reported(input=tokens_in, output=_first(document, "generation_token_count")))


def _titan(document: Document, _hint: str) -> Counts:
    """Amazon Titan: `inputTextTokenCount`, and per result `tokenCount`."""
    results = document.get("results")
    listed = results[:ITEMS_MAX] if isinstance(results, list) else []
    tokens_out = _plus(_first(document, "totalOutputTextTokenCount"), *(_first(item, "tokenCount") for item in listed))
    return settle(Reported(input=_first(document, "inputTextTokenCount"), output=tokens_out))


def _ollama(document: Document, _hint: str) -> Counts:
    """Ollama: `prompt_eval_count`, `eval_count`."""
    tokens_in = _first(document, "prompt_eval_count")
    return settle(Reported(input=tokens_in, output=_first(document, "eval_count")))


_LANGFUSE_READ = ("input_cache_read", "input_cached_tokens", "cache_read_input_tokens", "input_cached",
                  "prompt_details.cache_read", "cached_tokens")  # fmt: skip
_LANGFUSE_WRITE = ("input_cache_creation", "input_cache_write", "cache_creation_input_tokens",
                   "prompt_details.cache_write")  # fmt: skip
_LANGFUSE_WRITE_1H = ("input_cache_creation_1h", "cache_creation.ephemeral_1h_input_tokens")
_LANGFUSE_REASONING = ("output_reasoning", "output_reasoning_tokens", "completion_details.reasoning", "reasoning")


def _langfuse(document: Document, _hint: str) -> Counts:
    """Langfuse's buckets: `input`, `output`, `total` and parts. Some integrations write parts inside, some outside."""
    tokens_in, tokens_out = _first(document, "input"), _first(document, "output")
    total = _first(document, "total")
    read, write = _first(document, *_LANGFUSE_READ), _first(document, *_LANGFUSE_WRITE)
    reasoning = _first(document, *_LANGFUSE_REASONING)
    outside_in = _other_parts(document, "input_", (*_LANGFUSE_READ, *_LANGFUSE_WRITE, *_LANGFUSE_WRITE_1H))
    outside_out = _other_parts(document, "output_", _LANGFUSE_REASONING)
    write_1h = _first(document, *_LANGFUSE_WRITE_1H)
    sound = REJECTED not in (tokens_in, tokens_out, total, read, write, write_1h, reasoning)
    if total and tokens_in is not None and tokens_out is not None and sound:
        all_in = tokens_in + (read or 0) + (write or 0) + outside_in
        all_out = tokens_out + (reasoning or 0) + outside_out
        if total == all_in + all_out > tokens_in + tokens_out:
            # the total shows that every bucket is exclusive (audio and image tokens, too): put all of them inside
            return Counts(all_in, all_out, read, write, write_1h, reasoning, "identity")
    return settle(Reported(tokens_in, tokens_out, read, write, write_1h, reasoning, total))


def _other_parts(document: Document, prefix: str, named: Iterable[str]) -> int:
    known = set(named)
    found = (count(document[key]) for key in document if key.startswith(prefix) and key not in known)
    return sum(value for value in found if value is not None and value > 0)


def _total_only(document: Document, _hint: str) -> Counts:
    """Embeddings of some providers report a total and nothing else: all of it went in."""
    return settle(Reported(total=_first(document, "total_tokens", "total")))


def _has(*keys: str) -> Callable[[Document], bool]:
    return lambda document: any(key in document for key in keys)


_SHAPES: tuple[tuple[Callable[[Document], bool], Callable[[Document, str], Counts]], ...] = (
    (_has("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount"), _gemini),
    (_has("candidates_token_count", "thoughts_token_count", "total_token_count"), _gemini),
    (_has("total_input_tokens", "total_output_tokens"), _gemini_interactions),
    (_has("prompt_tokens", "completion_tokens"), _openai_chat),
    (_has("tokens", "billed_units"), _cohere),
    (_has("input_tokens", "output_tokens"), _input_output),
    (_has("inputTokens", "outputTokens"), _bedrock),
    (_has("prompt_token_count", "generation_token_count"), _llama),
    (_has("inputTextTokenCount", "totalOutputTextTokenCount"), _titan),
    (_has("prompt_eval_count", "eval_count"), _ollama),
    (_has("input", "output"), _langfuse),
    (_has("total_tokens", "total"), _total_only),
)
"""Recognised shapes, most telling keys first."""

_READ = frozenset(
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
        "prompt_cache_miss_tokens", "cache_creation_input_tokens_above_1hr", "cost",
        *_OPENAI_READ, *_LANGFUSE_READ, *_LANGFUSE_WRITE, *_LANGFUSE_WRITE_1H, *_LANGFUSE_REASONING,
    }
)  # fmt: skip


_MODALITIES = ("audio", "image", "text", "video")


def _is_bucket(key: str) -> bool:
    """Parts by modality and times: understood, and never summed unless the total proves that they stand outside."""
    if key.endswith("_time"):
        return True
    head, _, tail = key.replace(".", "_").removesuffix("_tokens").rpartition("_")
    return tail in _MODALITIES and head in ("input", "output", "prompt_details", "completion_details")
