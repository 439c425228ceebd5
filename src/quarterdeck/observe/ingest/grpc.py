"""OTLP/gRPC: the three collector services as raw bytes, so that the same decoding serves both doors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from quarterdeck.errors import InternalError, QuarterdeckError
from quarterdeck.observe.ingest.door import Authenticator, SpanSink, secret_from
from quarterdeck.observe.ingest.http import count_metrics, logs_answer, traces_answer
from quarterdeck.observe.ingest.options import IngestOptions

_CODE = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
_SERVICES = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}


class OtlpGrpc:
    """The three services on one aio server."""

    def __init__(
        self,
        sink: SpanSink,
        authenticator: Authenticator,
        options: IngestOptions,
        on_error: Callable[[QuarterdeckError | Exception], None],
    ) -> None:
        self._sink = sink
        self._authenticator = authenticator
        self._on_error = on_error
        self._options = options
        self._server: grpc.aio.Server | None = None

    async def start(self, address: str) -> None:
        """Listen on `address` (here a unix socket behind the port that recognises protocols)."""
        self._server = grpc.aio.server(  # made here, because it belongs to the running loop
            options=[
                ("grpc.max_receive_message_length", self._options.decompressed_bytes_max),
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=self._options.requests_waiting_max,
        )
        for signal, service in _SERVICES.items():
            handler = grpc.unary_unary_rpc_method_handler(self._export(signal))
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
        self._server.add_insecure_port(address)
        await self._server.start()

    async def stop(self, grace_s: float) -> None:
        """Let what is under way finish within `grace_s` seconds."""
        if self._server is not None:
            await self._server.stop(grace_s)

    def _export(self, signal: str) -> Any:
        async def export(body: bytes, context: Any) -> bytes:
            try:
                return await self._answer(signal, body, context)
            except QuarterdeckError as e:
                self._on_error(e)
                await _abort(context, e)
            except Exception as e:
                self._on_error(e)
                await _abort(context, InternalError("the server failed on this request"))
            return b""

        return export

    async def _answer(self, signal: str, body: bytes, context: Any) -> bytes:
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        project = self._authenticator.project_of(
            secret_from(metadata.get("authorization"), metadata.get("x-api-key")), "127.0.0.1"
        )
        if signal == "traces":
            return bytes(traces_answer(await self._sink.submit(project, body, "protobuf")).SerializeToString())
        if signal == "logs":
            return bytes(logs_answer(await self._sink.submit(project, body, "protobuf", "logs")).SerializeToString())
        items, answer = count_metrics(body, "protobuf")
        self._sink.count_unstored(signal, items)
        return bytes(answer.SerializeToString())


async def _abort(context: Any, error: QuarterdeckError) -> None:
    code = _CODE.get(error.http_status, grpc.StatusCode.INTERNAL)
    text = f"{error.code}: {error if error.showable else 'the server could not take this request'}"
    if error.retryable:
        seconds = error.retry_after_s or 1.0
        delay = duration_pb2.Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.RetryInfo(retry_delay=delay))
        status = status_pb2.Status(code=code.value[0], message=text, details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(code, text)
