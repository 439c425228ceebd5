"""What the tests of this room share: the recorded data, and a small real OTLP/HTTP receiver."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

ROOT = Path(__file__).parents[3]
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recorded data; tests that need it are skipped, with the reason, where it is absent."""
    folder = Path(os.environ.get("QUARTERDECK_DATA", ROOT / "../shared/data")).resolve()
    if not (folder / "README.md").is_file():
        pytest.skip(f"recorded data is absent: {folder} (set QUARTERDECK_DATA)")
    return folder


class Sink:
    """Receives OTLP/HTTP for real. `answers` are given in turn before the receiver starts to accept."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Answer] = []
        self.pages: dict[str, object] = {}
        self.asked: list[str] = []
        self.on_get: Callable[[str], None] = lambda path: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def spans(self) -> list:
        return [
            span
            for request in self.requests
            for block in request.resource_spans
            for scope in block.scope_spans
            for span in scope.spans
        ]

    def _post(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path != "/v1/traces":
            return 404, {}, b""
        if self.answers:
            return self.answers.pop(0)
        plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.headers.append(headers)
        self.requests.append(ExportTraceServiceRequest.FromString(plain))
        return 200, {"content-type": "application/x-protobuf"}, ExportTraceServiceResponse().SerializeToString()

    def _get(self, path: str) -> Answer:
        self.asked.append(path)
        self.on_get(path)
        page = self.pages.get(path.split("?", maxsplit=1)[0])
        body = b"" if page is None else json.dumps(page).encode()
        return (404 if page is None else 200), {"content-type": "application/json"}, body

    def _handler(sink) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"  # one request a connection: nothing stays open at the end of a test

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                self._answer(*sink._post(self.path, {k.lower(): v for k, v in self.headers.items()}, body))

            def do_GET(self) -> None:
                self._answer(*sink._get(self.path))

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        return Handler


@pytest.fixture
def sink() -> Iterator[Sink]:
    receiver = Sink()
    yield receiver
    receiver.close()
