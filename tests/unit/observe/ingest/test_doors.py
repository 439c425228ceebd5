"""The doors: what a sender is told, over HTTP and over gRPC, and that nothing is answered before the sink says so."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import uvicorn
import zstandard
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from quarterdeck.errors import BadInput, Overloaded, RateLimited, StoreFailed, Unauthenticated
from quarterdeck.observe.ingest.door import Receipt
from quarterdeck.observe.ingest.grpc import OtlpGrpc
from quarterdeck.observe.ingest.http import OtlpHttp
from quarterdeck.observe.ingest.options import IngestOptions
from quarterdeck.observe.ingest.protocol import http_protocol
from quarterdeck.observe.ingest.sniff import HTTP2_PREFACE, GrpcFront, GrpcRefusal

from .requests import agent_trace, request

BODY = request(agent_trace(1, 3)).SerializeToString()
PROTOBUF = {"content-type": "application/x-protobuf"}


class Sink:
    """Answers as told, and remembers what it was given."""

    def __init__(self, answer: Receipt | Exception | None = None, *, at_once: bool = False) -> None:
        self.answer = answer or Receipt(3, 0, "")
        self.at_once = at_once
        self.given: list[tuple[str, bytes, str]] = []
        self.signals: list[str] = []
        self.unstored: dict[str, int] = {}
        self.hold: asyncio.Event | None = None

    def submit(self, project: str, body: bytes, encoding: Any, signal: str = "traces") -> asyncio.Future[Receipt]:
        self.given.append((project, body, encoding))
        self.signals.append(signal)
        if self.at_once and isinstance(self.answer, Exception):
            raise self.answer
        return asyncio.ensure_future(self._later())

    async def _later(self) -> Receipt:
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def count_unstored(self, signal: str, items: int) -> None:
        self.unstored[signal] = self.unstored.get(signal, 0) + items


class Keys:
    def project_of(self, secret: str | None, remote: str) -> str:
        if secret == "wrong":
            raise Unauthenticated("the key is not known")
        return secret or "default"


def door(sink: Sink, **options: Any) -> tuple[OtlpHttp, list[Exception]]:
    errors: list[Exception] = []
    return OtlpHttp(sink, Keys(), IngestOptions(**options), lambda: {"service": "quarterdeck"}, errors.append), errors


async def post(
    app: OtlpHttp, body: bytes, headers: dict[str, str], path: str = "/v1/traces", method: str = "POST"
) -> tuple[int, dict[str, str], bytes]:
    scope = {
        "type": "http", "method": method, "path": path, "client": ("127.0.0.1", 5),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    chunks = [body[i : i + 1000] for i in range(0, len(body), 1000)] or [b""]
    messages = [
        {"type": "http.request", "body": chunk, "more_body": i + 1 < len(chunks)} for i, chunk in enumerate(chunks)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:])


def status_of(body: bytes) -> status_pb2.Status:
    return status_pb2.Status.FromString(body)


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def test_accepts_protobuf_and_answers_in_protobuf() -> None:
    sink = Sink()
    app, _ = door(sink)
    code, headers, body = run(post(app, BODY, PROTOBUF))
    assert code == 200
    assert headers["content-type"] == "application/x-protobuf"
    assert not ExportTraceServiceResponse.FromString(body).HasField("partial_success")
    assert sink.given == [("default", BODY, "protobuf")]


def test_answers_json_in_json_with_the_partial_success() -> None:
    app, _ = door(Sink(Receipt(2, 1, "1 × invalid_trace_id: …")))
    code, headers, body = run(post(app, b"{}", {"content-type": "application/json; charset=utf-8"}))
    assert (code, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "1 × invalid_trace_id: …"}}


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(BODY)), ("zstd", zstandard.compress(BODY)), ("identity", BODY), ("", BODY)],
)
def test_unpacks_the_body(encoding: str, packed: bytes) -> None:
    sink = Sink()
    app, _ = door(sink)
    code, _, _ = run(post(app, packed, {**PROTOBUF, "content-encoding": encoding}))
    assert code == 200
    assert sink.given[0][1] == BODY


@pytest.mark.parametrize(
    ("headers", "body", "options", "code", "words"),
    [
        ({"content-type": "text/plain"}, BODY, {}, 415, "application/x-protobuf"),
        ({}, BODY, {}, 415, "content type"),
        ({**PROTOBUF, "content-encoding": "br"}, BODY, {}, 415, "gzip"),
        ({**PROTOBUF, "content-encoding": "gzip"}, b"not gzip", {}, 400, "gzip"),
        ({**PROTOBUF, "content-encoding": "gzip"}, gzip.compress(BODY)[:-9], {}, 400, "too early"),
        ({**PROTOBUF, "content-encoding": "zstd"}, b"not zstd", {}, 400, "zstd"),
        (PROTOBUF, BODY, {"request_bytes_max": 100}, 413, "request_bytes_max"),
        ({**PROTOBUF, "content-encoding": "gzip"}, gzip.compress(b"0" * 10**6), {"decompressed_bytes_max": 1000}, 413, "unpacks"),
        ({**PROTOBUF, "content-encoding": "zstd"}, zstandard.compress(b"0" * 10**6), {"decompressed_bytes_max": 1000}, 413, "unpacks"),
        ({**PROTOBUF, "authorization": "Bearer wrong"}, BODY, {}, 401, "key"),
    ],
)  # fmt: skip
def test_refuses_with_what_was_expected(
    headers: dict[str, str], body: bytes, options: dict[str, int], code: int, words: str
) -> None:
    sink = Sink()
    app, errors = door(sink, **options)
    got, answer, text = run(post(app, body, headers))
    assert got == code
    message = status_of(text).message if answer["content-type"] == "application/x-protobuf" else text.decode()
    assert words in message
    assert not sink.given
    assert len(errors) == 1


@pytest.mark.parametrize(
    ("error", "code", "retry"),
    [
        (Overloaded("full", retry_after_s=3), 503, "3"),
        (RateLimited("too fast", retry_after_s=0.2), 429, "1"),
        (StoreFailed("disk"), 503, "1"),
        (BadInput("not protobuf"), 400, None),
        (ValueError("a bug"), 500, None),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_says_when_to_come_again_and_hides_what_is_ours(
    error: Exception, code: int, retry: str | None, at_once: bool
) -> None:
    app, _ = door(Sink(error, at_once=at_once))
    got, headers, body = run(post(app, BODY, PROTOBUF))
    assert got == code
    assert headers.get("retry-after") == retry
    assert "a bug" not in status_of(body).message
    assert "disk" not in status_of(body).message


def test_waits_for_the_commit() -> None:
    async def scenario() -> None:
        sink = Sink()
        sink.hold = asyncio.Event()
        app, _ = door(sink)
        answer = asyncio.create_task(post(app, BODY, PROTOBUF))
        for _ in range(20):
            await asyncio.sleep(0)
        assert sink.given
        assert not answer.done()
        sink.hold.set()
        assert (await answer)[0] == 200

    run(scenario())


def test_key_chooses_the_project() -> None:
    sink = Sink()
    app, _ = door(sink)
    run(post(app, BODY, {**PROTOBUF, "authorization": "Bearer acme"}))
    run(post(app, BODY, {**PROTOBUF, "x-api-key": "other"}))
    assert [project for project, _, _ in sink.given] == ["acme", "other"]


def test_metrics_are_counted_and_said_not_to_be_stored() -> None:
    metrics = ExportMetricsServiceRequest()
    metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
    sink = Sink()
    app, _ = door(sink)
    code, _, body = run(post(app, metrics.SerializeToString(), PROTOBUF, "/v1/metrics"))
    assert code == 200
    assert "not stored" in ExportMetricsServiceResponse.FromString(body).partial_success.error_message
    assert sink.unstored == {"metrics": 1}


def test_logs_go_to_the_sink_and_its_receipt_is_the_answer() -> None:
    sink = Sink(Receipt(1, 2, "2 log records are no GenAI events"))
    app, _ = door(sink)
    body = ExportLogsServiceRequest().SerializeToString() + b""
    code, _, answer = run(post(app, body, PROTOBUF, "/v1/logs"))
    said = ExportLogsServiceResponse.FromString(answer).partial_success
    assert (code, said.rejected_log_records) == (200, 2)
    assert "no GenAI events" in said.error_message
    assert sink.signals == ["logs"]


def test_other_paths_and_methods_say_where_to_go() -> None:
    app, _ = door(Sink())
    assert run(post(app, b"", {}, "/", "GET"))[2] == b'{"service":"quarterdeck"}'
    assert run(post(app, b"", {}, "/v1/traces", "GET"))[0] == 405
    code, _, body = run(post(app, b"", {}, "/api/v1/runs"))
    assert code == 404
    assert b"/v1/traces" in body


@asynccontextmanager
async def grpc_door(sink: Sink, folder: Path) -> AsyncIterator[int]:
    server = OtlpGrpc(sink, Keys(), IngestOptions(), lambda e: None)
    backend = str(folder / "g.sock")
    await server.start(f"unix:{backend}")
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    front = GrpcFront(backend, "OTLP/HTTP is at port 4318", connections_max=10)
    await front.start(sock)
    try:
        yield sock.getsockname()[1]
    finally:
        await front.stop()
        await server.stop(0)
        sock.close()


async def export(port: int, body: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> bytes:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        answer: bytes = await call(body, metadata=metadata, timeout=20)
        return answer


def test_grpc_takes_spans_and_tells_partial_success(tmp_path: Path) -> None:
    async def scenario() -> None:
        sink = Sink(Receipt(2, 1, "1 × no_time: …"))
        async with grpc_door(sink, tmp_path) as port:
            answer = ExportTraceServiceResponse.FromString(await export(port, BODY, (("x-api-key", "acme"),)))
        assert answer.partial_success.rejected_spans == 1
        assert sink.given == [("acme", BODY, "protobuf")]

    run(scenario())


def test_grpc_overload_carries_retry_info(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with grpc_door(Sink(Overloaded("full", retry_after_s=2.5)), tmp_path) as port:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await export(port, BODY)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
        info = error_details_pb2.RetryInfo()
        assert status_pb2.Status.FromString(details).details[0].Unpack(info)
        assert info.retry_delay.ToTimedelta().total_seconds() == 2.5

    run(scenario())


def test_http_on_the_grpc_port_is_told_the_right_port(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        async with grpc_door(Sink(), tmp_path) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    answer = run(scenario())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"OTLP/HTTP is at port 4318" in answer


def test_grpc_on_the_http_port_gets_a_status_with_the_mend() -> None:
    mend = "this is OTLP/HTTP; gRPC is at 127.0.0.1:4317 – " + "and a long word " * 10

    async def scenario() -> grpc.aio.AioRpcError:
        config = uvicorn.Config(door(Sink())[0], http=http_protocol(mend), lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(config)
        sock = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await export(sock.getsockname()[1], BODY)
        server.should_exit = True
        await serving
        return caught.value

    error = run(scenario())
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert error.details() == mend


@given(st.binary(max_size=200), st.integers(1, 50))
def test_refusal_survives_any_bytes(data: bytes, step: int) -> None:
    refusal = GrpcRefusal("mend")
    for i in range(0, len(data), step):
        refusal.feed(HTTP2_PREFACE + data[i : i + step] if i == 0 else data[i : i + step])
