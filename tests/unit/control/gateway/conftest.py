"""A gateway on a real loopback socket, between a scripted provider and a client that writes bytes.

Everything runs in one event loop; whoever waits waits for an event, never for a time.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from quarterdeck.control.admit import Admission
from quarterdeck.control.gateway.faces import FACES
from quarterdeck.control.gateway.gateway import Gateway, Route
from quarterdeck.control.gateway.http_client import UpstreamPool, origin_of
from quarterdeck.control.gateway.http_server import Door, DoorLimits
from quarterdeck.control.gateway.record import CallRecord

LIMITS = DoorLimits(
    head_bytes_max=8_192, body_bytes_max=100_000, held_bytes_max=150_000, request_s_max=60, idle_s_max=60, stall_s_max=60,
    connections_max=50,
)  # fmt: skip
CHAT = {"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}]}
ANSWER = {
    "id": "chatcmpl-1", "model": "gpt-x-1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}  # fmt: skip

Script = Callable[["Seen", asyncio.StreamWriter], Awaitable[None]]


class Seen:
    """A request as the provider got it."""

    def __init__(self, line: str, headers: Mapping[str, str], body: bytes) -> None:
        self.line = line
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Upstream:
    """A provider that answers as its script says, and remembers what it saw."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self.connections = 0
        self.hung_up = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *rest = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
                seen = Seen(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))
                self.seen.append(seen)
                await self.script(seen, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hung_up.set()
        finally:
            writer.close()


class Rig:
    """What a test holds: the provider, the ledger, the records, and `ask` to send a request."""

    door: Door

    def __init__(self, upstream: Upstream, admission: Admission, port: int) -> None:
        self.upstream = upstream
        self.admission = admission
        self.port = port
        self.records: list[CallRecord] = []
        self.told = asyncio.Event()

    def tell(self, record: CallRecord) -> None:
        self.records.append(record)
        self.told.set()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)

    async def ask(
        self, body: Any = None, path: str = "/openai/v1/chat/completions", method: str = "POST", **headers: str
    ) -> Answer:
        reader, writer = await self.connect()
        writer.write(wire(CHAT if body is None else body, path, method, **headers))
        try:
            return await read_answer(reader)
        finally:
            writer.close()

    def held(self) -> int:
        """Reservations that are out."""
        return sum(account.in_flight for account in self.admission.status())


class Answer:
    """An answer as the client got it."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def wire(body: Any, path: str = "/openai/v1/chat/completions", method: str = "POST", **headers: str) -> bytes:
    """A request as bytes; `body` is bytes, or something to write as JSON."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {
        "host": "127.0.0.1",
        "content-type": "application/json",
        **{n.replace("_", "-"): v for n, v in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(data)}\r\n\r\n".encode() + data


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """One answer, chunked or with a length. Raises IncompleteReadError for one that breaks off."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(line.split()[1]), headers, body)


def reply(document: Any, status: int = 200, **headers: str) -> bytes:
    """An answer of the provider as bytes."""
    data = json.dumps(document).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}content-length: {len(data)}\r\n\r\n".encode()
        + data
    )


async def answers(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """The script of a provider that works."""
    writer.write(reply(ANSWER))


@asynccontextmanager
async def rigged(script: Script = answers, *, accounts: Any = None, limits: DoorLimits = LIMITS, **changes: Any):
    upstream = Upstream(script)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=2**22)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    admission = Admission(accounts or {"*": {"meter": "generic", "limits": {"requests": 6_000, "total": 6_000_000}}})
    route = changes.pop("route", {})
    pools = {
        name: UpstreamPool(origin_of(url), connect_s_max=5, idle_s_max=30, idle_max=10, **changes.pop("pool", {}))
        for name in ("openai", "anthropic")
    }
    routes = {name: Route(FACES[b"/" + name.encode()], pool, **route) for name, pool in pools.items()}
    sock = socket.create_server(("127.0.0.1", 0))
    rig = Rig(upstream, admission, sock.getsockname()[1])
    gateway = Gateway(
        admission,
        routes,
        attempts_max=changes.pop("attempts_max", 3),
        now_ns=lambda: 1_000,
        tell=rig.tell,
        **changes,
    )
    door = rig.door = Door(gateway.handle, limits)
    await door.start(sock)
    try:
        yield rig
    finally:
        await door.stop(5)
        for pool in pools.values():
            pool.close()
        server.close()
        admission.close()


@pytest.fixture
def run() -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Runs a coroutine function to its end."""

    def go(scenario: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            await asyncio.wait_for(scenario(), 60)

        asyncio.run(bounded())

    return go
