"""A server that is killed again and again while traces arrive badly ends with the answers of one clean delivery."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from quarterdeck.clock import SystemClock
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.memory import MemoryStore

from ..sim.answers import compare
from ..sim.decks import Deck
from ..sim.emission import PATTERNS, SHAPES, emit, request
from .server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
Span = dict[str, Any]
KILLS = 3
SEED = 20


def traces() -> tuple[list[Span], int]:
    """Every way of emitting in every shape, and the tokens that they used."""
    made = [
        emit(number, pattern, shape, steps=1 + number % 3, session=number % 4)
        for number, (pattern, shape) in enumerate((p, s) for p in PATTERNS for s in SHAPES)
    ]
    return [span for one in made for span in one.spans], sum(one.true_tokens for one in made)


def requests(spans: list[Span], rng: random.Random) -> Iterator[list[Span]]:
    at = 0
    while at < len(spans):
        size = rng.randint(1, 9)
        yield spans[at : at + size]
        at += size


class Exporter(threading.Thread):
    """Sends until the server dies; `left` are spans without an answer. `acknowledged` opens after `enough` requests."""

    def __init__(self, url: str, spans: list[Span], rng: random.Random, enough: int) -> None:
        super().__init__(daemon=True)
        self.url, self.enough = url, enough
        self.batches = list(requests(spans, rng))
        self.left: list[Span] = []
        self.told: list[Span] = []
        self.acknowledged = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=60) as client:
            for number, batch in enumerate(self.batches):
                try:
                    answer = client.post(
                        "/v1/traces", content=request(batch), headers={"content-type": "application/json"}
                    )
                    (self.told if answer.status_code == 200 else self.left).extend(batch)
                except httpx.TransportError:
                    self.left += batch
                if number + 1 >= self.enough:
                    self.acknowledged.set()
        self.acknowledged.set()


def test_killed_in_the_middle_the_answers_are_those_of_one_clean_delivery(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    every, true_tokens = traces()
    waiting = rng.sample(every, len(every))
    for _ in range(KILLS):
        with Server(tmp_path / "data") as server:
            exporter = Exporter(server.otlp_http, waiting, rng, enough=rng.randint(3, 12))
            exporter.start()
            assert exporter.acknowledged.wait(120)
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
            exporter.join(120)
            waiting = exporter.left + rng.choices(exporter.told, k=5)
    with Server(tmp_path / "data") as server:
        exporter = Exporter(server.otlp_http, waiting + rng.sample(every, 20), rng, enough=10_000)
        exporter.start()
        exporter.join(300)
        assert exporter.left == []
        server.settled()
        assert server.get("fleet", since="2025-01-01")["tokens"]["total"] == true_tokens, f"seed {SEED}"
        assert server.end() == 0
    clean = Deck(MemoryStore())
    try:
        assert clean.deliver([request(every)]) == [True]
        clean.settle()
        path = tmp_path / "data" / "telemetry.duckdb"
        with closing(DuckDBStore(path, options=DuckDBOptions(), clock=SystemClock())) as store:
            compare(store, clean.store)
    finally:
        clean.leave()
