"""uvicorn's HTTP protocol, taught to recognise gRPC on the HTTP port."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from quarterdeck.observe.ingest.sniff import HTTP2_PREFACE, GrpcRefusal


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

    return Recognising
