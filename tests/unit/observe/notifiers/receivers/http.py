"""One HTTP server; what it answers is decided by a function of path, headers and body."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


Decide = Callable[[str, Mapping[str, str], bytes], Answer]


@dataclass
class Fake:
    """`outage`: answers in turn instead of the receiver's own; None = the receiver's own. `taken` is what it did take."""

    url: str = ""
    outage: list[Answer | None] = field(default_factory=list)
    down: bool = False
    asked: int = 0
    taken: list[bytes] = field(default_factory=list)


@contextmanager
def serving(decide: Decide) -> Iterator[Fake]:
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            fake.asked += 1
            answer = Answer(503) if fake.down else fake.outage.pop(0) if fake.outage else None
            if answer is None:
                answer = decide(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if answer.status < 300:
                    fake.taken.append(body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
