"""The server's probes: real HTTP and real programs, rate limits, a stop in the middle, limits."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.clock import SystemClock
from quarterdeck.errors import BadInput, NotFound, Overloaded, StoreFailed
from quarterdeck.model.documents import Document
from quarterdeck.model.health import LimitNow
from quarterdeck.model.probes import Pair, Probe, ProbeCase
from quarterdeck.probes.desk import ProbeDesk
from quarterdeck.probes.gauges import ProbeGauges
from quarterdeck.probes.kept import KIND, KeptProbes, probe_of
from quarterdeck.probes.options import ProbeOptions
from quarterdeck.store.memory.documents import MemoryDocumentStore
from quarterdeck.testing import Scenario, SimulatedProvider, Turn

CHECK = '{"kind": "contains", "text": "sent"}'


class Documents(MemoryDocumentStore):
    """Says when a probe was written, and may fail or hold the writer there."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()
        self.seen: list[Probe] = []
        self.hook: Callable[[Probe], None] = lambda _probe: None

    def put_documents(self, documents: Any) -> None:
        for one in documents:
            if one.kind == KIND:
                self.hook(probe_of(one))
        super().put_documents(documents)
        with self.changed:
            self.seen += [probe_of(one) for one in documents if one.kind == KIND]
            self.changed.notify_all()

    def until(self, holds: Callable[[Probe], bool]) -> Probe:
        with self.changed:
            assert self.changed.wait_for(lambda: any(holds(one) for one in self.seen), 120)
            return next(one for one in reversed(self.seen) if holds(one))


def ended(probe: Probe) -> bool:
    return probe.state in ("done", "failed")


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
def desk_of(documents: Documents) -> Any:
    desks: list[ProbeDesk] = []

    def make(*targets: Any, start: bool = True, **options: Any) -> ProbeDesk:
        desk = ProbeDesk(
            KeptProbes(documents, "here"),
            ProbeOptions.model_validate({"targets": targets, **options}),
            lambda project, run_id: ProbeCase(f"first message of {project}/{run_id}", "Be brief."),
            clock=SystemClock(),
            gauges=ProbeGauges(CollectorRegistry()),
            log=structlog.get_logger(),
        )
        if start:
            desk.start()
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        desk.stop(30)


def asked(target: str, **changes: Any) -> Probe:
    values: dict[str, Any] = {
        "project": "p",
        "probe_id": "1",
        "alert_id": "a",
        "target": target,
        "by": "ann",
        "at_ns": 5,
    }
    return Probe(**({**values, "run_id": "r", "check": CHECK} | changes))


def models(base: str, candidate: str, baseline: str) -> dict[str, Any]:
    sides = {"candidate": candidate, "baseline": baseline}
    return {"name": "m"} | {
        side: {"kind": "endpoint", "base_url": f"{base}/v1", "model": model} for side, model in sides.items()
    }


def programs(candidate: str, baseline: str) -> dict[str, Any]:
    sides = {"candidate": candidate, "baseline": baseline}
    return {"name": "c"} | {
        side: {"kind": "command", "argv": [sys.executable, "-c", code]} for side, code in sides.items()
    }


def test_a_model_that_fails_more_is_a_regression(desk_of: Any, documents: Documents) -> None:
    scenarios = [Scenario([Turn("I do not know.")], when="support-v7"), Scenario([Turn("It was sent.")])]
    provider = SimulatedProvider(scenarios)
    with provider as base:
        desk_of(models(base, "support-v7", "support-v6")).ask(asked("m"))
        found = documents.until(ended)
    assert (found.state, found.verdict, found.because) == ("done", "regression", None)
    assert len(provider.bill) == 2 * len(found.pairs) == 14
    assert set(found.pairs) == {Pair(True, False)}


def test_models_that_are_the_same_are_a_wobble_soon(desk_of: Any, documents: Documents) -> None:
    with SimulatedProvider([Scenario([Turn("It was sent.")])]) as base:
        desk_of(models(base, "support-v7", "support-v6")).ask(asked("m"))
        found = documents.until(ended)
    assert found.verdict == "wobble"
    assert len(found.pairs) <= 6


def test_a_rate_limit_makes_it_wait_and_does_not_count(desk_of: Any, documents: Documents) -> None:
    with SimulatedProvider([Scenario([Turn("sent", refusals=2, retry_after_s=0.01)])]) as base:
        desk_of(models(base, "a", "b")).ask(asked("m"))
        waited = documents.until(lambda one: one.state == "waiting")
        found = documents.until(ended)
    assert waited.because is not None
    assert "rate limit" in waited.because
    assert (found.verdict, {pair.candidate_failed for pair in found.pairs}) == ("wobble", {False})


