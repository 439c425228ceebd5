"""The parts behind the way in, joined on the real engine: late evidence before a write, removal for good, sketches on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.app.bodies import LABELS_FILE, Bodies, bodies_parts
from quarterdeck.clock import FakeClock
from quarterdeck.model.raw import Absent, RawEvent, RawSpan, Resource, Scope
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.runs import PriceTable, build_runs, summarise_runs
from quarterdeck.settings import Settings
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import Batch
from quarterdeck.store.sql import SqlKeyStore

SECOND = 10**9
START_NS = 1_764_000_000 * SECOND
TEXT = "a long text of a body " * 40
RUNS = 12
HOUR_S = 3600


class Log:
    def __init__(self) -> None:
        self.told: list[str] = []

    def error(self, event: str, **_: Any) -> None:
        self.told.append(event)

    warning = error


class Deck:
    """A data folder and the parts on it; `open` is a start of the server."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.clock = FakeClock(START_NS)
        self.settings = Settings.model_validate({"sampling": {"reservoir": 3, "top_share": 0, **options}})
        self.keys = SqlKeyStore(f"sqlite:///{folder / 'state.db'}", clock=self.clock)
        self.prices = PriceTable.shipped()
        self.log = Log()
        self.open()

    def open(self) -> None:
        self.store = DuckDBStore(self.folder / "telemetry.duckdb", options=DuckDBOptions(), clock=self.clock)
        self.parts: Bodies = bodies_parts(
            self.settings,
            self.folder,
            store=self.store,
            keys=self.keys,
            clock=self.clock,
            registry=CollectorRegistry(),
            log=self.log,
            key=b"k" * 32,
            build_runs=self._build,
            trees=lambda spans: build_runs(spans, now_ns=self.clock.now_ns(), prices=self.prices),
        )

    def _build(self, spans: Any, now_ns: int) -> list[Run]:
        return summarise_runs(spans, now_ns=now_ns, prices=self.prices)

    def close(self) -> None:
        self.store.close()

    def take(self, n: int, *, agent: str = "support", events: tuple[RawEvent, ...] = ()) -> Run:
        """One run of one span, through the store that the pipeline gets."""
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": agent,
            "gen_ai.input.messages": f"{n} {TEXT}",
        }
        raw = RawSpan(
            "default", f"{n:032x}", f"{n:016x}", "", "", "invoke", 1, START_NS + n * SECOND, START_NS + (n + 1) * SECOND,
            1, "", attributes, events, (), Resource({}, ""), Scope("", "", {}, ""),
        )  # fmt: skip
        span: Span = Canonicalizer(user_hash_key=b"").canonicalize(raw)
        seq = self.parts.store.commit(Batch([(span, raw)]))
        [run] = self.parts.build_runs([span], START_NS + HOUR_S * SECOND)
        self.parts.store.put_runs([run], [], settled_seq=seq)
        return run

    def texts(self) -> dict[int, Any]:
        keys = [(f"{n:032x}", f"{n:016x}") for n in range(1, RUNS + 1)]
        found = self.store.spans_raw("default", keys)
        return {int(key[1], 16): raw.attributes["gen_ai.input.messages"] for key, raw in found.items()}

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.parts.sampler.round(self.clock.now_ns())


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[Deck]:
    made = Deck(tmp_path)
    yield made
    made.close()


def test_the_life_of_bodies_on_the_real_engine(deck: Deck) -> None:
    """Decided, one saved by late evidence before its run is written, the others removed; a restart in between."""
    runs = {n: deck.take(n) for n in range(1, RUNS + 1)}
    deck.later(2 * HOUR_S)
    held = deck.store.body_decisions("default", [run.session_key for run in runs.values()])
    out = [n for n, run in runs.items() if not held[run.session_key].kept]
    assert len(out) == RUNS - 3
    deck.close()
    deck.open()
    bad = replace(runs[out[0]], status="error")
    deck.parts.store.put_runs([bad], [], settled_seq=0)
    saved = deck.store.get_run("default", bad.run_id)
    assert (saved.status, saved.body_reason, saved.body_probability) == ("error", "late_evidence", 1.0)
    deck.later(HOUR_S + 120)
    texts = deck.texts()
    assert {n for n, text in texts.items() if isinstance(text, Absent)} == set(out[1:])
    assert all(texts[n] == f"{n} {TEXT}" for n in range(1, RUNS + 1) if n not in out[1:])
    assert deck.log.told == []


def test_runs_are_written_with_what_their_spans_tell_and_with_their_verdict(deck: Deck) -> None:
    def said(name: str, score: float) -> RawEvent:
        attributes = {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": score}
        return RawEvent("gen_ai.evaluation.result", START_NS, attributes)

    run = deck.take(1, events=(said("faithful", 0.75), said("outcome", 0.0)))
    told = deck.store.outcomes_of("default", [run.run_id])
    assert [(outcome.name, outcome.score, outcome.source) for outcome in told] == [
        ("faithful", 0.75, "span"),
        ("outcome", 0.0, "span"),
    ]
    assert deck.store.get_run("default", run.run_id).outcome == "failure"
    deck.parts.store.put_runs([], [("default", run.run_id)], settled_seq=0)
    assert list(deck.store.outcomes_of("default", [run.run_id])) == []


def test_runs_are_written_with_labels_that_may_stand(deck: Deck) -> None:
    run = deck.take(1, agent="agent-9b2f0c1e-7a3d-4c5b-8e6f-0a1b2c3d4e5f")
    assert (run.agent, run.flags) == ("other", ("label_other",))
    rows = deck.store.cohorts("default", START_NS, START_NS + HOUR_S * SECOND, ("agent",), limit=9)
    assert [row.keys for row in rows] == [{"agent": "other"}]


def test_sketches_are_kept_on_disk_and_counted_anew_when_they_are_lost(deck: Deck) -> None:
    deck.take(1)
    deck.take(2, agent="agent-9b2f0c1e-7a3d-4c5b-8e6f-0a1b2c3d4e5f")
    deck.parts.sampler.start()
    assert deck.parts.sampler.stop(60)
    deck.close()
    deck.open()

    def agent() -> Any:
        return next(label for label in deck.parts.book.now("default") if label.label == "agent")

    assert (round(agent().distinct), agent().refused["uuid"].runs) == (2, 1)
    deck.close()
    (deck.folder / LABELS_FILE).write_bytes(b"not ours")
    deck.open()
    assert deck.log.told == ["labels_counted_anew"]
    assert (round(agent().distinct), agent().admitted, agent().refused) == (1, 1, {})
