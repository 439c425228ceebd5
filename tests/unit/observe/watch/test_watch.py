"""The watch over a real store: each run once, in order; alerts once; all of it over restarts and crashes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.clock import FakeClock
from quarterdeck.errors import BadInput, NotFound, StoreFailed
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.ports import Patrols
from quarterdeck.store.alerts import AlertFilter
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.memory.alerts import MemoryAlertStore

from .patrols import NOW_NS, RECOVERS, CountingPatrol, make_run


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def error(self, event: str, **fields: Any) -> None:
        self.lines.append(event)

    warning = error


class BrokenStore(MemoryAlertStore):
    """Alerts that cannot be written while `broken`."""

    broken = False

    def put_alerts(self, alerts: Sequence[Alert]) -> None:
        if self.broken:
            msg = "disk full"
            raise StoreFailed(msg)
        super().put_alerts(alerts)


class Bench:
    """Stores that outlive the watches over them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "watch.bin"
        self.store = MemoryStore()
        self.alerts = BrokenStore()
        self.told: list[tuple[str, str]] = []
        self.made: dict[str, CountingPatrol] = {}
        self.clock = FakeClock(NOW_NS)
        self.log = Log()
        self.registry = CollectorRegistry()

    def watch(self, **options: Any) -> Watch:
        """A new process."""
        self.registry = CollectorRegistry()
        return Watch(
            feed=self.store,
            alerts=self.alerts,
            patrols=Patrols(self._new, self._load),
            live=LiveRules(),
            objectives=Objectives(),
            options=WatchOptions(**options),
            alert_options=AlertOptions(),
            gauges=WatchGauges(self.registry),
            clock=self.clock,
            log=self.log,
            file=self.file,
            tell=self._tell,
        )

    def _tell(self, alert: Alert, event: str) -> None:
        """As a notifier does: what stands in the alert as told is known."""
        if not any(one.what == "notified" and one.words.startswith(event) for one in alert.events):
            self.told.append((alert.alert_id, event))

    def _new(self, project: str) -> CountingPatrol:
        self.made[project] = CountingPatrol(project)
        return self.made[project]

    def _load(self, project: str, data: bytes) -> CountingPatrol:
        self.made[project] = CountingPatrol.load(project, data)
        return self.made[project]

    def write(self, *runs: Run) -> None:
        self.store.put_runs(runs, [], settled_seq=0)

    def tick(self, watch: Watch) -> int:
        self.clock.advance(1)
        return watch.tick(self.clock.now_ns())

    def found(self) -> list[Alert]:
        return list(self.alerts.list_alerts(AlertFilter("default"), cursor=None, limit=99)[0])

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def bad(first: int, n: int, **changes: Any) -> list[Run]:
    return [make_run(number, failed=True, **changes) for number in range(first, first + n)]


def test_a_run_is_taken_once_however_often_it_is_written(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(make_run(1))
    bench.write(make_run(2), make_run(1))
    bench.tick(watch)
    bench.write(make_run(2, failed=True), make_run(3, lifecycle="running", ended_at_ns=None))
    bench.tick(watch)
    assert bench.made["default"].taken == ["run1", "run2"]
    assert bench.count("quarterdeck_watch_runs_taken_total") == 2


def test_runs_are_taken_in_the_order_of_writing_over_many_pages(bench: Bench) -> None:
    watch = bench.watch(read_max=3)
    bench.tick(watch)
    for number in (5, 3, 9, 1, 7, 2, 8):
        bench.write(make_run(number))
    assert bench.tick(watch) == 7
    assert bench.made["default"].taken == [f"run{n}" for n in (5, 3, 9, 1, 7, 2, 8)]


def test_findings_become_an_alert_that_is_written_and_told(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 3))
    bench.tick(watch)
    assert [alert.state for alert in bench.found()] == ["pending"]
    bench.write(*bad(4, 2))
    bench.tick(watch)
    (alert,) = bench.found()
    assert (alert.state, bench.told) == ("firing", [(alert.alert_id, "firing")])
    assert watch.alert_run_ids() == {"run5"}
    assert bench.count("quarterdeck_alerts", state="firing") == 1
    bench.write(*(make_run(number) for number in range(10, 10 + RECOVERS)))
    bench.tick(watch)
    assert bench.found()[0].state == "resolved"
    assert bench.told[1:] == [(alert.alert_id, "resolved")]
    assert watch.alert_run_ids() == frozenset()


