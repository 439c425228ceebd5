"""The decider over the store of tests: what it decides when, what it removes, what it saves, and that it starts anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.unit.observe.sampling.sessions import KEY, SECOND, START_NS, run

from quarterdeck.clock import FakeClock
from quarterdeck.errors import StoreFailed
from quarterdeck.model.raw import Absent, RawSpan, Resource, Scope
from quarterdeck.model.runs import Run
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.sampling import Sampler, SamplingGauges, SamplingOptions
from quarterdeck.store.interface import Batch
from quarterdeck.store.memory import MemoryStore

HOLD = 600
GRACE = 3600
TEXT = "a long text of a body " * 30
SMALL = {"reservoir": 2, "top_share": 0.0}


class Log:
    """Keeps what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def error(self, event: str, **fields: Any) -> None:
        self.told.append((event, fields))

    warning = error


class Desk:
    """A store with runs that have one span with a body each, and deciders on it."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = MemoryStore() if store is None else store
        self.registry = CollectorRegistry()
        self.log = Log()

    def sampler(self, **options: Any) -> Sampler:
        return Sampler(
            store=self.store,
            options=SamplingOptions(**(SMALL | options)),
            key=KEY,
            gauges=SamplingGauges(CollectorRegistry()),
            clock=FakeClock(START_NS),
            log=self.log,
            projects=lambda: ["default"],
        )

    def add(self, n: int, /, **changes: Any) -> Run:
        """One run with its span, last seen `n` seconds into the window unless said otherwise."""
        seen = START_NS + n * SECOND
        made = run(n, **({"trace_ids": (f"{n:032x}",), "started_at_ns": seen - SECOND, "last_seen_ns": seen} | changes))
        raw = RawSpan(
            made.project, f"{n:032x}", f"{1:016x}", "", "", "invoke", 1, made.started_at_ns, made.last_seen_ns, 1, "",
            {"gen_ai.input.messages": f"{n} {TEXT}", "gen_ai.conversation.id": made.session_id or ""}, (), (),
            Resource({}, ""), Scope("", "", {}, ""),
        )  # fmt: skip
        span = Canonicalizer(user_hash_key=b"").canonicalize(raw)._replace(session_id=made.session_id)
        self.store.commit(Batch([(span, raw)]))
        self.store.put_runs([made], [], settled_seq=0)
        return made

    def body(self, n: int) -> Any:
        key = (f"{n:032x}", f"{1:016x}")
        return self.store.spans_raw("default", [key])[key].attributes["gen_ai.input.messages"]

    def kept(self) -> set[int]:
        """Numbers of the runs whose decision keeps them."""
        keys = [item.session_key for item in self.runs()]
        return {int(key[1:]) for key, d in self.store.body_decisions("default", keys).items() if d.kept}

    def runs(self) -> list[Run]:
        from quarterdeck.store.interface import RunFilter

        return list(self.store.list_runs(RunFilter("default"), sort="-started_at", cursor=None, limit=999).items)


def at(seconds: float) -> int:
    return START_NS + int(seconds * SECOND)


def test_a_session_is_decided_when_it_has_been_silent_long_enough() -> None:
    desk = Desk()
    desk.add(1)
    desk.add(30)
    sampler = desk.sampler()
    assert sampler.round(at(HOLD)).decided == 0
    assert sampler.round(at(HOLD + 2)).decided == 1
    assert [r.body_reason for r in desk.runs()] == ["reservoir", None]
    assert sampler.round(at(HOLD + 31)).decided == 1


def test_a_session_waits_for_all_of_its_runs() -> None:
    desk = Desk()
    desk.add(1, session_id="s")
    desk.add(2, session_id="s", lifecycle="running", ended_at_ns=None)
    sampler = desk.sampler()
    assert sampler.round(at(3000)).decided == 0
    desk.add(2, session_id="s")
    assert sampler.round(at(3000)).decided == 1


def test_after_the_close_and_the_grace_the_bodies_go_and_the_facts_stay() -> None:
    desk = Desk()
    for n in range(1, 11):
        desk.add(n)
    sampler = desk.sampler()
    close = 3600 + HOLD
    assert sampler.round(at(HOLD + 60)).purged == 0
    sampler.round(at(close))
    kept = desk.kept()
    assert len(kept) == 2
    assert sampler.round(at(close + GRACE)).purged == 0
    assert sampler.round(at(close + GRACE + 120)).purged > 0
    gone = {n for n in range(1, 11) if isinstance(desk.body(n), Absent)}
    assert gone == set(range(1, 11)) - kept
    assert all(r.tokens.total == 120 and r.body_probability is not None for r in desk.runs())


def test_provisional_decisions_become_those_of_the_whole_window() -> None:
    """Decided in many small rounds or in one at the end: the same sessions with the same odds."""
    many, once = Desk(), Desk()
    sampler = many.sampler()
    for n in range(1, 40):
        many.add(n)
        once.add(n)
        sampler.round(at(HOLD + n + 1))
    sampler.round(at(3600 + HOLD))
    once.sampler().round(at(3600 + HOLD))
    assert {r.run_id: (r.body_probability, r.body_reason) for r in many.runs()} == {
        r.run_id: (r.body_probability, r.body_reason) for r in once.runs()
    }
    assert many.kept() == once.kept()


def test_a_crash_between_rounds_changes_nothing() -> None:
    one, two = Desk(), Desk()
    for n in range(1, 30):
        one.add(n)
        two.add(n)
    whole = one.sampler()
    for second in (HOLD + 15, 3600 + HOLD, 3600 + HOLD + 60):
        whole.round(at(second))
        two.sampler().round(at(second))
    assert one.kept() == two.kept()
    assert [r.body_probability for r in one.runs()] == [r.body_probability for r in two.runs()]


def out_of(desk: Desk, n_runs: int = 10) -> int:
    """A number whose decision is against it."""
    return min(set(range(1, n_runs + 1)) - desk.kept())


def dropped() -> tuple[Desk, Sampler, int]:
    """Ten runs, decided after the close of their window, and one of those that were left out."""
    desk = Desk()
    for n in range(1, 11):
        desk.add(n)
    sampler = desk.sampler()
    sampler.round(at(3600 + HOLD))
    return desk, sampler, out_of(desk)


def test_late_evidence_within_the_grace_saves_the_bodies() -> None:
    desk, sampler, n = dropped()
    bad = desk.add(n, status="error")
    assert sampler.notice([bad], at(3600 + HOLD + GRACE - 1)) == 1
    sampler.round(at(3600 + HOLD + 2 * GRACE))
    assert desk.body(n) == f"{n} {TEXT}"
    found = next(r for r in desk.runs() if r.run_id == f"r{n}")
    assert (found.body_reason, found.body_probability) == ("late_evidence", 1.0)


def test_after_the_grace_the_run_is_corrected_and_the_loss_is_said() -> None:
    desk, sampler, n = dropped()
    sampler.round(at(3600 + HOLD + GRACE + 120))
    assert isinstance(desk.body(n), Absent)
    bad = replace(next(r for r in desk.runs() if r.run_id == f"r{n}"), status="error")
    assert sampler.notice([bad], at(3600 + HOLD + GRACE + 180)) == 1
    desk.store.put_runs([bad], [], settled_seq=0)
    found = next(r for r in desk.runs() if r.run_id == f"r{n}")
    assert (found.status, found.body_reason) == ("error", "late_evidence_lost")
    assert desk.log.told == [("late_evidence_lost", {"project": "default", "session": f"r{n}"})]
    assert sampler.notice([bad], at(3600 + HOLD + GRACE + 240)) == 0, "said once"


def test_a_late_session_of_a_closed_window_is_decided_with_the_others() -> None:
    desk = Desk()
    for n in range(1, 11):
        desk.add(n)
    sampler = desk.sampler()
    sampler.round(at(3600 + HOLD))
    before = {r.run_id: r.body_probability for r in desk.runs()}
    for n in range(11, 16):
        desk.add(n)
    sampler.round(at(9000))
    assert len(desk.kept()) == 2
    after = {r.run_id: r.body_probability for r in desk.runs()}
    assert len(set(after.values())) == 1
    assert after["r1"] <= before["r1"]


def test_late_evidence_while_the_window_is_open_stands() -> None:
    """A round that takes earlier facts as they were must not draw the session again."""
    desk = Desk()
    for n in range(1, 11):
        desk.add(n)
    sampler = desk.sampler()
    sampler.round(at(HOLD + 20))
    n = out_of(desk)
    bad = desk.add(n, status="error")
    assert sampler.notice([bad], at(HOLD + 30)) == 1
    for extra in range(11, 20):
        desk.add(extra)
    for second in (HOLD + 60, 3600 + HOLD, 3600 + HOLD + 60):
        sampler.round(at(second))
        found = next(r for r in desk.runs() if r.run_id == f"r{n}")
        assert (found.body_reason, found.body_probability) == ("late_evidence", 1.0)


def test_more_than_one_look_finds_is_decided_in_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quarterdeck.observe.sampling.loop._FIRST_LOOK", 4)
    desk = Desk()
    for n in range(1, 31):
        desk.add(n)
    sampler = desk.sampler()
    sampler.round(at(HOLD + 10))
    assert sampler.round(at(HOLD + 40)).decided >= 21


def test_projects_and_windows_do_not_mix() -> None:
    desk = Desk()
    for n in range(1, 7):
        desk.add(n)
        desk.add(100 + n, project="other")
        desk.add(200 + n, last_seen_ns=at(4000 + n), started_at_ns=at(3990))
    desk.sampler().round(at(7200 + HOLD))
    assert len(desk.kept()) == 4
    other = desk.store.body_decisions("other", [f"r{100 + n}" for n in range(1, 7)])
    assert sum(d.kept for d in other.values()) == 2


@pytest.mark.parametrize(("mode", "reason"), [("all", "all"), ("off", None)])
def test_modes_that_do_not_sample_remove_nothing(mode: str, reason: str | None) -> None:
    desk = Desk()
    for n in range(1, 11):
        desk.add(n)
    sampler = desk.sampler(mode=mode)
    sampler.round(at(3600 + HOLD))
    assert sampler.round(at(20_000)).purged == 0
    assert {r.body_reason for r in desk.runs()} == {reason}
    assert sampler.notice(desk.runs(), at(20_000)) == 0


def test_a_run_never_waits_for_its_bodies() -> None:
    """A store that fails while late evidence is looked at is told of, not raised."""
    desk = Desk()
    bad = desk.add(1, status="error")

    class Broken(MemoryStore):
        def body_decisions(self, project: str, session_keys: Any) -> Any:
            msg = "no disk"
            raise StoreFailed(msg)

    broken = Desk(Broken())
    assert broken.sampler().notice([bad], at(0)) == 0
    assert [event for event, _ in broken.log.told] == ["late_evidence_failed"]


def test_runs_that_have_to_wait_do_not_hide_those_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quarterdeck.observe.sampling.loop._FIRST_LOOK", 4)
    desk = Desk()
    for n in range(1, 9):
        desk.add(n, session_id=f"s{n % 2}")
    for n in (9, 10):
        desk.add(n, session_id=f"s{n % 2}", lifecycle="waiting", ended_at_ns=None)
    desk.add(4000, started_at_ns=at(3999))
    sampler = desk.sampler()
    found = [sampler.round(at(9000 + 60 * n)).decided for n in range(4)]
    assert sum(found) == 1


def test_the_thread_starts_and_ends() -> None:
    sampler = Desk().sampler(every_s=0.01)
    sampler.start()
    assert sampler.stop(60)
