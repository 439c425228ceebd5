"""uvicorn's HTTP protocol, taught to recognise gRPC on the HTTP port."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from quarterdeck.observe.ingest.sniff import HTTP2_PREFACE, http2_goodbye


def http_protocol(mend: str) -> type[asyncio.Protocol]:
    """A protocol class whose connections answer an HTTP/2 preface with `mend`."""

    class Recognising(HttpToolsProtocol):
        _first = True

        def data_received(self, data: bytes) -> None:
            if self._first:
                self._first = False
                if data.startswith(HTTP2_PREFACE):
                    self.transport.write(http2_goodbye(mend))
                    self.transport.close()
                    return
            super().data_received(data)

    return Recognising
