"""Connections to a provider, kept open and used again: one request at a time on each.

Answers are handed on as they come, without a task or a queue between, since a gateway lives by its added latency.
Refuses: repeating a request. One that was written may have been answered and billed; whoever sent it decides.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit

import httptools

from quarterdeck.control.gateway.wire import Head, Headers, Request, request_bytes
from quarterdeck.errors import BadSetting, Unreachable

_SWEEP_S = 1.0


class Origin(NamedTuple):
    """Where a provider is. `prefix` stands before every path, without a slash at its end."""

    host: str
    port: int
    tls: bool
    prefix: str

    @property
    def name(self) -> bytes:
        """The `host` header."""
        usual = 443 if self.tls else 80
        return (self.host if self.port == usual else f"{self.host}:{self.port}").encode()


def origin_of(url: str) -> Origin:
    """Raises BadSetting for anything but http(s)://host[:port][/prefix]."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        msg = f"{url!r} is not the address of a provider"
        raise BadSetting(msg, mend="write it like https://api.example.com or http://127.0.0.1:8000/v1")
    tls = parts.scheme == "https"
    return Origin(parts.hostname, port or (443 if tls else 80), tls, parts.path.rstrip("/"))


class Sink(Protocol):
    """Who takes an answer. `head`, then any number of `body`, then `done`; or `lost` at any point. Never both ends."""

    def head(self, head: Head) -> None: ...

    def body(self, data: bytes) -> None: ...

    def done(self) -> None: ...

    def lost(self, error: Exception | None) -> None: ...


class Upstream(asyncio.Protocol):
    """One connection. Made by `UpstreamPool`."""

    def __init__(self, pool: UpstreamPool) -> None:
        self._pool = pool
        self._sink: Sink | None = None
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: Headers = []
        self._interim = False
        self._begun = self._framed = False
        self.idle_since_s = 0.0
        self.heard_at_s = 0.0
        self.alive = False

    # --- used by the gateway

    def send(self, request: Request, sink: Sink, host: bytes) -> None:
        """Write one request; its answer goes to `sink`."""
        assert self._transport is not None
        assert self._sink is None, "a connection carries one request at a time"
        self._sink = sink
        self._parser = httptools.HttpResponseParser(self)
        self._headers = []
        self._begun = False
        self.heard_at_s = self._pool.now()
        self._transport.write(request_bytes(request, host))

    def pause(self) -> None:
        """Take nothing more from the provider for now."""
        if self._transport is not None and self.alive:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and self.alive:
            self._transport.resume_reading()

    def drop(self) -> None:
        """Give the answer up: the connection is closed, and the sink hears nothing more."""
        self._sink = None
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio and httptools

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class, of the same shape
        self.alive = True

    def data_received(self, data: bytes) -> None:
        if self._sink is None:
            # An idle connection has nothing to say but its end.
            self.drop()
            return
        self.heard_at_s = self._pool.now()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self.alive = False
        self._pool.forget(self)
        sink, self._sink = self._sink, None
        if sink is None:
            return
        if error is None and self._begun and not self._framed:
            sink.done()  # an answer without any framing ends with its connection
        else:
            sink.lost(error)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        headers, self._headers = self._headers, []
        self._interim = status < 200
        length = _length(headers)
        self._begun = not self._interim
        self._framed = length is not None or any(name == b"transfer-encoding" for name, _ in headers)
        if self._sink is not None and not self._interim:
            self._sink.head(Head(status, headers, length))

    def on_body(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink.body(data)

    def on_message_complete(self) -> None:
        if self._interim:
            return
        sink, self._sink = self._sink, None
        if self._parser.should_keep_alive():
            self._pool.give_back(self)
        elif self._transport is not None:
            self._transport.close()
        if sink is not None:
            sink.done()

    @property
    def busy(self) -> bool:
        """An answer is awaited or under way."""
        return self._sink is not None

    def fail(self, error: Exception) -> None:
        """Give up from our side; the sink is told."""
        sink, self._sink = self._sink, None
        if self._transport is not None:
            self._transport.abort()
        if sink is not None:
            sink.lost(error)


def _length(headers: Headers) -> int | None:
    """What `content-length` says; None for a chunked or an unframed body."""
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


class UpstreamPool:
    """Connections to one origin.

    `idle_max` stay open for `idle_s_max`; a provider closes its side after a minute or so. One that says nothing for
    `silence_s_max` while an answer is awaited is given up.
    """

    def __init__(
        self, origin: Origin, *, connect_s_max: float, idle_s_max: float, idle_max: int, silence_s_max: float = 600.0
    ) -> None:
        self.origin = origin
        self._connect_s_max = connect_s_max
        self._idle_s_max = idle_s_max
        self._idle_max = idle_max
        self._silence_s_max = silence_s_max
        self._idle: deque[Upstream] = deque()
        self._all: set[Upstream] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._tls = ssl.create_default_context() if origin.tls else None
        self.now: Callable[[], float] = lambda: 0.0

    @property
    def open(self) -> int:
        """Connections, at work or idle."""
        return len(self._all)

    async def acquire(self) -> Upstream:
        """A connection that is not at work. Raises Unreachable when none can be made."""
        now = self._begin()
        while self._idle:
            held = self._idle.pop()
            if held.alive and now - held.idle_since_s < self._idle_s_max:
                return held
            held.drop()
        return await self._connect()

    def _begin(self) -> float:
        loop = asyncio.get_running_loop()
        if self._sweeper is None:
            self.now = loop.time
            self._sweeper = loop.call_later(_SWEEP_S, self._sweep)
        return self.now()

    async def _connect(self) -> Upstream:
        loop = asyncio.get_running_loop()
        origin = self.origin
        try:
            async with asyncio.timeout(self._connect_s_max):
                _, made = await loop.create_connection(lambda: Upstream(self), origin.host, origin.port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            msg = f"the provider at {origin.name.decode()} cannot be reached: {error or 'no answer in time'}"
            raise Unreachable(msg, mend="look at the address, the network and the provider's status page") from error
        self._all.add(made)
        return made

    def give_back(self, connection: Upstream) -> None:
        """The connection is free again."""
        if len(self._idle) >= self._idle_max:
            connection.drop()
            return
        connection.idle_since_s = self.now()
        self._idle.append(connection)

    def forget(self, connection: Upstream) -> None:
        """The connection has ended."""
        self._all.discard(connection)

    def _sweep(self) -> None:
        """One look at all connections in a while; a timer for each would cost more than a call."""
        now = self.now()
        for connection in list(self._all):
            if connection.busy and now - connection.heard_at_s > self._silence_s_max:
                connection.fail(TimeoutError(f"the provider said nothing for {self._silence_s_max:.0f} s"))
        while self._idle and (not self._idle[0].alive or now - self._idle[0].idle_since_s >= self._idle_s_max):
            self._idle.popleft().drop()
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)

    def close(self) -> None:
        """End all connections, those at work too."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._all):
            connection.drop()
        self._idle.clear()