def test_rate_limits_without_end_end_the_probe(desk_of: Any, documents: Documents) -> None:
    desk_of(programs("raise SystemExit(75)", "print('sent')"), wait_s_max=0.5).ask(asked("c"))
    found = documents.until(ended)
    assert (found.state, found.verdict, found.pairs) == ("failed", None, ())
    assert "wait for more than" in str(found.because)


def test_a_stop_in_the_middle_loses_no_pair_and_repeats_none(
    desk_of: Any, documents: Documents, tmp_path: Path
) -> None:
    log = tmp_path / "calls"
    note = f"open({str(log)!r}, 'a').write('x'); "
    target = programs(f"{note}print('no')", f"{note}print('sent')")
    first = desk_of(target)
    reached, go = threading.Event(), threading.Event()

    def hold(probe: Probe) -> None:
        if len(probe.pairs) == 3 and not reached.is_set():
            reached.set()
            assert go.wait(120)

    documents.hook = hold
    first.ask(asked("c", input="by hand", run_id=None))
    assert reached.wait(120)
    first._stop.set()  # as a stop that comes while the third pair is written
    go.set()
    assert first.stop(120)
    kept = probe_of(documents.get_document("p", KIND, "1"))
    assert (kept.state, len(kept.pairs), kept.input) == ("running", 3, "by hand")
    assert len(log.read_text()) == 6
    desk_of(target)
    found = documents.until(ended)
    assert (found.verdict, found.input) == ("regression", None)
    assert found.pairs[:3] == kept.pairs
    assert len(log.read_text()) == 2 * len(found.pairs)
    assert KeptProbes(documents, "here").open() == []


def test_another_server_of_the_same_state_goes_on_with_its_own_only(desk_of: Any, documents: Documents) -> None:
    KeptProbes(documents, "elsewhere").begin(asked("c"))
    assert KeptProbes(documents, "here").open() == []
    assert [one.probe_id for one in KeptProbes(documents, "elsewhere").open()] == ["1"]


def test_a_program_that_is_not_there_fails_the_probe_with_words(desk_of: Any, documents: Documents) -> None:
    sides = {"kind": "command", "argv": ["/nowhere/agent"]}
    desk_of({"name": "c", "candidate": sides, "baseline": sides}).ask(asked("c"))
    found = documents.until(ended)
    assert (found.state, found.verdict) == ("failed", None)
    assert "/nowhere/agent cannot be started" in str(found.because)


def test_a_store_that_fails_ends_the_probe_and_not_the_thread(desk_of: Any, documents: Documents) -> None:
    def fail_once(probe: Probe) -> None:
        if probe.pairs:
            documents.hook = lambda _probe: None
            raise StoreFailed("full")

    documents.hook = fail_once
    desk = desk_of(programs("print('sent')", "print('sent')"))
    desk.ask(asked("c"))
    assert documents.until(ended).because == "full"
    desk.ask(asked("c", probe_id="2"))
    assert documents.until(lambda one: one.probe_id == "2" and ended(one)).verdict == "wobble"


def test_what_is_refused_keeps_nothing(desk_of: Any, documents: Documents) -> None:
    desk = desk_of(programs("", ""), start=False, open_max=1)
    with pytest.raises(NotFound, match="the settings name c"):
        desk.ask(asked("x"))
    with pytest.raises(BadInput, match=r"check\.kind"):
        desk.ask(asked("c", check='{"kind": "x"}'))
    with pytest.raises(BadInput, match="run_id or input"):
        desk.ask(asked("c", run_id=None))
    assert documents.seen == []
    desk.ask(asked("c"))
    with pytest.raises(Overloaded, match="open_max"):
        desk.ask(asked("c", probe_id="2"))
    assert [one.probe_id for one in documents.seen] == ["1"]
    assert desk.limits() == (LimitNow("probes_open", 1, 1, "probes"),)


def test_pairs_that_were_run_elsewhere_are_weighed_here(desk_of: Any) -> None:
    desk = desk_of(start=False)
    found = desk.report(asked("here"), [Pair(True, False)] * 7)
    assert (found.verdict, found.state) == ("regression", "done")
    assert desk.get("p", "1") == found
    for pairs in ([Pair(True, False)] * 3, [Pair(True, False)] * 9):
        with pytest.raises(BadInput, match="expected all up to the first verdict"):
            desk.report(asked("here"), pairs)


def test_a_document_that_is_no_probe() -> None:
    for body, state in (({}, "done"), ({"pairs": 1}, "open")):
        with pytest.raises(StoreFailed, match="is no probe"):
            probe_of(Document("p", KIND, "1", state, "a", 0, body))
