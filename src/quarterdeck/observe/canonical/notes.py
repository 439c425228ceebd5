"""What users and producers hang on a span beside its facts: tags, metadata, prompt variables, an MCP session, ...

Read on demand for one span, never on the way in. Refuses to grow: at most KEYS_MAX entries of each kind, the longest
texts cut. A name that the raw attributes hold keeps its own spelling after the producer's prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.canonical.values import anything, decode_twice, text

KEYS_MAX = 128
"""Entries of metadata, of tags, of variables that are answered."""

TAGS = ("langfuse.trace.tags", "tag.tags", "logfire.tags", "langsmith.span.tags", "traceloop.association.properties.tags",
        "ai.telemetry.metadata.tags")  # fmt: skip

METADATA_DOCUMENTS = ("metadata", "langfuse.trace.metadata", "langfuse.observation.metadata", "mlflow.traceMetadata")
METADATA_PREFIXES = (
    "langfuse.trace.metadata.", "langfuse.observation.metadata.", "ai.telemetry.metadata.",
    "traceloop.association.properties.", "langsmith.metadata.", "genkit:metadata:context:", "metadata.",
)  # fmt: skip

VARIABLE_DOCUMENTS = ("llm.prompt_template.variables",)
VARIABLE_PREFIXES = ("gen_ai.prompt.variable.", "traceloop.prompt.template_variables.", "traceloop.prompt.variable.")

FACTS: Mapping[str, tuple[str, ...]] = {
    "mcp_session_id": ("mcp.session.id",),
    "handoff_from": ("gen_ai.handoff.from_agent", "lk.previous_agent_label"),
    "handoff_to": ("gen_ai.handoff.to_agent",),
    "agent_call_id": ("gen_ai.agent.call.id", "gcp.vertex.agent.invocation_id", "gen_ai.task.id"),
    "sample_reason": (
        "meta.refinery.reason",
        "meta.refinery.send_reason",
        "tailsampling.policy",
        "otelcol.processor.dynamic_sampling.rule",
    ),
    "release": ("langfuse.release", "service.version"),
}
"""Name → attribute keys in order, on the span, then on the resource."""

USAGE_PART = "gen_ai.usage."
MODALITIES = ("text", "image", "audio", "video", "document")


def notes(raw: RawSpan) -> dict[str, Any]:
    """`{tags, metadata, prompt_variables, usage_by_modality, <facts>}`; what nobody said is left out. Total."""
    found: dict[str, Any] = {
        "tags": _tags(raw),
        "metadata": _named(raw, METADATA_DOCUMENTS, METADATA_PREFIXES),
        "prompt_variables": _named(raw, VARIABLE_DOCUMENTS, VARIABLE_PREFIXES),
        "usage_by_modality": _by_modality(raw),
    }
    for name, keys in FACTS.items():
        found[name] = _first(raw, keys)
    return {name: value for name, value in found.items() if value}


def _first(raw: RawSpan, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = text(raw.attributes.get(key)) or text(raw.resource.attributes.get(key))
        if value is not None:
            return value
    return None


def _tags(raw: RawSpan) -> list[str]:
    tags: dict[str, None] = {}
    for key in TAGS:
        value = anything(raw.attributes.get(key))
        decoded = decode_twice(value) if isinstance(value, str) and value[:1] == "[" else value
        listed = decoded if isinstance(decoded, list) else str(decoded).split(",") if decoded is not None else []
        tags.update(dict.fromkeys(tag.strip() for item in listed[:KEYS_MAX] if (tag := text(item)) and tag.strip()))
    return list(tags)[:KEYS_MAX]


def _named(raw: RawSpan, documents: tuple[str, ...], prefixes: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in _entries(raw, documents, prefixes):
        if len(found) >= KEYS_MAX:
            break
        found.setdefault(name, value)
    return found


def _entries(raw: RawSpan, documents: tuple[str, ...], prefixes: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for key in documents:
        decoded = decode_twice(anything(raw.attributes.get(key)))
        if isinstance(decoded, dict):
            yield from ((text(name) or "", _short(value)) for name, value in decoded.items())
    for key, value in raw.attributes.items():
        prefix = next((start for start in prefixes if key.startswith(start)), None)
        if prefix is not None and len(key) > len(prefix) and anything(value) is not None:
            yield key[len(prefix) :], _short(value)


_PLAIN: tuple[Callable[[Any], bool], ...] = (
    lambda value: isinstance(value, bool | int | float),
    lambda value: value is None,
)


def _short(value: Any) -> Any:
    """Numbers and flags as they are, text and lists as a text of the length of a name."""
    if any(is_plain(value) for is_plain in _PLAIN):
        return value
    return text(value) or text(str(value)[:2_000])


def _by_modality(raw: RawSpan) -> dict[str, int]:
    """Token counts by modality, under the names that they came with; parts of the totals, never added to them."""
    return {
        key[len(USAGE_PART) :]: value
        for key, value in raw.attributes.items()
        if key.startswith(USAGE_PART)
        and key[len(USAGE_PART) :].partition(".")[0] in MODALITIES
        and type(value) is int
        and value >= 0
    }
