"""The server's life: check, open, listen, say ready, drain, close.

One process and one event loop; the blocking work is in the pipeline's threads and the API's thread pool.
stdout carries one line of JSON (ready) and nothing else; logs go to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson
import structlog
import uvicorn
import uvloop

from quarterdeck import __version__
from quarterdeck.app import compose, data_dir
from quarterdeck.app.gateway import address
from quarterdeck.app.ports import is_loopback, listen
from quarterdeck.app.span_sinks import PipelineSink
from quarterdeck.clock import SystemClock
from quarterdeck.errors import UnsafeBind
from quarterdeck.observe.ingest.protocol import http_protocol
from quarterdeck.observe.ingest.sniff import GrpcFront
from quarterdeck.settings import Settings
from quarterdeck.store.interface import KeyStore
from quarterdeck.store.sql.keys import SqlKeyStore

_DRAIN_HTTP_S = 3
_SWITCH_S = 0.001
"""How long a thread that computes keeps the interpreter from one that waits (Python's own: 5 ms).

The writer and the event loop let go of the interpreter dozens of times a commit and a request; each time they would
wait out the decoder's turn.
"""
_GC_THRESHOLDS = (50_000, 20, 100)
"""The cycle collector walks all that lives, and a busy server holds millions of tuples that are in no cycle.

Python's own (700, 10, 10) cost a sixth of the ingest's processor time.
"""
_DRAIN_PIPELINE_S = 5.0
_DRAIN_UPKEEP_S = 1.0
_DRAIN_SAMPLER_S = 1.0
_DRAIN_WATCH_S = 1.0
_DRAIN_PROMISES_S = 1.0
_DRAIN_PROBES_S = 1.0


class Sockets(NamedTuple):
    """The doors, bound. `gateway` None: none is wanted."""

    api: socket.socket
    otlp_http: socket.socket
    otlp_grpc: socket.socket
    gateway: socket.socket | None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: several servers share this loop, and one place handles signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_keys(folder: Path) -> KeyStore:
    """The key store of a data folder; works while a server runs on it."""
    data_dir.prepare(folder)
    return SqlKeyStore(f"sqlite:///{folder / 'state.db'}")


def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; answers the exit code.

    Raises (before anything listens) UnsafeBind, PortTaken, DataDirInUse, DataFormatTooNew, BadSetting.
    """
    _log_to_stderr()
    gc.set_threshold(*_GC_THRESHOLDS)
    sys.setswitchinterval(_SWITCH_S)
    options = settings.serve
    folder = data_dir.prepare(Path(options.data_dir))
    keys = compose.key_store(settings, folder)
    require_key = not is_loopback(options.host) or options.require_key
    if require_key and not any(key.revoked_at_ns is None for key in keys.list_keys()):
        msg = f"binding to {options.host} without any key would let everybody in"
        raise UnsafeBind(
            msg, mend=f"make one first: quarterdeck keys create NAME --data-dir {folder}; or bind to 127.0.0.1"
        )
    sockets = Sockets(
        listen(options.host, options.api_port, "the page and the API", "--api-port"),
        listen(options.host, options.otlp_http_port, "OTLP/HTTP", "--otlp-http-port"),
        listen(options.host, options.otlp_grpc_port, "OTLP/gRPC", "--otlp-grpc-port"),
        None
        if settings.gateway.port is None
        else listen(options.host, settings.gateway.port, "the gateway", "--gateway-port"),
    )
    held = data_dir.lock(folder)
    try:
        uvloop.run(_run(settings, folder, keys, sockets, require_key=require_key))
    finally:
        _release(held, sockets)
    return 0


async def _run(settings: Settings, folder: Path, keys: KeyStore, sockets: Sockets, *, require_key: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    endpoints = _endpoints(settings.serve.host, sockets)
    log = structlog.get_logger()
    deck = await asyncio.to_thread(
        compose.compose, settings, folder, keys, endpoints, SystemClock(), require_key=require_key
    )
    await asyncio.to_thread(deck.pipeline.start, loop)
    deck.bodies.sampler.start()
    await asyncio.to_thread(deck.upkeep.start)
    _start_loops(deck, loop)
    scratch = Path(tempfile.mkdtemp(prefix="qd-"))
    backend = scratch / "grpc.sock"
    http_mend = f"this is OTLP/HTTP; gRPC is at {endpoints['otlp_grpc']}"
    grpc_mend = (
        f"this is OTLP/gRPC; OTLP/HTTP is at {endpoints['otlp_http']}, the page and the API at {endpoints['api']}"
    )
    front = GrpcFront(str(backend), grpc_mend, connections_max=settings.serve.connections_max)
    await deck.otlp_grpc.start(f"unix:{backend}")
    await front.start(sockets.otlp_grpc)
    servers = [
        _Server(_uvicorn(deck.api, settings, "auto")),
        _Server(_uvicorn(deck.otlp_http, settings, http_protocol(http_mend))),
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[sock]))
        for server, sock in zip(servers, (sockets.api, sockets.otlp_http), strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.01)
    await _open_gateway(deck, sockets, log)
    print(_ready_line(endpoints), flush=True)  # noqa: T201 - the one line that stdout is for
    log.info("ready", **endpoints, data_dir=str(folder), version=__version__)
    await stop.wait()
    log.info("stopping")
    for server in servers:
        server.should_exit = True
    if deck.gateway is not None:
        await deck.gateway.stop(_DRAIN_HTTP_S)
    await front.stop()
    await deck.otlp_grpc.stop(1.0)
    await asyncio.gather(*tasks, return_exceptions=True)
    await _stop_loops(deck)
    drained = await asyncio.to_thread(deck.pipeline.stop, _DRAIN_PIPELINE_S)
    drained &= await asyncio.to_thread(deck.bodies.sampler.stop, _DRAIN_SAMPLER_S)
    log.info("stopped", drained=drained)
    await asyncio.to_thread(deck.store.close)
    shutil.rmtree(scratch, ignore_errors=True)


async def _stop_loops(deck: compose.Deck) -> None:
    """What reads and writes the store ends before the pipeline does."""
    if deck.drills is not None:
        await asyncio.to_thread(deck.drills.stop, _DRAIN_WATCH_S)
    await asyncio.gather(
        asyncio.to_thread(deck.upkeep.stop, _DRAIN_UPKEEP_S), asyncio.to_thread(deck.watch.stop, _DRAIN_WATCH_S)
    )
    if deck.promises is not None:
        await asyncio.to_thread(deck.promises.stop, _DRAIN_PROMISES_S)
    await asyncio.to_thread(deck.probes.stop, _DRAIN_PROBES_S)


def _start_loops(deck: compose.Deck, loop: asyncio.AbstractEventLoop) -> None:
    deck.watch.start()
    if deck.drills is not None:
        deck.drills.start(loop)
    if deck.promises is not None:
        deck.promises.start()
    deck.probes.start()


async def _open_gateway(deck: compose.Deck, sockets: Sockets, log: Any) -> None:
    """Its spans enter by the pipeline, as everybody's."""
    if deck.gateway is not None and sockets.gateway is not None:
        deck.gateway.send_spans_to(PipelineSink(deck.pipeline, log))
        await deck.gateway.start(sockets.gateway)


def _uvicorn(application: Any, settings: Settings, protocol: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=settings.serve.connections_max,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_DRAIN_HTTP_S,
    )


def _endpoints(host: str, sockets: Sockets) -> dict[str, str | None]:
    shown = f"[{host}]" if ":" in host else host
    api, http, grpc = (sock.getsockname()[1] for sock in sockets[:3])
    return {
        "api": f"http://{shown}:{api}",
        "otlp_http": f"http://{shown}:{http}",
        "otlp_grpc": f"{shown}:{grpc}",
        "gateway": None if sockets.gateway is None else address(host, sockets.gateway),
    }


def _ready_line(endpoints: dict[str, str | None]) -> str:
    return orjson.dumps({"event": "ready", **endpoints}).decode()


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _release(held: IO[str], sockets: Sockets) -> None:
    for sock in sockets:
        if sock is not None:
            sock.close()
    held.close()
