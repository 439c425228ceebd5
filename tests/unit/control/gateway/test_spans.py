"""A call as a span: what it says, whose child it is, and that it counts once in the canonical form."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from quarterdeck.control.gateway.record import CallRecord
from quarterdeck.control.gateway.spans import BATCH_MAX, SpanBook, attributes_of, request_of
from quarterdeck.control.gateway.usage import Said
from quarterdeck.control.gateway.who import read_who

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def record(**changes: Any) -> CallRecord:
    who = read_who({b"x-quarterdeck-agent": b"support", b"x-quarterdeck-task": b"t-1"}, "acme")
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 0}}
    made = CallRecord(
        provider="openai", operation="responses", stream=True, asked="gpt-x", model="gpt-x", who=who, lane="standard",
        attempts=2, status=200, failure="", waited_s=0.25, started_ns=1_000, ended_ns=3_000, first_token_s=0.5, max_tokens=64.0,
        reserved_input=10.0, reserved_output=20.0, reserved_total=None, said=Said(usage, False, 5, "r-1", "gpt-x-1", ("stop",)),
    )  # fmt: skip
    return made._replace(**changes)


def ids(size: int) -> bytes:
    return b"\x07" * size


def spans_of(body: bytes) -> list[Any]:
    request = ExportTraceServiceRequest.FromString(body)
    return list(request.resource_spans[0].scope_spans[0].spans)


class Sink:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def send(self, project: str, request: bytes) -> None:
        self.sent.append((project, request))


def test_it_speaks_the_words_of_the_conventions() -> None:
    said = {name: value for name, value in attributes_of(record()).items() if value is not None}
    assert said["gen_ai.operation.name"] == "chat"
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (9, 3)
    assert said["gen_ai.usage.cache_read.input_tokens"] == 0, "0 that was reported is 0"
    assert "gen_ai.usage.reasoning.output_tokens" not in said, "what was not reported is not said"
    assert (said["quarterdeck.run.id"], said["quarterdeck.tenant"], said["quarterdeck.agent.name"]) == (
        "t-1",
        "acme",
        "support",
    )
    assert (said["quarterdeck.admission.wait_s"], said["quarterdeck.admission.attempts"]) == (0.25, 2)


@pytest.mark.parametrize("operation", ["chat", "responses", "messages", "embeddings"])
def test_every_operation_is_a_client_span(operation: Any) -> None:
    (span,) = spans_of(request_of([record(operation=operation)], "1", ids))
    assert (span.kind, span.start_time_unix_nano, span.end_time_unix_nano) == (3, 1_000, 3_000)
    assert span.name in ("chat gpt-x", "embeddings gpt-x")
    assert span.trace_id == ids(16)


def test_it_is_the_child_of_the_span_that_the_client_names() -> None:
    who = record().who._replace(traceparent=PARENT)
    (span,) = spans_of(request_of([record(who=who)], "1", ids))
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (PARENT[3:35], PARENT[36:52])
    (free,) = spans_of(request_of([record(who=who._replace(traceparent="nonsense"))], "1", ids))
    assert (free.trace_id, free.parent_span_id) == (ids(16), b"")


def test_a_failure_has_its_type() -> None:
    broken, refused = spans_of(
        request_of([record(failure="broken_off"), record(failure="provider", status=529, said=None)], "1", ids)
    )
    kinds = [next(a.value.string_value for a in span.attributes if a.key == "error.type") for span in (broken, refused)]
    assert kinds == ["broken_off", "529"]
    assert [span.status.code for span in (broken, refused)] == [2, 2]


def test_calls_that_never_went_out_are_no_spans_and_many_go_at_once() -> None:
    async def scenario() -> None:
        sink = Sink()
        book = SpanBook(sink, "default", "1", ids)
        book.tell(record(reserved_input=None, reserved_total=None, said=None, failure="deadline"))
        book.flush()
        assert sink.sent == []
        for _ in range(BATCH_MAX):
            book.tell(record())
        assert [(project, len(spans_of(body))) for project, body in sink.sent] == [("default", BATCH_MAX)]
        book.tell(record())
        book.flush()
        assert len(sink.sent) == 2

    asyncio.run(scenario())
