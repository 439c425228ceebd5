"""The gateway's own HTTP/1.1 door: whole requests in, answers out in the pieces in which they come.

Refuses, before anything is read into memory beyond its bound: heads and bodies that are too large, heads and bodies
that take too long, more connections than allowed, bytes that are no HTTP.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

import httptools
import orjson
import structlog

from quarterdeck.control.gateway.reply import Reply
from quarterdeck.control.gateway.wire import Head, Headers, Request, head_bytes

_PIPELINED_MAX = 4
"""Requests that may wait behind one on the same connection; then nothing more is read from it."""
_PIPELINED_REFUSED = 64
"""What one read from the network may bring beyond that; more is nobody's idea of pipelining."""
_SWEEP_S = 1.0


class DoorLimits(NamedTuple):
    """Bounds of one door, in bytes, seconds and connections."""

    head_bytes_max: int
    body_bytes_max: int
    held_bytes_max: int
    request_s_max: float
    idle_s_max: float
    stall_s_max: float
    connections_max: int


Handler = Callable[[Request, Reply], Awaitable[None]]


class DoorConnection(asyncio.Protocol):
    """One client. Requests are answered one after the other."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Request] = deque()
        self._reply: Reply | None = None
        self._task: asyncio.Task[None] | None = None
        self.stays = True
        self.deadline_s: float | None = None
        self._out: list[bytes] = []
        self._stalled = False
        self._held_bytes = self._answering = 0
        self._closing = False
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._fresh()

    def _fresh(self) -> None:
        self._target = b""
        self._headers: Headers = []
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._reading = self._in_head = False

    # --- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class, of the same shape
        if not self._door.admit(self):
            self._refuse(503, "too many connections")
            return
        self._idle()

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "no protocol to upgrade to is spoken here")
        except httptools.HttpParserCallbackError:
            pass  # a refusal of ours, raised through the parser to stop it
        except httptools.HttpParserError:
            self._refuse(400, "expected an HTTP/1.1 request")
        else:
            if self._in_head:
                self._unfinished(len(data))

    def _unfinished(self, size: int) -> None:
        """A head goes on: the parser keeps what it has of it, so it is bounded here."""
        self._head_bytes += size
        if self._head_bytes > self._door.limits.head_bytes_max:
            self._refuse(431, f"the head is larger than {self._door.limits.head_bytes_max} bytes")

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._door.forget(self)
        self._let_go(self._held_bytes)
        self._answering = 0
        self._waiting.clear()
        self._out.clear()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.gone = True
            if reply.on_gone is not None:
                reply.on_gone()

    def pause_writing(self) -> None:
        self._stalled = True
        self.deadline_s = self._door.now() + self._door.limits.stall_s_max
        if self._reply is not None and self._reply.on_pause is not None:
            self._reply.on_pause(True)

    def resume_writing(self) -> None:
        self._stalled = False
        self.deadline_s = None
        if self._reply is not None and self._reply.on_pause is not None:
            self._reply.on_pause(False)

    # --- httptools

    def on_message_begin(self) -> None:
        self._fresh()
        self._reading = self._in_head = True
        if self._reply is None:
            self.deadline_s = self._door.now() + self._door.limits.request_s_max

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))
        self._grow(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        length = next((value for name, value in self._headers if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > self._door.limits.body_bytes_max:
            self._too_large()
        wants_word = any(name == b"expect" and value.lower() == b"100-continue" for name, value in self._headers)
        if wants_word and self._reply is None and not self._waiting:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self._body_bytes += len(data)
        if self._body_bytes > self._door.limits.body_bytes_max:
            self._too_large()
        self._held_bytes += len(data)
        if not self._door.hold(len(data)):
            self._refuse(503, "too much waits in this gateway already")
            raise _RefusedError

    def on_message_complete(self) -> None:
        self._reading = False
        self.stays = self._parser.should_keep_alive()
        method = self._parser.get_method()
        self._waiting.append(Request(method, self._target, self._headers, b"".join(self._body)))
        self._fresh()
        if self._reply is None:
            self._next()
        elif len(self._waiting) > _PIPELINED_REFUSED:
            self._refuse(400, "too many requests are sent ahead on one connection")
            raise _RefusedError
        elif len(self._waiting) >= _PIPELINED_MAX and self._transport is not None:
            self._transport.pause_reading()

    def _grow(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._door.limits.head_bytes_max:
            self._refuse(431, f"the head is larger than {self._door.limits.head_bytes_max} bytes")
            raise _RefusedError

    def _too_large(self) -> None:
        self._refuse(413, f"the body is larger than {self._door.limits.body_bytes_max} bytes")
        raise _RefusedError

    # --- answers

    def write(self, data: bytes) -> None:
        """Goes out at the end of this turn of the loop: a head and its body, or several pieces, in one packet."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _close(self) -> None:
        """Close once all is written."""
        self._flush()
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    def _let_go(self, size: int) -> None:
        self._held_bytes -= size
        self._door.hold(-size)

    def answered(self, *, whole: bool) -> None:
        """The reply under way is over."""
        self._reply = None
        self._let_go(self._answering)
        if self._transport is None or self._transport.is_closing():
            return
        if not whole or not self.stays:
            self._close()
            return
        self._transport.resume_reading()
        if self._waiting:
            self._next()
        else:
            self._idle()

    def late(self) -> None:
        """A deadline has passed."""
        self.deadline_s = None
        if self._transport is None:
            return
        if self._stalled:
            self._transport.abort()
        elif self._reply is not None:
            return
        elif self._reading:
            self._refuse(408, f"the request took longer than {self._door.limits.request_s_max:.0f} s")
        else:
            self._close()

    def close(self) -> None:
        """End the connection, its answer too."""
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """End the connection once what is under way is answered."""
        self.stays = False
        if self._reply is None:
            self._close()

    def _next(self) -> None:
        request = self._waiting.popleft()
        self._answering = len(request.body)
        self._reply = reply = Reply(self)
        if not self._stalled:
            self.deadline_s = None
        self._task = asyncio.get_running_loop().create_task(self._door.handled(request, reply))

    def _idle(self) -> None:
        self.deadline_s = self._door.now() + self._door.limits.idle_s_max

    def _refuse(self, status: int, words: str) -> None:
        self.stays = False
        self._waiting.clear()
        if self._reply is not None:
            # Its answer is on the way; ours would end up in the middle of it. It is the last on this connection.
            self._closing = True
            return
        body = orjson.dumps({"error": {"message": words, "type": "invalid_request_error", "code": "gateway"}})
        self.write(head_bytes(Head(status, [(b"content-type", b"application/json")], len(body)), keep_alive=False))
        self.write(body)
        self._close()