def test_one_bad_project_does_not_stop_the_others(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    poisoned = [make_run(number, project="sick", agent="poison") for number in range(1, 4)]
    bench.write(*poisoned, make_run(9), make_run(10, project="sick"))
    bench.tick(watch)
    assert bench.made["default"].taken == ["run9"]
    assert bench.made["sick"].taken == ["run10"]
    assert bench.log.lines == ["watch_step_failed"]  # once, not once a run
    assert bench.count("quarterdeck_watch_failures_total", step="take") == 3


def test_projects_beyond_the_limit_are_counted(bench: Bench) -> None:
    watch = bench.watch(projects_max=2)
    bench.tick(watch)
    bench.write(*(make_run(n, project=f"p{n}") for n in range(4)))
    bench.tick(watch)
    assert sorted(bench.made) == ["p0", "p1"]
    assert bench.count("quarterdeck_watch_refused_total", limit="watch.projects_max") == 2
    assert [limit.current for limit in watch.limits()] == [4, 0, 0, 0, 2]


def test_after_a_stop_it_goes_on_where_it_stood(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 4))
    bench.tick(watch)
    watch.save()
    bench.write(*bad(5, 1))
    again = bench.watch()
    bench.tick(again)
    assert bench.made["default"].taken == ["run5"]
    assert [(alert.state, len(bench.told)) for alert in bench.found()] == [("firing", 1)]


def test_a_crash_in_the_first_minute_takes_runs_again_and_loudly(bench: Bench) -> None:
    bench.tick(bench.watch())
    bench.write(*bad(1, 5))
    bench.tick(bench.watch())
    assert [alert.state for alert in bench.found()] == ["firing"]


def test_a_crash_takes_runs_again_and_tells_nothing_twice(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 2))
    bench.tick(watch)
    watch.save()
    bench.write(*bad(3, 3))
    bench.tick(watch)  # and no save
    (before,) = bench.found()
    bench.alerts.put_alerts([with_notified(before)])
    bench.tick(bench.watch())
    assert bench.made["default"].taken == ["run3", "run4", "run5"]
    assert [alert.alert_id for alert in bench.found()] == [before.alert_id]
    assert len(bench.told) == 1


def with_notified(alert: Alert) -> Alert:
    return replace(alert, events=(*alert.events, AlertEvent((alert.fired_ns or 0) + 1, "notified", "firing")))


def test_what_a_crash_kept_from_being_told_is_told_at_the_start(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 5))
    bench.tick(watch)
    watch.save()
    bench.told.clear()
    bench.tick(bench.watch())
    assert [event for _, event in bench.told] == ["firing"]


def test_without_a_memory_it_learns_from_the_newest_runs_and_tells_nobody(bench: Bench) -> None:
    bench.write(*(make_run(n) for n in range(10)))
    bench.write(*bad(20, 5))
    watch = bench.watch(replay_max=6, read_max=2)
    assert bench.tick(watch) == 0
    assert bench.made["default"].taken == ["run9", *(f"run{n}" for n in range(20, 25))]
    assert (bench.found(), bench.told) == ([], [])
    bench.write(make_run(30))
    bench.tick(watch)
    assert bench.made["default"].taken[-1] == "run30"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80", b"\x86\xa4form\x02"])
def test_a_memory_that_is_not_ours_is_learned_anew(bench: Bench, content: bytes) -> None:
    bench.file.write_bytes(content)
    bench.write(make_run(1))
    bench.tick(bench.watch())
    assert bench.made["default"].taken == ["run1"]
    assert bench.log.lines == ["watch_learns_anew"]


def test_a_memory_of_a_newer_store_is_learned_anew(bench: Bench, tmp_path: Path) -> None:
    watch = bench.watch()
    bench.write(make_run(1), make_run(2))
    bench.tick(watch)
    watch.save()
    bench.store = MemoryStore()
    bench.write(make_run(3))
    bench.tick(bench.watch())
    assert bench.made["default"].taken == ["run3"]


def test_what_was_rising_ends_when_nobody_remembers_it(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 3))
    bench.tick(watch)
    bench.file.unlink()
    bench.tick(bench.watch())
    assert [(alert.state, bench.told) for alert in bench.found()] == [("resolved", [])]
    assert "lost its memory" in str(bench.found()[0].resolution)


def test_an_alert_that_cannot_be_written_is_not_told_until_it_is(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 5))
    bench.alerts.broken = True
    with pytest.raises(StoreFailed):
        bench.tick(watch)
    assert bench.told == []
    bench.alerts.broken = False
    bench.tick(watch)
    assert [event for _, event in bench.told] == ["firing"]
    assert bench.made["default"].taken == [f"run{n}" for n in range(1, 6)]


def outcome(run_id: str, score: float = 0.5, at: int = 0) -> Outcome:
    return Outcome("default", run_id, "thumbs", score, None, NOW_NS + at, NOW_NS + at, "api")


