"""An exported Langfuse trace (`{trace, observations}`) as spans: ids, parents, types, attributes and scope as recorded.

An id that is no OpenTelemetry id is hashed to one and kept as an attribute. Usage or cost that is all zero counts as
not reported: the export writes 0 for everything that nobody measured. An attribute the instrumentation set itself
is never overwritten by what the export adds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories.attributes import as_json, key_values
from quarterdeck.simulate.histories.files import read_json
from quarterdeck.simulate.histories.ids import is_span_id, span_id_of, trace_id_of
from quarterdeck.simulate.histories.shape import Piece, SpanFacts, TokenFacts
from quarterdeck.simulate.histories.times import iso_ns

_OWN_METADATA = frozenset({"attributes", "resourceAttributes", "scope"})
_MODEL_TYPES = frozenset({"generation", "embedding"})
_MEND = 'export the trace again: an object with "trace" and "observations"'


def looks_like(document: Any) -> bool:
    """Whether a JSON value is one exported trace."""
    return isinstance(document, dict) and isinstance(document.get("observations"), list) and "trace" in document


def read(path: Path) -> Iterator[Piece]:
    """One piece per observation. Raises BadFile naming the observation."""
    document = read_json(path)
    if not looks_like(document):
        raise BadFile(str(path), 'expected an object with "trace" and "observations"', mend=_MEND)
    trace = document["trace"] or {}
    for number, observation in enumerate(document["observations"]):
        try:
            yield _piece(trace, observation, str(path))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"observation {number} is not as exported: {error!r}"
            raise BadFile(str(path), what, mend=_MEND) from error


def _piece(trace: dict[str, Any], observation: dict[str, Any], source: str) -> Piece:
    metadata = _mapping(observation.get("metadata"))
    scope = _mapping(metadata.get("scope"))
    span = _span(trace, observation, metadata)
    block = ResourceSpans(
        resource=Resource(attributes=key_values(_mapping(metadata.get("resourceAttributes")))),
        scope_spans=[
            ScopeSpans(
                scope=InstrumentationScope(
                    name=scope.get("name") or "",
                    version=scope.get("version") or "",
                    attributes=key_values(_mapping(scope.get("attributes"))),
                ),
                spans=[span],
            )
        ],
    )
    return Piece(block, (_facts(observation, span),), source)


def _span(trace: dict[str, Any], observation: dict[str, Any], metadata: dict[str, Any]) -> Span:
    parent = observation.get("parentObservationId")
    failed = observation.get("level") == "ERROR"
    ended = observation.get("endTime")
    return Span(
        trace_id=trace_id_of(observation["traceId"]),
        span_id=span_id_of(observation["id"]),
        parent_span_id=span_id_of(parent) if parent else b"",
        name=observation.get("name") or "",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=iso_ns(observation["startTime"]),
        end_time_unix_nano=iso_ns(ended) if ended else 0,
        attributes=key_values(_attributes(trace, observation, metadata)),
        status=Status(
            code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET,
            message=observation.get("statusMessage") or "",
        ),
    )


def _attributes(trace: dict[str, Any], observation: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """What the instrumentation recorded, then what the export says, never the second over the first."""
    own = {key: value for key, value in _of_observation(observation).items() if value is not None}
    added = {**_of_trace(trace), **own}
    if not observation.get("parentObservationId"):
        added |= _of_trace_root(trace)
    extra = {
        f"langfuse.observation.metadata.{key}": value for key, value in metadata.items() if key not in _OWN_METADATA
    }
    return {**added, **extra, **_mapping(metadata.get("attributes"))}


def _of_observation(observation: dict[str, Any]) -> dict[str, Any]:
    recorded_id = observation["id"]
    model = observation.get("model")
    return {
        "langfuse.observation.type": str(observation["type"]).lower(),
        "langfuse.observation.id": None if is_span_id(recorded_id) else recorded_id,
        "langfuse.observation.level": observation.get("level"),
        "langfuse.observation.status_message": observation.get("statusMessage"),
        "langfuse.observation.model.name": model or None,
        "langfuse.observation.model.parameters": _json_or_none(observation.get("modelParameters")),
        "langfuse.observation.usage_details": _json_or_none(_usage(observation)),
        "langfuse.observation.cost_details": _json_or_none(_reported(observation.get("costDetails"))),
        "langfuse.observation.completion_start_time": observation.get("completionStartTime"),
        "langfuse.observation.prompt.name": observation.get("promptName"),
        "langfuse.observation.prompt.version": observation.get("promptVersion"),
        "langfuse.observation.input": _json_or_none(observation.get("input")),
        "langfuse.observation.output": _json_or_none(observation.get("output")),
        "langfuse.environment": observation.get("environment"),
        "langfuse.version": observation.get("version"),
    }


def _of_trace(trace: dict[str, Any]) -> dict[str, Any]:
    """What holds for every span of the trace; each of its spans says it, as the SDK's propagation does."""
    said = {
        "session.id": trace.get("sessionId"),
        "user.id": trace.get("userId"),
        "langfuse.trace.name": trace.get("name"),
        "langfuse.trace.tags": trace.get("tags") or None,
        "langfuse.release": trace.get("release"),
        "langfuse.version": trace.get("version"),
    }
    return {key: value for key, value in said.items() if value is not None}


