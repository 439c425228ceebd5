"""OTLP requests and the two ways of sending them, for tests that look at the server from outside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import grpc
import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

PROTOBUF = {"content-type": "application/x-protobuf"}
TOKENS = (100, 10)
"""Input and output of every model call that is made here."""


def attributes(**found: Any) -> list[KeyValue]:
    """Attributes; `_` in a name stands for `.`, and `__` for `_`."""
    made = []
    for name, value in found.items():
        pair = KeyValue(key=name.replace("__", "\0").replace("_", ".").replace("\0", "_"))
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value
        made.append(pair)
    return made


def run_request(trace: int, spans: int = 4, *, agent: str = "agent") -> ExportTraceServiceRequest:
    """One trace: an agent with `spans` - 1 model calls right below it, ended a moment ago."""
    message, block = _empty()
    for number in range(spans):
        span = block.spans.add()
        _place(span, trace, number, 0 if number else None)
        if number == 0:
            span.name = f"invoke_agent {agent}"
            span.attributes.extend(attributes(gen__ai_operation_name="invoke_agent", gen__ai_agent_name=agent))
        else:
            span.name = "chat"
            span.attributes.extend(
                attributes(
                    gen__ai_operation_name="chat",
                    gen__ai_provider_name="openai",
                    gen__ai_request_model="gpt-4o-mini",
                    gen__ai_usage_input__tokens=TOKENS[0],
                    gen__ai_usage_output__tokens=TOKENS[1],
                )
            )
    return message


def chain_requests(trace: int, depth: int, per_request: int) -> list[ExportTraceServiceRequest]:
    """One trace in which every span is the child of the one before, over several requests."""
    made = []
    for start in range(0, depth, per_request):
        message, block = _empty()
        for number in range(start, min(depth, start + per_request)):
            span = block.spans.add()
            _place(span, trace, number, number - 1 if number else None)
            span.name = "step"
            kind = "invoke_agent" if number == 0 else "chat" if number == depth - 1 else "agent_step"
            span.attributes.extend(attributes(gen__ai_operation_name=kind, gen__ai_agent_name="deep"))
        made.append(message)
    return made


def trace_id(trace: int) -> str:
    """The id of a trace as the API writes it."""
    return trace.to_bytes(16, "big").hex()


def _empty() -> tuple[ExportTraceServiceRequest, Any]:
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    block.resource.attributes.extend(attributes(service_name="service"))
    return message, block.scope_spans.add()


def _place(span: Any, trace: int, number: int, parent: int | None) -> None:
    now = time.time_ns()
    span.trace_id = trace.to_bytes(16, "big")
    span.span_id = (number + 1).to_bytes(8, "big")
    if parent is not None:
        span.parent_span_id = (parent + 1).to_bytes(8, "big")
    span.start_time_unix_nano = now - 5_000_000_000 + number
    span.end_time_unix_nano = now - 1_000_000_000 - number


def post(
    otlp_http: str, body: bytes, *, key: str | None = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    """POST to /v1/traces as protobuf unless the headers say otherwise."""
    sent = {**PROTOBUF, **({"authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
    return httpx.post(f"{otlp_http}/v1/traces", content=body, headers=sent, timeout=180)


def partial(answer: httpx.Response) -> Any:
    """The partial success of an answer in protobuf."""
    return ExportTraceServiceResponse.FromString(answer.content).partial_success


def export(otlp_grpc: str, request: Any, *, key: str | None = None) -> Any:
    """Send by gRPC; answers the response. Raises grpc.RpcError."""
    metadata: Sequence[tuple[str, str]] = (("authorization", f"Bearer {key}"),) if key else ()
    with grpc.insecure_channel(otlp_grpc, options=[("grpc.max_send_message_length", -1)]) as channel:
        return TraceServiceStub(channel).Export(request, metadata=metadata, timeout=180)
