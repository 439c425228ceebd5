"""The desk over a real store and a real estimator: promises once, learns once, goes on after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.clock import FakeClock
from quarterdeck.control.estimate import Estimator
from quarterdeck.control.promises import PromiseDesk, PromiseGauges, PromiseOptions
from quarterdeck.control.promises.calibration import HINDSIGHT
from quarterdeck.control.promises.ports import Learners
from quarterdeck.model.estimates import Identity, Promise, Spread, Task
from quarterdeck.model.runs import Run
from quarterdeck.store.memory import MemoryStore

from .runs import SECOND, START_NS, make_run

NOW_NS = START_NS + 30 * 86_400 * SECOND
WHO = Identity("triage", "m-1")


class Log:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def error(self, event: str, **fields: Any) -> None:
        self.said.append(f"{event}: {fields}")

    def warning(self, event: str, **fields: Any) -> None:
        self.said.append(f"{event}: {fields}")


class Desk:
    """A desk, its store and its log."""

    def __init__(self, store: MemoryStore | None = None, file: Path | None = None, **options: Any) -> None:
        self.store = store or MemoryStore()
        self.log = Log()
        self.desk = PromiseDesk(
            feed=self.store, learners=Learners(Estimator, Estimator.load), options=PromiseOptions(**options),
            gauges=PromiseGauges(CollectorRegistry()), clock=FakeClock(NOW_NS), log=self.log, file=file,
        )  # fmt: skip

    def put(self, *runs: Run) -> None:
        self.store.put_runs(runs, [], settled_seq=0)

    def tick(self, now_ns: int = NOW_NS) -> int:
        return self.desk.tick(now_ns, all_of_it=True)

    def promise(self, number: int, project: str = "default") -> Promise | None:
        return self.store.get_run(project, f"run-{number:05d}").estimate

    def learned(self, project: str = "default") -> int:
        basis = self.desk.estimate(project, Task(), WHO).basis
        return max((one.n for one in basis if one.rung == "everything"), default=0)


def test_a_history_is_promised_from_what_had_ended_before() -> None:
    deck = Desk()
    deck.put(*(make_run(3 * n, total=100) for n in range(30)), make_run(500, total=900))
    assert deck.tick() == 31
    first, last = deck.promise(0), deck.promise(500)
    assert first is not None
    assert last is not None
    assert (first.estimate.cold, first.source, first.made_at_ns) == (True, "replayed", START_NS)
    assert not last.estimate.cold
    # Its own 900 tokens are not in what was promised of it.
    assert 90 < last.estimate.spreads["tokens_total"].q50 < 110
    run = deck.store.get_run("default", "run-00500")
    assert run.over_budget is True


def test_a_run_is_promised_once_and_learned_once() -> None:
    deck = Desk()
    deck.put(make_run(1))
    assert deck.tick() == 1
    before = deck.promise(1)
    deck.put(make_run(1, total=5_000), make_run(2))
    assert deck.tick() == 1
    assert (deck.promise(1), deck.learned()) == (before, 2)


def test_a_live_run_is_promised_as_soon_as_its_model_is_known() -> None:
    deck = Desk()
    live = {"lifecycle": "running", "ended_at_ns": None, "started_at_ns": NOW_NS - 9 * SECOND, "last_seen_ns": NOW_NS}
    deck.put(make_run(1, model=None, **live))
    assert deck.tick() == 0
    deck.put(make_run(1, **live))
    assert deck.tick() == 1
    found = deck.promise(1)
    assert found is not None
    assert (found.source, found.made_at_ns, deck.learned()) == ("server", NOW_NS, 0)


def test_the_agents_own_promise_wins() -> None:
    deck = Desk()
    deck.put(make_run(1, promised='{"tokens_total":[1.0,2.0,3.0,4.0]}'))
    deck.tick()
    found = deck.promise(1)
    assert found is not None
    assert (found.source, found.estimate.spreads) == ("agent", {"tokens_total": Spread(1.0, 2.0, 3.0, 4.0)})


def test_history_that_comes_too_late_says_that_later_runs_were_known() -> None:
    deck = Desk()
    deck.put(make_run(900))
    deck.tick()
    deck.put(make_run(1))
    deck.tick()
    found = deck.promise(1)
    assert found is not None
    assert HINDSIGHT in found.estimate.warnings
    assert found.made_at_ns == START_NS + 3 * SECOND


def test_a_project_learns_from_its_own_runs_only() -> None:
    deck = Desk()
    deck.put(*(make_run(3 * n) for n in range(20)), make_run(500, project="other"))
    deck.tick()
    found = deck.promise(500, "other")
    assert found is not None
    assert found.estimate.cold
    assert (deck.learned(), deck.learned("other"), deck.learned("nobody")) == (20, 1, 0)


def test_projects_beyond_the_limit_get_no_promise() -> None:
    deck = Desk(projects_max=1)
    deck.put(make_run(1), make_run(2, project="other"))
    assert deck.tick() == 1
    assert deck.promise(2, "other") is None


def test_a_restart_goes_on_where_it_stood(tmp_path: Path) -> None:
    file = tmp_path / "estimates.bin"
    before = Desk(file=file)
    before.put(*(make_run(3 * n) for n in range(20)))
    before.tick()
    before.desk.save()
    after = Desk(before.store, file)
    after.put(make_run(500))
    assert after.tick() == 1
    assert (after.learned(), after.log.said) == (21, [])


def test_runs_that_still_wait_are_read_again_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "estimates.bin"
    before = Desk(file=file)
    before.put(make_run(1))
    before.desk.tick(NOW_NS)
    before.desk.save()
    assert before.promise(1) is None
    after = Desk(before.store, file)
    assert after.tick() == 1


def test_a_lost_memory_is_learned_anew_and_promises_stay(tmp_path: Path) -> None:
    file = tmp_path / "estimates.bin"
    before = Desk(file=file)
    before.put(*(make_run(3 * n) for n in range(20)))
    before.tick()
    kept = [before.promise(3 * n) for n in range(20)]
    file.write_bytes(b"something else")
    after = Desk(before.store, file)
    assert after.tick() == 0
    assert after.learned() == 20
    assert [after.promise(3 * n) for n in range(20)] == kept
    assert len(after.log.said) == 1
    assert "promises_learn_anew" in after.log.said[0]


def test_a_cohort_that_drifts_is_named_and_learned_faster() -> None:
    deck = Desk(judge_every_s=1)
    deck.put(*(make_run(3 * n, total=100 + n % 7) for n in range(300)))
    deck.tick()
    assert deck.desk.drifts("default") == ()
    # All at once, so that each is promised before any of them is known.
    deck.put(*(make_run(5_000 + n, total=3_000 + n % 7, started_at_ns=NOW_NS - 90 * SECOND) for n in range(200)))
    deck.tick(NOW_NS + SECOND)
    (drift,) = deck.desk.drifts("default")
    assert (drift.agent, drift.model, drift.share) == ("triage", "m-1", 0.0)
