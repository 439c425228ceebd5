"""What a drill sends: runs of one agent whose prompt changes, as OTLP requests. Pure: equal arguments give equal bytes.

Six hundred runs of v6, one a second, then three hundred of v7 in small requests. A regression: v7 fails more often by `size`. Noise: v7 is v6
under another name. Refuses: an environment that real runs have; these say `drill`.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

BEFORE, AFTER = 600, 300
"""Runs of either version."""
AT_ONCE = 20
"""Runs of the new version in one request: how finely it is known when it was found."""
FAILING = 0.1
SIZE_MAX = 0.8
_SECOND = 10**9
_TOKENS = (900, 120)


class Part(NamedTuple):
    """One request of `held` runs. `runs`: of the new version, up to this request's end; `since_change_s` likewise, 0 before it."""

    body: bytes
    held: int
    runs: int
    since_change_s: float


def parts(drill_id: str, size: float, seed: int, now_ns: int) -> Iterator[Part]:
    """In order. The last run ends just before `now_ns`."""
    chance, start_ns = Random(seed), now_ns - (BEFORE + AFTER + 60) * _SECOND  # noqa: S311 - a simulation, not a secret
    message, waiting = ExportTraceServiceRequest(), 0
    for number in range(BEFORE + AFTER):
        new = number - BEFORE + 1
        failed = chance.random() < FAILING + (size if new > 0 else 0.0)
        span_ns = (start_ns + number * _SECOND, int((5 + 20 * chance.random()) * _SECOND))
        _add(message, drill_id, number, "v7" if new > 0 else "v6", span_ns, failed=failed)
        waiting += 1
        if waiting >= (AT_ONCE if new > 0 else 100):
            yield Part(message.SerializeToString(), waiting, max(0, new), float(max(0, new)))
            message, waiting = ExportTraceServiceRequest(), 0


def _add(message: Any, drill_id: str, number: int, version: str, span_ns: tuple[int, int], *, failed: bool) -> None:
    """One run: an agent and its model call."""
    block = message.resource_spans.add()
    block.resource.attributes.extend(_said({"service.name": "drill", "deployment.environment.name": "drill"}))
    spans = block.scope_spans.add().spans
    start_ns, length_ns = span_ns
    common = {"quarterdeck.prompt_version": version, "gen_ai.agent.name": "drill-agent", "quarterdeck.drill": drill_id}
    calls: tuple[tuple[str, dict[str, str | int]], ...] = (
        ("invoke_agent drill-agent", {"gen_ai.operation.name": "invoke_agent"}),
        ("chat", {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "drill", "gen_ai.request.model": "drill-model",
            "gen_ai.usage.input_tokens": _TOKENS[0], "gen_ai.usage.output_tokens": _TOKENS[1],
        }),
    )  # fmt: skip
    for place, (name, said) in enumerate(calls):
        span = spans.add()
        span.trace_id = _id(drill_id, number)[:16]
        span.span_id = _id(drill_id, number, place)[:8]
        if place:
            span.parent_span_id = _id(drill_id, number, 0)[:8]
        span.name = name
        span.start_time_unix_nano = start_ns + place
        span.end_time_unix_nano = start_ns + length_ns - place
        span.attributes.extend(_said(common | said))
        span.status.code = 2 if failed else 1


def _id(*parts_: object) -> bytes:
    return sha256("/".join(map(str, parts_)).encode()).digest()


def _said(found: dict[str, Any]) -> list[Any]:
    made = []
    for name, value in found.items():
        pair = KeyValue(key=name)
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value
        made.append(pair)
    return made
