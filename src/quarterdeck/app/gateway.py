"""Composition of the gateway: within the server, or as a process of its own.

Within the server its spans enter the pipeline, the watch may stop cohorts, and the API shows its limits. Alone it needs
no store; its spans go to an OTLP door, or nowhere.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog
import uvloop
from prometheus_client import CollectorRegistry

from quarterdeck import __version__
from quarterdeck.app.gateway_gauges import GatewayGauges
from quarterdeck.app.ports import is_loopback, listen
from quarterdeck.app.span_sinks import OtlpSink
from quarterdeck.clock import Clock, SystemClock
from quarterdeck.control.gateway.record import CallRecord
from quarterdeck.control.gateway.server import GatewayServer
from quarterdeck.control.gateway.spans import SpanBook
from quarterdeck.errors import BadInput, BadSetting
from quarterdeck.model.amounts import SharedAmounts
from quarterdeck.model.health import LimitNow
from quarterdeck.model.ports import SpanSink
from quarterdeck.settings import Settings
from quarterdeck.store.redis.amounts import RedisAmounts, connect

_DRAIN_S = 3.0
_DRAIN_SPANS_S = 3.0


class GatewayParts:
    """A gateway that tells of its calls. `sink` may be given later, but before `start`."""

    def __init__(
        self, settings: Settings, clock: Clock, *, project: str, registry: CollectorRegistry | None = None
    ) -> None:
        """Raises what `GatewayServer` raises."""
        self._spans_wanted = settings.gateway.spans
        self._project = project
        self._book: SpanBook | None = None
        self._gauges = None if registry is None else GatewayGauges(registry)
        self.server = GatewayServer(
            settings.gateway,
            settings.admission,
            project=project,
            local=is_loopback(settings.serve.host),
            now_ns=clock.now_ns,
            tell=self._tell,
            shared=_shared(settings),
        )
        if self._gauges is not None:
            self._gauges.watch(self.server)

    def send_spans_to(self, sink: SpanSink) -> None:
        """Where spans go from now on."""
        if self._spans_wanted:
            self._book = SpanBook(sink, self._project, __version__, os.urandom)

    def _tell(self, record: CallRecord) -> None:
        if self._gauges is not None:
            self._gauges.tell(record)
        if self._book is not None:
            self._book.tell(record)

    def limits(self) -> tuple[LimitNow, ...]:
        """Bounds of the door, with what is used of them."""
        door = self.server.door
        return (
            LimitNow("gateway_connections", door.connections, door.limits.connections_max, "connections"),
            LimitNow("gateway_held", door.held_bytes, door.limits.held_bytes_max, "bytes"),
        )

    async def start(self, sock: socket.socket) -> None:
        """Listen on a bound socket."""
        await self.server.start(sock)

    async def stop(self, timeout_s: float) -> None:
        """End the calls, then tell of the last ones."""
        await self.server.stop(timeout_s)
        if self._book is not None:
            self._book.flush()


def _shared(settings: Settings) -> Callable[[str], SharedAmounts] | None:
    """Where several gateways keep one ledger together; None: in this process. Raises BadSetting."""
    options = settings.admission
    if options.shared_url is None:
        return None
    url, name = options.shared_url.get_secret_value(), options.shared_name
    try:
        connect(url, 1.0).close()
    except BadInput as error:
        raise BadSetting(f"admission.shared_url: {error.message}", mend=error.mend) from error
    return lambda account: RedisAmounts(url, f"{name}:{account}")


def serve_gateway(settings: Settings, *, to: str | None, key: str | None) -> int:
    """Run a gateway alone until SIGTERM or SIGINT; answers the exit code. Raises PortTaken, BadSetting, BadFile, UnsafeBind."""
    host = settings.serve.host
    parts = GatewayParts(settings, SystemClock(), project=settings.serve.project)
    sock = listen(host, 4321 if settings.gateway.port is None else settings.gateway.port, "the gateway", "--port")
    try:
        uvloop.run(_run(parts, sock, host, to, key))
    finally:
        sock.close()
    return 0


async def _run(parts: GatewayParts, sock: socket.socket, host: str, to: str | None, key: str | None) -> None:
    loop, stop, log = asyncio.get_running_loop(), asyncio.Event(), structlog.get_logger()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    sink = None if to is None else OtlpSink(to, key, log)
    if sink is not None:
        parts.send_spans_to(sink)
    await parts.start(sock)
    line: dict[str, Any] = {"event": "ready", "gateway": address(host, sock)}
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()
    log.info("ready", gateway=line["gateway"], spans_to=to, version=__version__)
    await stop.wait()
    log.info("stopping")
    await parts.stop(_DRAIN_S)
    sent = sink is None or await asyncio.to_thread(sink.close, _DRAIN_SPANS_S)
    log.info("stopped", spans_sent=sent)


def address(host: str, sock: socket.socket) -> str:
    """As a client writes it."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{sock.getsockname()[1]}"