def _of_trace_root(trace: dict[str, Any]) -> dict[str, Any]:
    extra = _mapping(trace.get("metadata"))
    return {
        "langfuse.trace.input": _json_or_none(trace.get("input")),
        "langfuse.trace.output": _json_or_none(trace.get("output")),
        "langfuse.trace.id": trace.get("id"),
        **{f"langfuse.trace.metadata.{key}": value for key, value in extra.items() if key not in _OWN_METADATA},
    }


def _usage(observation: dict[str, Any]) -> dict[str, Any] | None:
    """`usageDetails`, or the older `usage` with its counts, where anything was counted."""
    older = _mapping(observation.get("usage"))
    counts = {key: value for key, value in older.items() if isinstance(value, (int, float)) and key != "unit"}
    return _reported(observation.get("usageDetails")) or _reported(counts)


def _reported(details: Any) -> dict[str, Any] | None:
    found = _mapping(details)
    return found if any(found.values()) else None


def _facts(observation: dict[str, Any], span: Span) -> SpanFacts:
    kind = str(observation["type"]).lower()
    model_call = kind in _MODEL_TYPES
    usage = _usage(observation) or {}
    cost = (_reported(observation.get("costDetails")) or {}).get("total")
    return SpanFacts(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        run_id=None,
        is_root=not span.parent_span_id,
        model_call=model_call,
        tool_call=kind == "tool",
        tokens=_tokens(usage) if model_call else TokenFacts(),
        cost_usd=cost if model_call else None,
    )


def _tokens(usage: Mapping[str, Any]) -> TokenFacts:
    """Counts of one observation, inclusive: buckets beside input or output are put inside when the numbers show it."""

    def count(*names: str) -> int | None:
        return next((int(usage[name]) for name in names if usage.get(name) is not None), None)

    tokens_in, tokens_out = (
        count("input", "prompt_tokens", "promptTokens"),
        count("output", "completion_tokens", "completionTokens"),
    )
    read = count("input_cache_read", "prompt_details.cache_read", "input_cached_tokens", "cache_read_input_tokens")
    write = count("input_cache_creation", "input_cache_write", "cache_creation_input_tokens")
    reasoning = count("output_reasoning", "completion_details.reasoning", "output_reasoning_tokens")
    cached, thought, total = (read or 0) + (write or 0), reasoning or 0, count("total")
    if tokens_in is not None and cached:
        beside = (tokens_in + cached + (tokens_out or 0), tokens_in + cached + (tokens_out or 0) + thought)
        tokens_in += cached if cached > tokens_in or total in beside else 0
    if tokens_out is not None and thought:
        beside_out = (tokens_in or 0) + tokens_out + thought
        tokens_out += thought if thought > tokens_out or total == beside_out else 0
    return TokenFacts(tokens_in, tokens_out, read, write, reasoning)


def _mapping(value: Any) -> dict[str, Any]:
    """A mapping, also when it was exported as JSON text; anything else is empty."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _json_or_none(value: Any) -> str | None:
    return None if value in (None, "", {}, []) else as_json(value)
