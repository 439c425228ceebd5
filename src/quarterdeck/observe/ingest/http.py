"""OTLP/HTTP: a small ASGI application on its own port.

POST /v1/traces (protobuf or JSON; gzip, zstd), /v1/logs (GenAI events of spans are kept, other records are counted),
/v1/metrics (accepted and counted, not stored), GET / (who is here). Every answer is in the encoding of the question, as the OTLP specification wants.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import orjson
from google.protobuf import json_format
from google.rpc import status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from quarterdeck.errors import BadInput, InternalError, QuarterdeckError, TooLarge, UnsupportedMedia
from quarterdeck.observe.ingest.compression import unpack
from quarterdeck.observe.ingest.decode import Encoding
from quarterdeck.observe.ingest.door import Authenticator, Receipt, SpanSink, secret_from
from quarterdeck.observe.ingest.options import IngestOptions

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_MEDIA: dict[str, Encoding] = {"application/x-protobuf": "protobuf", "application/json": "json"}
_RPC_CODE = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 415: 3, 429: 8, 503: 14}
"""google.rpc.Code for an HTTP status (INVALID_ARGUMENT, UNAUTHENTICATED, …); 13 = INTERNAL for others."""


class _Reply(NamedTuple):
    status: int
    body: bytes
    media: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


class OtlpHttp:
    """The ASGI application. `hello` is what GET / answers (service, version, addresses)."""

    def __init__(
        self,
        sink: SpanSink,
        authenticator: Authenticator,
        options: IngestOptions,
        hello: Callable[[], Mapping[str, Any]],
        on_error: Callable[[QuarterdeckError | Exception], None],
    ) -> None:
        self._sink = sink
        self._authenticator = authenticator
        self._options = options
        self._hello = hello
        self._on_error = on_error

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        reply = await self._reply(scope, receive)
        headers = [
            (b"content-type", reply.media.encode()),
            (b"content-length", str(len(reply.body)).encode()),
            *reply.headers,
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: dict[str, Any], receive: Receive) -> _Reply:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media = headers.get("content-type", "").split(";")[0].strip().lower()
        encoding = _MEDIA.get(media, "json")
        try:
            return await self._route(scope, receive, headers, media)
        except QuarterdeckError as e:
            self._on_error(e)
            return _problem(e, encoding)
        except Exception as e:
            self._on_error(e)
            return _problem(InternalError("the server failed on this request"), encoding)

    async def _route(self, scope: dict[str, Any], receive: Receive, headers: dict[str, str], media: str) -> _Reply:
        method, path = scope["method"], scope["path"].rstrip("/")
        if method in {"GET", "HEAD"} and path == "":
            return _Reply(200, orjson.dumps(dict(self._hello())), "application/json")
        if path not in {"/v1/traces", "/v1/logs", "/v1/metrics"}:
            return _not_found(path)
        if method != "POST":
            return _Reply(405, b"use POST", "text/plain", ((b"allow", b"POST"),))
        project = self._authenticator.project_of(
            secret_from(headers.get("authorization"), headers.get("x-api-key")), _remote(scope)
        )
        if media not in _MEDIA:
            msg = f"content type {media or 'missing'!r} is not OTLP"
            raise UnsupportedMedia(msg, mend="send application/x-protobuf or application/json")
        body = await self._body(receive, headers)
        if path == "/v1/traces":
            return _reply_with(traces_answer(await self._sink.submit(project, body, _MEDIA[media])), _MEDIA[media])
        if path == "/v1/logs":
            receipt = await self._sink.submit(project, body, _MEDIA[media], "logs")
            return _reply_with(logs_answer(receipt), _MEDIA[media])
        items, answer = count_metrics(body, _MEDIA[media])
        self._sink.count_unstored("metrics", items)
        return _reply_with(answer, _MEDIA[media])

    async def _body(self, receive: Receive, headers: dict[str, str]) -> bytes:
        limit = self._options.request_bytes_max
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                msg = "the sender hung up before the end of the body"
                raise BadInput(msg)
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                msg = f"the request is larger than {limit} bytes"
                raise TooLarge(msg, mend="send smaller batches, or raise ingest.request_bytes_max")
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        return unpack(b"".join(chunks), headers.get("content-encoding", ""), self._options.decompressed_bytes_max)


def count_metrics(body: bytes, encoding: Encoding) -> tuple[int, Any]:
    """(number of metrics, the honest answer: accepted by the protocol, not stored). Raises BadInput."""
    request = metrics_service_pb2.ExportMetricsServiceRequest()
    try:
        request.ParseFromString(body) if encoding == "protobuf" else json_format.Parse(body, request)
    except Exception as e:  # protobuf and its JSON form raise several kinds
        msg = f"the body is not an OTLP Metrics request: {e}"
        raise BadInput(msg) from e
    answer = metrics_service_pb2.ExportMetricsServiceResponse()
    items = sum(len(s.metrics) for r in request.resource_metrics for s in r.scope_metrics)
    if items:
        answer.partial_success.error_message = "metrics are counted and not stored; send traces to /v1/traces"
    return items, answer


def traces_answer(receipt: Receipt) -> Any:
    """The ExportTraceServiceResponse for a receipt."""
    answer = trace_service_pb2.ExportTraceServiceResponse()
    if receipt.summary:
        answer.partial_success.rejected_spans = receipt.refused
        answer.partial_success.error_message = receipt.summary
    return answer


def logs_answer(receipt: Receipt) -> Any:
    """The ExportLogsServiceResponse for a receipt."""
    answer = logs_service_pb2.ExportLogsServiceResponse()
    if receipt.summary:
        answer.partial_success.rejected_log_records = receipt.refused
        answer.partial_success.error_message = receipt.summary
    return answer


def _reply_with(answer: Any, encoding: Encoding) -> _Reply:
    return _Reply(200, _encode(answer, encoding), _media(encoding))


def _encode(message: Any, encoding: Encoding) -> bytes:
    if encoding == "protobuf":
        return bytes(message.SerializeToString())
    return str(json_format.MessageToJson(message, indent=None)).encode()


def _media(encoding: Encoding) -> str:
    return "application/x-protobuf" if encoding == "protobuf" else "application/json"


def _problem(error: QuarterdeckError, encoding: Encoding) -> _Reply:
    text = str(error) if error.showable else "the server could not take this request"
    status = status_pb2.Status(code=_RPC_CODE.get(error.http_status, 13), message=f"{error.code}: {text}")
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if error.retryable:
        headers = ((b"retry-after", str(max(1, round(error.retry_after_s or 1))).encode()),)
    return _Reply(error.http_status, _encode(status, encoding), _media(encoding), headers)


def _not_found(path: str) -> _Reply:
    text = f"nothing at {path[:200]}; OTLP traces go to POST /v1/traces, the page and the API are on the other port\n"
    return _Reply(404, text.encode("utf-8", "replace"), "text/plain; charset=utf-8")


def _remote(scope: dict[str, Any]) -> str:
    client = scope.get("client")
    return client[0] if client else ""
