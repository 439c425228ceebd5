"""OTLP requests for tests: random but seeded, as protobuf and as JSON."""

from __future__ import annotations

import random
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START_NS = 1_750_000_000_000_000_000


def set_value(target: Any, value: Any) -> None:
    """Write a Python value into an AnyValue."""
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            set_value(target.array_value.values.add(), item)
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()
        for key, item in value.items():
            pair = target.kvlist_value.values.add()
            pair.key = key
            if item is not None:
                set_value(pair.value, item)


def add_attributes(target: Any, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        pair = target.add()
        pair.key = key
        if value is not None:
            set_value(pair.value, value)


def request(
    spans: list[dict[str, Any]], *, resource: dict[str, Any] | None = None, scope: str = "test"
) -> ExportTraceServiceRequest:
    """One request with one block. A span is a dict of trace, id, parent, name, start, end, attributes, events, links, status."""
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    add_attributes(block.resource.attributes, resource or {"service.name": "svc"})
    scope_block = block.scope_spans.add()
    scope_block.scope.name = scope
    scope_block.scope.version = "1.2"
    for i, found in enumerate(spans):
        span = scope_block.spans.add()
        span.trace_id = found.get("trace", b"\x01" * 16)
        span.span_id = found.get("id", (i + 1).to_bytes(8, "big"))
        span.parent_span_id = found.get("parent", b"")
        span.name = found.get("name", "span")
        span.kind = found.get("kind", 1)
        span.start_time_unix_nano = found.get("start", START_NS + i * 1_000_000)
        span.end_time_unix_nano = found.get("end", START_NS + i * 1_000_000 + 500_000)
        add_attributes(span.attributes, found.get("attributes", {}))
        if "status" in found:
            span.status.code, span.status.message = found["status"]
        for name, attributes in found.get("events", []):
            event = span.events.add()
            event.name = name
            event.time_unix_nano = START_NS
            add_attributes(event.attributes, attributes)
        for trace, span_id in found.get("links", []):
            link = span.links.add()
            link.trace_id, link.span_id = trace, span_id
    return message


def agent_trace(seed: int, spans: int = 20, *, text_bytes: int = 200) -> list[dict[str, Any]]:
    """A plausible trace: an agent with chat and tool calls below it, in chains of a few."""
    rng = random.Random(seed)
    trace = rng.randbytes(16)
    ids = [rng.randbytes(8) for _ in range(spans)]
    found: list[dict[str, Any]] = []
    for i in range(spans):
        kind = "invoke_agent" if i == 0 else rng.choice(["chat", "execute_tool"])
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": kind,
            "gen_ai.agent.name": "support-agent",
            "gen_ai.conversation.id": f"conversation-{seed}",
        }
        if kind == "chat":
            attributes |= {
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o-mini",
                "gen_ai.response.id": rng.randbytes(8).hex(),
                "gen_ai.usage.input_tokens": rng.randrange(1, 5000),
                "gen_ai.usage.output_tokens": rng.randrange(1, 500),
                "gen_ai.response.finish_reasons": ["stop"],
                "gen_ai.input.messages": rng.randbytes(text_bytes // 2).hex(),
            }
        if kind == "execute_tool":
            attributes |= {"gen_ai.tool.name": rng.choice(["search", "refund"]), "gen_ai.tool.call.id": ids[i].hex()}
        found.append(
            {
                "trace": trace,
                "id": ids[i],
                "parent": b"" if i == 0 else ids[max(0, i - 1 - rng.randrange(3))],
                "name": kind,
                "start": START_NS + i * 1_000_000,
                "end": START_NS + (2 * spans - i) * 1_000_000,
                "attributes": attributes,
            }
        )
    return found
