"""The server in this process, with real doors and a clock that the benchmark sets: a month passes in minutes.

Real: OTLP over HTTP, decoding, canonical form, commits, the building of runs, the store, the watch with its memory, alerts,
the API. Set: the time of day (waits are still measured by the machine's own clock), that trees are built without waiting
for more spans, and that the watch looks when it is told to. Not started: the sampler of bodies, upkeep.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from quarterdeck.app import compose, data_dir
from quarterdeck.app.ports import listen
from quarterdeck.settings import Settings

STARTED_NS = 1_790_000_000_000_000_000


class SetClock:
    """Says the time that it was told; measures with the machine's clock."""

    def __init__(self, now_ns: int = STARTED_NS) -> None:
        self.ns = now_ns

    def now_ns(self) -> int:
        return self.ns

    def monotonic_s(self) -> float:
        return time.monotonic()


class Deck:
    """An open server. `send` answers when the spans are on disk; `look` when their runs went through the watch."""

    def __init__(self, parts: compose.Deck, clock: SetClock, api: int, otlp: int) -> None:
        self.parts = parts
        self.clock = clock
        self._api = http.client.HTTPConnection("127.0.0.1", api, timeout=120)
        self._otlp = http.client.HTTPConnection("127.0.0.1", otlp, timeout=120)
        self.runs = self._before = 0
        assert parts.watch.watch is not None
        self.watch = parts.watch.watch
        self.watch.tick(clock.ns)
        self._seq = parts.store.last_run_seq()

    def send(self, body: bytes, runs: int) -> None:
        """POST one OTLP request that holds so many whole runs."""
        self._otlp.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
        answer = self._otlp.getresponse()
        said = answer.read()
        assert answer.status == 200, (answer.status, said)
        assert not said, f"partial success: {said!r}"
        self.runs += runs

    def look(self, now_ns: int) -> int:
        """Set the time, wait until what was sent is built, and let the watch look; answers the runs that it read."""
        self.clock.ns = max(self.clock.ns, now_ns)
        deadline = time.monotonic() + 300
        while self.parts.pipeline.health().settle_lag_s or self.runs > self._built():
            assert time.monotonic() < deadline, "runs are not built"
            time.sleep(0.05)
        read = self.watch.tick(self.clock.ns)
        self._seq, self._before = self.parts.store.last_run_seq(), self.runs
        return read

    def _built(self) -> int:
        """Runs of this process that the store has."""
        found, _ = self.parts.store.runs_over(after_seq=self._seq, limit=self.runs - self._before + 1)
        return self._before + len(found)

    def get(self, path: str) -> Any:
        self._api.request("GET", f"/api/v1/{path}")
        answer = self._api.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body[:500])
        return json.loads(body)

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts with their findings, the oldest first."""
        items, cursor = [], ""
        while True:
            page = self.get(f"alerts?limit=100{cursor}")
            items += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        return [self.get(f"alerts/{one['alert_id']}") for one in reversed(items)]


@contextmanager
def opened(folder: Path, *, now_ns: int = STARTED_NS, **settings: Any) -> Iterator[Deck]:
    """A server on a data folder. Closed in order: what the watch knows is in the folder then."""
    chosen = Settings(pipeline={"settle_quiet_s": 0.1, "settle_every_s": 0.2}, **settings)
    clock = SetClock(now_ns)
    folder = data_dir.prepare(folder)
    keys = compose.key_store(chosen, folder)
    sockets = [listen("127.0.0.1", 0, name, "") for name in ("the API", "OTLP")]
    ports = [sock.getsockname()[1] for sock in sockets]
    endpoints = {"api": f"http://127.0.0.1:{ports[0]}", "otlp_http": f"http://127.0.0.1:{ports[1]}", "otlp_grpc": None}
    parts = compose.compose(chosen, folder, keys, endpoints, clock, require_key=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    parts.pipeline.start(loop)
    servers = [uvicorn.Server(_uvicorn(app)) for app in (parts.api, parts.otlp_http)]
    running = [
        asyncio.run_coroutine_threadsafe(server._serve(sockets=[sock]), loop)
        for server, sock in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers):
        time.sleep(0.01)
    deck = Deck(parts, clock, *ports)
    try:
        yield deck
    finally:
        for server in servers:
            server.should_exit = True
        for one in running:
            one.result(timeout=30)
        parts.pipeline.stop(30.0)
        deck.watch.save()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        parts.store.close()


def _uvicorn(application: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=3_600,
    )
