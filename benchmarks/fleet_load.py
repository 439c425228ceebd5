"""Runs as OTLP requests: a root and its calls, with their own times. Made for the benchmarks of the fleet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.sim.month import Event

T = TypeVar("T")
Value = str | int | float


class Call(NamedTuple):
    """One model or tool call, as long as its run."""

    attributes: Mapping[str, Value]
    error: str | None = None


class Told(NamedTuple):
    """One run. `identity` is on all its spans, `root` on the first alone. Times are seconds after the epoch of a request."""

    run_id: str
    agent: str
    started_s: float
    ended_s: float
    identity: Mapping[str, Value]
    root: Mapping[str, Value]
    calls: Sequence[Call]
    error: str | None = None


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Groups of `size`, in order."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def request_of(runs: Iterable[Told], epoch_ns: int) -> bytes:
    """One request."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    scope = resource.scope_spans.add()
    scope.scope.name = "benchmark"
    _say(resource.resource, {"service.name": "fleet", "deployment.environment.name": "production"})
    for run in runs:
        _run(scope.spans, run, epoch_ns)
    return request.SerializeToString()


def told(event: Event, tag: str) -> Told:
    """A run of the month (tests/sim/month.py). `tag` keeps the ids of two months apart."""
    failing, inside, retry, blocked, miss = event.bad
    call: dict[str, Value] = {
        **model_call("gpt-4.1-mini", event.tokens, 100),
        "gen_ai.usage.cache_read.input_tokens": 0 if miss else event.tokens,
    }
    if retry:
        call["quarterdeck.retry.attempt"] = 1
    return Told(
        run_id=f"{tag}-{event.number}",
        agent=f"agent-{event.cohort:02d}",
        started_s=event.started_s,
        ended_s=event.ended_s,
        identity={"quarterdeck.session.id": f"{tag}-s{event.session}"},
        root={"quarterdeck.outcome": "failure" if failing else "success"},
        calls=[Call(call, "provider_overload" if inside else None)],
        error="guardrail_block" if blocked else None,
    )


def model_call(model: str, tokens_input: int, tokens_output: int) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": model, "gen_ai.provider.name": "openai",
        "gen_ai.usage.input_tokens": tokens_input, "gen_ai.usage.output_tokens": tokens_output,
    }  # fmt: skip


def tool_call(tool: str) -> dict[str, Value]:
    return {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}


def _run(spans: Any, run: Told, epoch_ns: int) -> None:
    trace = blake2b(run.run_id.encode(), digest_size=16).digest()
    start, end = (epoch_ns + int(at * 1e9) for at in (run.started_s, run.ended_s))
    identity = {
        "quarterdeck.run.id": run.run_id, "gen_ai.agent.name": run.agent, "quarterdeck.environment": "production",
        **run.identity,
    }  # fmt: skip
    root = _span(spans, trace, trace[:8], b"", f"invoke_agent {run.agent}", start, end)
    _say(root, {**identity, **run.root, "gen_ai.operation.name": "invoke_agent"})
    if run.error is not None:
        _fail(root, run.error)
    else:
        root.status.code = Status.STATUS_CODE_OK
    for number, call in enumerate(run.calls):
        span_id = blake2b(trace + bytes([number]), digest_size=8).digest()
        name = str(call.attributes["gen_ai.operation.name"])
        made = _span(spans, trace, span_id, trace[:8], name, start, end)
        _say(made, {**identity, **call.attributes})
        if call.error is not None:
            _fail(made, call.error)


def _span(spans: Any, trace: bytes, span: bytes, parent: bytes, name: str, start: int, end: int) -> Span:
    made: Span = spans.add()
    made.trace_id, made.span_id, made.parent_span_id, made.name = trace, span, parent, name
    made.start_time_unix_nano, made.end_time_unix_nano = start, end
    return made


def _fail(span: Span, error: str) -> None:
    span.status.code = Status.STATUS_CODE_ERROR
    _say(span, {"error.type": error, "quarterdeck.error.class": error})


def _say(thing: Any, attributes: Mapping[str, Value]) -> None:
    for key, value in attributes.items():
        pair = thing.attributes.add()
        pair.key = key
        if isinstance(value, int):
            pair.value.int_value = value
        elif isinstance(value, float):
            pair.value.double_value = value
        else:
            pair.value.string_value = value