def test_an_outcome_is_scored_with_its_run_whichever_comes_first(bench: Bench) -> None:
    watch = bench.watch(recent_max=1)
    bench.tick(watch)
    bench.write(make_run(1), make_run(2))
    bench.tick(watch)
    bench.store.put_outcomes([outcome("run1", 0.1), outcome("run2", 0.2), outcome("run3", 0.3)])
    bench.tick(watch)
    assert bench.made["default"].scores == [("run1", 0.1), ("run2", 0.2)]
    bench.write(make_run(3))
    bench.tick(watch)
    assert bench.made["default"].scores[2:] == [("run3", 0.3)]


def test_outcomes_that_wait_are_bounded_and_survive_a_stop(bench: Bench) -> None:
    watch = bench.watch(waiting_max=2)
    bench.tick(watch)
    bench.store.put_outcomes([outcome(f"run{n}") for n in range(1, 5)])
    bench.tick(watch)
    assert bench.count("quarterdeck_watch_refused_total", limit="watch.waiting_max") == 2
    watch.save()
    again = bench.watch()
    bench.write(*(make_run(n) for n in range(1, 5)))
    bench.tick(again)
    assert [run_id for run_id, _ in bench.made["default"].scores] == ["run1", "run2"]


def test_outcomes_of_a_history_are_learned_quietly(bench: Bench) -> None:
    bench.write(make_run(1))
    bench.store.put_outcomes([outcome("run1"), outcome("run7")])
    watch = bench.watch()
    bench.tick(watch)
    assert bench.made["default"].scores == [("run1", 0.5)]
    bench.tick(watch)
    assert bench.made["default"].scores == [("run1", 0.5)]


def test_closing_through_the_watch(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 5))
    bench.tick(watch)
    (alert,) = bench.found()
    with pytest.raises(BadInput):
        watch.close_alert("default", alert.alert_id, " ", None)
    with pytest.raises(NotFound):
        watch.close_alert("other", alert.alert_id, "known", None)
    closed = watch.close_alert("default", alert.alert_id, "known", "ann")
    assert bench.found() == [closed]
    assert (closed.state, closed.resolution, bench.told[-1][1]) == ("resolved", "known", "resolved")


def test_what_is_noted_stands_in_the_alert(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(*bad(1, 5))
    bench.tick(watch)
    (alert,) = bench.found()
    watch.note("default", alert.alert_id, AlertEvent(NOW_NS, "notified", "firing: 200"))
    assert bench.found()[0].events[-1].what == "notified"
    bench.write(*(make_run(number) for number in range(10, 10 + RECOVERS)))
    bench.tick(watch)
    assert [event.what for event in bench.found()[0].events] == ["pending", "firing", "notified", "resolved"]


def test_live_runs_that_loop_become_an_alert(bench: Bench) -> None:
    watch = bench.watch()
    changes = {"lifecycle": "running", "ended_at_ns": None, "flags": ("loop",)}
    for _ in range(60):
        bench.write(*(make_run(n, **changes, started_at_ns=NOW_NS) for n in range(9)))
        bench.tick(watch)
    assert [(alert.kind, alert.state) for alert in bench.found()] == [("loop", "firing")]


def test_a_question_about_an_unknown_project_makes_no_state(bench: Bench) -> None:
    watch = bench.watch()
    assert watch.streams("nobody") == []
    assert watch.promise("nobody").alarms_per_month == 1.0
    with pytest.raises(NotFound):
        watch.history("nobody", "s")
    bench.tick(watch)
    assert watch.limits()[2].current == 0


def test_the_thread_looks_stops_and_saves(bench: Bench) -> None:
    seen = threading.Event()
    original: Callable[[Run], list[Finding]] = CountingPatrol.take

    class Telling(CountingPatrol):
        def take(self, run: Run) -> list[Finding]:
            seen.set()
            return original(self, run)

    bench._new = Telling
    watch = bench.watch(every_s=0.01)
    bench.write(make_run(1))
    watch.start()
    assert seen.wait(30)
    assert watch.stop(30)
    assert bench.file.exists()


def test_a_run_in_parts_is_taken_when_its_root_came_and_as_it_is_when_it_never_comes(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(make_run(1, root_synthetic=True), make_run(2, root_synthetic=True))
    bench.tick(watch)
    assert bench.made == {}
    bench.write(make_run(1, failed=True))
    bench.tick(watch)
    assert bench.made["default"].taken == ["run1"]
    assert bench.made["default"].counts["support"] == [1, 0]
    bench.clock.advance(61)
    bench.tick(watch)
    assert bench.made["default"].taken == ["run1", "run2"]


def test_a_run_in_parts_is_not_lost_over_a_restart(bench: Bench) -> None:
    watch = bench.watch()
    bench.tick(watch)
    bench.write(make_run(1, root_synthetic=True), make_run(2))
    bench.tick(watch)
    watch.save()
    bench.clock.advance(61)
    again = bench.watch()
    bench.tick(again)
    bench.clock.advance(61)
    bench.tick(again)
    assert bench.made["default"].taken == ["run1"], "run2 was taken by the process before"