class _RefusedError(Exception):
    """Stops the parser."""


class Door:
    """Listens and keeps the connections. `handler` answers each request; what it raises is a 500 that says nothing."""

    def __init__(self, handler: Handler, limits: DoorLimits) -> None:
        self._handler = handler
        self.limits = limits
        self._connections: set[DoorConnection] = set()
        self._server: asyncio.AbstractServer | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger()
        self.refused_connections = 0
        self.held_bytes = 0

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return len(self._connections)

    def now(self) -> float:
        """Seconds on the loop's clock."""
        return asyncio.get_running_loop().time()

    async def start(self, sock: socket.socket) -> None:
        """Listen on a bound socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: DoorConnection(self), sock=sock)
        self._sweep()

    async def stop(self, timeout_s: float) -> None:
        """Take no more connections, let answers end for `timeout_s`, then end the rest."""
        if self._server is not None:
            self._server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._connections):
            connection.finish()
        until = self.now() + timeout_s
        while self._connections and self.now() < until:
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.close()

    async def handled(self, request: Request, reply: Reply) -> None:
        """Run the handler; never raises."""
        try:
            await self._handler(request, reply)
        except Exception as error:
            self._log.error("gateway_failed", error=repr(error), exc_info=error)
            if reply.started or reply.gone:
                reply.abort()
            else:
                words = orjson.dumps(
                    {"error": {"message": "the gateway failed", "type": "api_error", "code": "internal"}}
                )
                reply.send(500, [(b"content-type", b"application/json")], words)

    def admit(self, connection: DoorConnection) -> bool:
        """Whether there is room for one more."""
        if len(self._connections) >= self.limits.connections_max:
            self.refused_connections += 1
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: DoorConnection) -> None:
        self._connections.discard(connection)

    def hold(self, size: int) -> bool:
        """Count bytes of bodies that are held in memory; False when there are too many. A negative size lets go."""
        self.held_bytes += size
        return self.held_bytes <= self.limits.held_bytes_max

    def _sweep(self) -> None:
        """Slow and silent clients are looked for once a second: a timer for each would cost more than the request."""
        now = self.now()
        for connection in [c for c in self._connections if c.deadline_s is not None and c.deadline_s < now]:
            connection.late()
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)
