"""Usage documents of providers: OpenAI, Anthropic, Gemini, Bedrock, Cohere, Mistral, Ollama, Langfuse, ... → inclusive counts.

A document is what a provider's response calls `usage` (or `usageMetadata`, `billed_units`, `meta`). Its keys give the
shape away; the hint (provider or host) only settles what keys cannot: `input_tokens` excludes the cache at Anthropic
and includes it at OpenAI. Refuses to sum keys that it does not know; `unknown_keys` names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.observe.canonical.arithmetic import NOTHING, Counts
from quarterdeck.observe.canonical.usage_parts import Document
from quarterdeck.observe.canonical.usage_shapes import READ, SHAPES

WRAPPERS = ("usage", "usageMetadata", "usage_metadata", "meta", "tokenUsage", "token_usage", "usage_info",
            "response", "x_groq", "amazon-bedrock-invocationMetrics", "tokenMetadata", "metrics", "message")  # fmt: skip
"""Keys under which a whole document may hide."""


def normalise_usage(hint: str, document: Any) -> Counts:
    """Inclusive counts of one usage document.

    `hint`: provider name or host, "" when unknown. `document`: the usage object, possibly still inside its wrapper.
    Answers `Counts` with None for what is not reported; never raises.
    """
    if not isinstance(document, Mapping):
        return NOTHING
    inner = _unwrapped(document)
    for recognises, read in SHAPES:
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
            if any(recognises(inner) for recognises, _ in SHAPES):
                merged.update({key: value for key, value in inner.items() if value is not None})
    return normalise_usage(hint, merged)


def unknown_keys(document: Any) -> tuple[str, ...]:
    """Top-level keys with a number that no shape reads: to be reported, never summed. Sorted."""
    if not isinstance(document, Mapping):
        return ()
    inner = _unwrapped(document)
    unread = (key for key, value in inner.items() if isinstance(value, int | float) and key not in READ)
    return tuple(sorted(key for key in unread if isinstance(key, str) and not _is_bucket(key)))


def _unwrapped(document: Document) -> Document:
    for _ in range(4):
        inner = next((document[key] for key in WRAPPERS if isinstance(document.get(key), Mapping)), None)
        if inner is None:
            return document
        document = inner
    return document


_MODALITIES = ("audio", "image", "text", "video")


def _is_bucket(key: str) -> bool:
    """Parts by modality and times: understood, and never summed unless the total proves that they stand outside."""
    if key.endswith("_time"):
        return True
    head, _, tail = key.replace(".", "_").removesuffix("_tokens").rpartition("_")
    return tail in _MODALITIES and head in (
        "input",
        "output",
        "prompt",
        "completion",
        "prompt_details",
        "completion_details",
    )
