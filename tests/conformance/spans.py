"""Raw spans for tests: hand-written ones, and the recorded exports re-emitted as OpenTelemetry spans."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard

from quarterdeck.model.raw import RawEvent, RawSpan, Resource, Scope
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer

DATA = Path(os.environ.get("QUARTERDECK_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
TRACES = DATA / "otel_and_provider_traces" / "dev"

KEY = b"a key for tests"


def raw(
    attributes: dict[str, Any],
    *,
    scope: str = "",
    name: str = "span",
    resource: dict[str, Any] | None = None,
    parent: str = "00000000000000aa",
    status: int = 0,
    message: str = "",
    events: tuple[RawEvent, ...] = (),
    trace_state: str = "",
    schema_url: str = "",
) -> RawSpan:
    """A raw span with these attributes."""
    return RawSpan(
        "default", "0" * 31 + "1", "0" * 15 + "1", parent, trace_state, name, 1, 10**18, 10**18 + 10**9, status, message,
        attributes, events, (), Resource(resource or {}, ""), Scope(scope, "1.2.3", {}, schema_url),
    )  # fmt: skip


def canonical(*args: Any, **kwargs: Any) -> Span:
    """The canonical form of one hand-written raw span."""
    return Canonicalizer(user_hash_key=KEY).canonicalize(raw(*args, **kwargs))


def expect(span: Span, **fields: Any) -> None:
    """Hold the named fields against the span, all at once, so that a failure shows them all."""
    assert {name: getattr(span, name) for name in fields} == fields


def langfuse_files() -> list[Path]:
    return sorted((TRACES / "langfuse_traces").glob("*.json"))


def langfuse_observations(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["observations"]
    return found


def observation_span(observation: dict[str, Any], trace: dict[str, Any] | None = None) -> RawSpan:
    """One recorded observation as the span that Langfuse's SDK would have sent."""
    metadata = _object(observation.get("metadata"))
    attributes = dict(_object(metadata.get("attributes")))
    scope = _object(metadata.get("scope"))
    attributes["langfuse.observation.type"] = observation["type"].lower()
    attributes["langfuse.observation.level"] = observation["level"]
    if observation.get("model"):
        attributes["langfuse.observation.model.name"] = observation["model"]
    if observation.get("usageDetails"):
        attributes["langfuse.observation.usage_details"] = json.dumps(observation["usageDetails"])
    for side in ("input", "output"):
        value = observation.get(side)
        if value is not None:
            attributes[f"langfuse.observation.{side}"] = value if isinstance(value, str) else json.dumps(value)
    return RawSpan(
        "default", observation["traceId"], observation["id"], observation["parentObservationId"] or "", "",
        observation["name"] or "", 1, _ns(observation["startTime"]), _ns(observation["endTime"]), 0, "",
        attributes, (), (), Resource(_object(metadata.get("resourceAttributes")), ""),
        Scope(scope.get("name") or "", scope.get("version") or "", {}, ""),
    )  # fmt: skip


def _object(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def _ns(moment: str | None) -> int:
    return 0 if moment is None else int(datetime.fromisoformat(moment).timestamp() * 1e9)


def vercel_spans() -> list[RawSpan]:
    listed = json.loads((TRACES / "vercel_ai_sdk_v6_all-spans.json").read_text())
    return [
        raw(item["attributes"], scope="ai", name=item["name"], status={0: 0, 1: 1}.get(item["status"]["code"], 2))
        for item in listed
    ]


def provider_responses() -> Iterator[dict[str, Any]]:
    with (TRACES / "provider_responses.jsonl.zst").open("rb") as file:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8"):
            yield json.loads(line)
