"""Recognise the other protocol on a port, and answer with the mend instead of noise.

HTTP/1 on the gRPC port gets a plain HTTP answer that names the right port. gRPC (HTTP/2) on the HTTP port gets
HTTP/2's own goodbye (SETTINGS, then GOAWAY with the mend as debug data, which gRPC clients show in their error).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

import orjson

HTTP2_PREFACE = b"PRI * HTTP/2.0"
_CHUNK = 256 * 1024
_GOAWAY, _SETTINGS = 7, 4
_HTTP_1_1_REQUIRED = 13


def http2_goodbye(mend: str) -> bytes:
    """The bytes of an empty SETTINGS frame and a GOAWAY frame (RFC 9113, 6.5 and 6.8) that says `mend`."""
    debug = mend.encode()
    settings = struct.pack(">I", 0)[1:] + bytes([_SETTINGS, 0]) + struct.pack(">I", 0)
    payload = struct.pack(">II", 0, _HTTP_1_1_REQUIRED) + debug
    goaway = struct.pack(">I", len(payload))[1:] + bytes([_GOAWAY, 0]) + struct.pack(">I", 0) + payload
    return settings + goaway


def http1_mend(mend: str) -> bytes:
    """An HTTP/1.1 answer whose problem document says `mend`."""
    body = orjson.dumps(
        {
            "type": "about:blank",
            "title": "This is the OTLP/gRPC port",
            "status": 400,
            "code": "wrong_port",
            "mend": mend,
        }
    )
    head = (
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class GrpcFront:
    """The public gRPC port: HTTP/2 is passed on to the gRPC server's unix socket, anything else gets the mend."""

    def __init__(self, backend: str, mend: str, *, connections_max: int) -> None:
        self._backend = backend
        self._mend = mend
        self._connections_max = connections_max
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; answers the port. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=_CHUNK)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= self._connections_max:
            writer.close()
            return
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the peer went away, or we are stopping: nothing to tell anyone
        finally:
            self._open.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await asyncio.wait_for(reader.read(len(HTTP2_PREFACE)), timeout=30)
        if not first:
            return
        if not first.startswith(b"PRI"):
            writer.write(http1_mend(self._mend))
            await writer.drain()
            return
        back_reader, back_writer = await asyncio.open_unix_connection(self._backend, limit=_CHUNK)
        back_writer.write(first)
        try:
            await asyncio.gather(_pipe(reader, back_writer), _pipe(back_reader, writer))
        finally:
            back_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
