"""Recognise the other protocol on a port, and answer with the mend instead of noise.

HTTP/1 on the gRPC port gets a plain HTTP answer that names the right port. gRPC (HTTP/2) on the HTTP port gets a
gRPC status whose message names the right port.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from urllib.parse import quote

import orjson

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_CHUNK = 256 * 1024
_FRAME_HEAD = 9
_HEADERS, _SETTINGS, _GOAWAY = 1, 4, 7
_ACK = _END_STREAM = 1
_END_HEADERS = 4
_FAILED_PRECONDITION = 9
_REFUSAL_BYTES_MAX = 256 * 1024
"""A client that sent this much without a HEADERS frame speaks something else: hang up."""


class GrpcRefusal:
    """Just enough HTTP/2 (RFC 9113) to answer the first gRPC call on a connection with a status that names the mend.

    Sans I/O: feed it what came, send what it answers. A bare GOAWAY would not do: gRPC clients retry at once, in a
    tight loop, and never show the text.
    """

    def __init__(self, mend: str) -> None:
        self._mend = mend
        self._seen = b""
        self._greeted = False
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """The bytes to send back for these bytes; `done` turns true when the connection may be closed."""
        self._seen += data
        if len(self._seen) > _REFUSAL_BYTES_MAX:
            self.done = True
            return b""
        answer = b""
        if not self._greeted and len(self._seen) >= len(HTTP2_PREFACE):
            self._greeted = True
            self._seen = self._seen[len(HTTP2_PREFACE) :]
            answer = _frame(_SETTINGS, 0, 0, b"")
        while self._greeted and not self.done and len(self._seen) >= _FRAME_HEAD:
            length = int.from_bytes(self._seen[:3], "big")
            if len(self._seen) < _FRAME_HEAD + length:
                break
            kind, flags = self._seen[3], self._seen[4]
            stream = int.from_bytes(self._seen[5:9], "big") & 0x7FFFFFFF
            self._seen = self._seen[_FRAME_HEAD + length :]
            if kind == _SETTINGS and not flags & _ACK:
                answer += _frame(_SETTINGS, _ACK, 0, b"")
            elif kind == _HEADERS:
                answer += _frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, self._trailers())
                answer += _frame(_GOAWAY, 0, 0, struct.pack(">II", stream, 0))
                self.done = True
        return answer

    def _trailers(self) -> bytes:
        """The header block of a trailers-only answer, HPACK without compression (RFC 7541, 6.2.2)."""
        status_200 = b"\x88"
        return (
            status_200
            + _literal("content-type", "application/grpc")
            + _literal("grpc-status", str(_FAILED_PRECONDITION))
            + _literal("grpc-message", quote(self._mend, safe=" !\"#$&'()*+,-./:;<=>?@[]^_`{|}~"))
        )


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _literal(name: str, value: str) -> bytes:
    return b"\0" + _text(name.encode()) + _text(value.encode())


def _text(raw: bytes) -> bytes:
    """A string literal: its length as a 7-bit prefix integer, then its bytes."""
    size = len(raw)
    if size < 127:
        return bytes([size]) + raw
    size -= 127
    head = [127]
    while size >= 128:
        head.append(size % 128 + 128)
        size //= 128
    return bytes([*head, size]) + raw


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

    async def start(self, sock: socket.socket) -> None:
        """Take connections from a bound socket."""
        self._server = await asyncio.start_server(self._accept, sock=sock, limit=_CHUNK)

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
        first = await asyncio.wait_for(reader.read(3), timeout=30)
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
