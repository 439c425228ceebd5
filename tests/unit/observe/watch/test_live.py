"""Runaway runs and burning budgets through the whole watch: alerts, the breaker, a restart, an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.clock import FakeClock
from quarterdeck.model.alerts import Alert
from quarterdeck.model.ports import Breaker
from quarterdeck.model.runs import Cost, Run
from quarterdeck.model.signals import Keys
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.signals.live import LiveOptions, LiveRules
from quarterdeck.observe.signals.objectives import BurnOptions, Objective, Objectives
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.ports import Patrols
from quarterdeck.store.alerts import AlertFilter
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.memory.alerts import MemoryAlertStore

from .patrols import NOW_NS, SECOND, CountingPatrol, make_run

BURN = BurnOptions(objectives=(Objective(name="spend", quantity="cost_usd", budget=720.0),))


class Silent:
    """A log that must not be needed."""

    def error(self, event: str, **fields: Any) -> None:
        raise AssertionError((event, fields))

    warning = error


class Admission:
    def __init__(self) -> None:
        self.asked: list[Keys] = []

    def stop(self, project: str, where: Keys, reason: str, until_ns: int) -> bool:
        self.asked.append(where)
        return True


class Deck:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.store, self.alerts, self.clock = MemoryStore(), MemoryAlertStore(), FakeClock(NOW_NS)

    def watch(self, breaker: Breaker | None = None, burn: BurnOptions | None = None) -> Watch:
        return Watch(
            feed=self.store,
            alerts=self.alerts,
            patrols=Patrols(CountingPatrol, CountingPatrol.load),
            live=LiveRules(LiveOptions(breaker=True)),
            objectives=Objectives(burn or BurnOptions()),
            options=WatchOptions(),
            alert_options=AlertOptions(),
            gauges=WatchGauges(CollectorRegistry()),
            clock=self.clock,
            log=Silent(),
            file=self.file,
            breaker=breaker,
        )

    def write(self, *runs: Run) -> None:
        self.store.put_runs(runs, [], settled_seq=0)

    def ticks(self, watch: Watch, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            watch.tick(self.clock.now_ns())

    def kinds(self) -> list[tuple[str, str]]:
        return [(alert.kind, alert.state) for alert in self.found()]

    def found(self) -> list[Alert]:
        return list(self.alerts.list_alerts(AlertFilter("default"), cursor=None, limit=9)[0])


def usual() -> list[Run]:
    """Twenty runs of two cents in two minutes."""
    return [
        make_run(n, started_at_ns=NOW_NS - 200 * SECOND, cost=Cost(computed=0.02, source="priced"))
        for n in range(1, 21)
    ]


def runaway(lifecycle: str = "running") -> Run:
    """Fifty dollars in five minutes."""
    ended = {"ended_at_ns": None} if lifecycle == "running" else {}
    started = NOW_NS - 300 * SECOND
    return make_run(
        90,
        lifecycle=lifecycle,
        status="unknown",
        started_at_ns=started,
        cost=Cost(computed=50.0, source="priced"),
        **ended,
    )


def test_what_runs_away_is_told_stopped_and_over(tmp_path: Path) -> None:
    deck, admission = Deck(tmp_path / "watch.bin"), Admission()
    watch = deck.watch(admission)
    deck.ticks(watch, 1)
    deck.write(*usual(), runaway())
    deck.ticks(watch, 45)
    assert deck.kinds() == [("runaway", "firing")]
    assert admission.asked == []
    deck.ticks(watch, 60)
    assert admission.asked == [(("agent", "support"), ("prompt_version", None))]
    (alert,) = deck.found()
    assert alert.title.startswith("1 live run of support runs away: $")
    assert alert.title.endswith("; admission stops it")
    deck.write(runaway("finished"))
    deck.ticks(watch, 130)
    assert deck.kinds() == [("runaway", "resolved")]


def test_with_no_admission_the_alert_says_that_nothing_could_be_stopped(tmp_path: Path) -> None:
    deck = Deck(tmp_path / "watch.bin")
    watch = deck.watch()
    deck.ticks(watch, 1)
    deck.write(*usual(), runaway())
    deck.ticks(watch, 110)
    assert "nothing could be stopped" in deck.found()[0].title


def test_what_goes_on_over_a_restart_is_neither_told_twice_nor_called_over(tmp_path: Path) -> None:
    deck = Deck(tmp_path / "watch.bin")
    watch = deck.watch()
    deck.ticks(watch, 1)
    deck.write(*usual(), runaway())
    deck.ticks(watch, 45)
    watch.save()
    again = deck.watch()
    deck.ticks(again, 200)
    assert deck.kinds() == [("runaway", "firing")]
    deck.write(runaway("finished"))
    deck.ticks(again, 130)
    assert deck.kinds() == [("runaway", "resolved")]


def test_a_budget_that_burns_is_an_alert_of_its_own(tmp_path: Path) -> None:
    deck = Deck(tmp_path / "watch.bin")
    watch = deck.watch(burn=BURN)
    deck.ticks(watch, 1)
    deck.write(*(make_run(n, cost=Cost(computed=2.0, source="priced"), started_at_ns=NOW_NS) for n in range(20)))
    deck.ticks(watch, 40)
    assert deck.kinds() == [("burn", "firing")]
    assert deck.found()[0].title.startswith("objective spend: in the last hour $40.00 went")
