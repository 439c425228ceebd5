"""uvicorn's HTTP protocol, taught to recognise gRPC on the HTTP port and to hand over bodies in large pieces."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from quarterdeck.observe.ingest.sniff import HTTP2_PREFACE, GrpcRefusal

_PIECE_BYTES = 4 * 1024 * 1024
"""A body is handed on when it is whole, or in pieces of this size. uvicorn wakes the application at every 64 KiB, which costs a

fifth of the event loop's time at requests of a megabyte; the application gathers the pieces anyway.
"""


def http_protocol(mend: str) -> type[asyncio.Protocol]:
    """A protocol class whose connections answer gRPC with `mend`."""

    class Recognising(HttpToolsProtocol):
        _first = True
        _refusal: GrpcRefusal | None = None

        def data_received(self, data: bytes) -> None:
            if self._first:
                self._first = False
                if data.startswith(HTTP2_PREFACE[:14]):
                    self._refusal = GrpcRefusal(mend)
            if self._refusal is None:
                super().data_received(data)
                return
            self.transport.write(self._refusal.feed(data))
            if self._refusal.done:
                self.transport.close()

        def on_body(self, body: bytes) -> None:
            cycle = self.cycle
            if cycle.response_complete or len(cycle.body) + len(body) > _PIECE_BYTES:
                super().on_body(body)
            else:
                cycle.body += body

    return Recognising
