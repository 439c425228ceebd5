"""Calls as spans, in OpenTelemetry's words for GenAI, sent in batches: the gateway is one more producer.

A call that carries `traceparent` becomes a child of the caller's span, so that a client that is instrumented too and
the gateway are one call. Refuses: spans of calls that never went out (they cost nothing and are counted as shed), and
any word of a prompt or an answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from quarterdeck.control.admit.need import Usage, read_usage
from quarterdeck.control.gateway.record import CallRecord
from quarterdeck.errors import BadInput
from quarterdeck.model.ports import SpanSink

FLUSH_S = 0.5
BATCH_MAX = 512
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_CLIENT, _ERROR = 3, 2
"""SPAN_KIND_CLIENT and STATUS_CODE_ERROR."""
_CACHE_READ = (
    ("cache_read_input_tokens",),
    ("prompt_tokens_details", "cached_tokens"),
    ("input_tokens_details", "cached_tokens"),
)
_REASONING = (("completion_tokens_details", "reasoning_tokens"), ("output_tokens_details", "reasoning_tokens"))
_OPERATION = {"chat": "chat", "responses": "chat", "messages": "chat", "embeddings": "embeddings"}


class SpanBook:
    """Takes records, sends spans to `sink`: every half second, or as soon as there are many. For one event loop."""

    def __init__(self, sink: SpanSink, project: str, version: str, random: Callable[[int], bytes]) -> None:
        self._sink = sink
        self._project = project
        self._version = version
        self._random = random
        self._records: list[CallRecord] = []
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, record: CallRecord) -> None:
        """Take one call."""
        if record.attempts == 0 or record.reserved_input is record.reserved_total is None:
            return
        self._records.append(record)
        if len(self._records) >= BATCH_MAX:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self.flush)

    def flush(self) -> None:
        """Send what is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        records, self._records = self._records, []
        if records:
            self._sink.send(self._project, request_of(records, self._version, self._random))


def request_of(records: list[CallRecord], version: str, random: Callable[[int], bytes]) -> bytes:
    """An OTLP trace request. `random(n)`: n bytes, of ids."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    # No service.name: the gateway's own would be taken for the agent's.
    scope = resource.scope_spans.add()
    scope.scope.name, scope.scope.version = "quarterdeck.gateway", version
    for record in records:
        _fill(scope.spans.add(), record, random)
    return bytes(request.SerializeToString())


def _fill(span: Any, record: CallRecord, random: Callable[[int], bytes]) -> None:
    parent = _TRACEPARENT.fullmatch(record.who.traceparent or "")
    span.trace_id = bytes.fromhex(parent.group(1)) if parent else random(16)
    span.span_id = random(8)
    if parent:
        span.parent_span_id = bytes.fromhex(parent.group(2))
    span.name = f"{_OPERATION[record.operation]} {record.model}"
    span.kind = _CLIENT
    span.start_time_unix_nano, span.end_time_unix_nano = record.started_ns, record.ended_ns
    span.attributes.extend(_pair(name, value) for name, value in attributes_of(record).items() if value is not None)
    if record.failure:
        span.status.code = _ERROR
        span.status.message = record.failure


def attributes_of(record: CallRecord) -> dict[str, Any]:
    """What a span says of a call; None for what is not known."""
    who, said, usage = record.who, record.said, _usage(record)
    return {
        "gen_ai.operation.name": _OPERATION[record.operation],
        "gen_ai.provider.name": record.provider,
        "gen_ai.request.model": record.model,
        "gen_ai.request.max_tokens": None if record.max_tokens is None else int(record.max_tokens),
        "gen_ai.request.stream": record.stream,
        "gen_ai.response.model": None if said is None else said.model,
        "gen_ai.response.id": None if said is None else said.response_id,
        "gen_ai.response.finish_reasons": list(said.finish) or None if said is not None else None,
        "gen_ai.response.time_to_first_chunk": record.first_token_s,
        "gen_ai.usage.input_tokens": None if usage is None else int(usage.input),
        "gen_ai.usage.output_tokens": None if usage is None else int(usage.output),
        "gen_ai.usage.cache_read.input_tokens": _reported(record, _CACHE_READ),
        "gen_ai.usage.cache_creation.input_tokens": _reported(record, (("cache_creation_input_tokens",),)),
        "gen_ai.usage.reasoning.output_tokens": _reported(record, _REASONING),
        "http.response.status_code": record.status,
        "error.type": _error_type(record),
        "quarterdeck.run.id": who.run_id or who.task,
        "quarterdeck.session.id": who.session,
        "quarterdeck.agent.name": who.agent,
        "quarterdeck.agent.version": who.agent_version,
        "quarterdeck.prompt.version": who.prompt_version,
        "quarterdeck.feature": who.feature,
        "quarterdeck.environment": who.environment,
        "quarterdeck.tenant": who.tenant or None,
        "quarterdeck.admission.lane": record.lane or None,
        "quarterdeck.admission.wait_s": record.waited_s,
        "quarterdeck.admission.attempts": record.attempts,
        "quarterdeck.admission.reserved.input_tokens": record.reserved_input,
        "quarterdeck.admission.reserved.output_tokens": record.reserved_output,
        "quarterdeck.admission.reserved.total_tokens": record.reserved_total,
    }


def _usage(record: CallRecord) -> Usage | None:
    try:
        return None if record.said is None else read_usage(record.said.usage)
    except BadInput:
        return None


def _reported(record: CallRecord, paths: tuple[tuple[str, ...], ...]) -> int | None:
    """The first of these counts that the provider reported; 0 is one."""
    usage = None if record.said is None else record.said.usage
    for path in paths:
        value: Any = usage
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _error_type(record: CallRecord) -> str | None:
    if not record.failure:
        return None
    return str(record.status) if record.failure == "provider" else record.failure


def _pair(key: str, value: Any) -> KeyValue:
    return KeyValue(key=key, value=_value(value))


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_value(item) for item in value]))
    return AnyValue(string_value=str(value))
