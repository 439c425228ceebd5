"""A fleet of one agent over the real patrol, the memory stores, and a clock that runs with it: what people on call live through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.clock import FakeClock
from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import Mute
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.signals import Patrol, SignalsOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.oncall import OnCall
from quarterdeck.observe.watch.ports import Patrols
from quarterdeck.store.alerts import AlertFilter
from quarterdeck.store.memory import MemoryAlertStore, MemoryDocumentStore, MemoryStore

from .patrols import NOW_NS, SECOND, CountingPatrol, make_run

EVERY_S = 10
DAY_S = 86_400


class Quiet:
    def error(self, event: str, **fields: Any) -> None:
        raise AssertionError(event, fields)

    warning = error


class Story:
    """`watch()` is a new process over the same stores; `runs` go by, of which a share fails."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.file = folder / "watch.bin"
        self.store, self.alerts, self.desk = MemoryStore(), MemoryAlertStore(), MemoryDocumentStore()
        self.options = OncallOptions(**options)
        self.clock = FakeClock(NOW_NS)
        self.random = Random(5)
        self.told: list[tuple[str, str]] = []
        self.n = 0
        self.watch = self.start()

    def patrols(self) -> Patrols:
        """The real ones."""
        signals = SignalsOptions(warmup_runs=100)
        return Patrols(
            lambda project: Patrol(project, signals), lambda project, data: Patrol.load(project, signals, data)
        )

    def start(self) -> Watch:
        """As after a crash: what was not saved is gone."""
        self.watch = Watch(
            feed=self.store,
            alerts=self.alerts,
            patrols=self.patrols(),
            live=LiveRules(),
            objectives=Objectives(),
            options=WatchOptions(),
            alert_options=AlertOptions(),
            gauges=WatchGauges(CollectorRegistry()),
            clock=self.clock,
            log=Quiet(),
            file=self.file,
            tell=lambda alert, event: self.told.append((alert.alert_id, event)),
            desk=self.desk,
            oncall=self.options,
        )
        return self.watch

    @property
    def oncall(self) -> OnCall:
        assert self.watch.oncall is not None
        return self.watch.oncall

    def runs(self, n: int, rate: float, **changes: Any) -> None:
        """`n` runs, each followed by a look."""
        for _ in range(n):
            self.n += 1
            self.clock.advance(EVERY_S)
            now_ns = self.clock.now_ns()
            failed = self.random.random() < rate
            values = {"started_at_ns": now_ns - SECOND, "ended_at_ns": now_ns, "last_seen_ns": now_ns, **changes}
            self.store.put_runs([make_run(self.n, failed=failed, **values)], [], settled_seq=0)
            self.watch.tick(now_ns)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.watch.tick(self.clock.now_ns())

    def all_alerts(self) -> list[Alert]:
        return list(self.alerts.list_alerts(AlertFilter("default"), cursor=None, limit=999)[0])

    def alert(self) -> Alert:
        """The only one that fired."""
        (found,) = [one for one in self.all_alerts() if one.fired_ns is not None]
        return found

    def events(self) -> list[str]:
        return [event.what for event in self.alert().events]

    def mute(self, hours: float = 72.0) -> Mute:
        return self.oncall.mute(
            "default",
            signal=None,
            where=(),
            owner="ada",
            reason="the vendor rolls out a fix",
            hours=hours,
        )


class _Shouting(CountingPatrol):
    """Every failing run is a finding of its agent that reached its threshold."""

    def take(self, run: Run) -> list[Finding]:
        return [replace(self.finding("reached", run), n=50)] if run.failed else []


class _Loud(Story):
    def patrols(self) -> Patrols:
        return Patrols(_Shouting, _Shouting.load)


class Outage:
    """One provider answers nobody."""

    def __init__(self, folder: Path) -> None:
        self.story = _Loud(folder)
        self.story.pass_time(1)

    def fail(self, *, agents: int, findings: int | None = None) -> None:
        """A failing run of each agent in turn, all within one look."""
        now_ns = self.story.clock.now_ns()
        runs = [
            make_run(
                number,
                failed=True,
                agent=f"agent{number % agents}",
                provider="acme",
                error_class="provider_overload",
                last_seen_ns=now_ns + number,
            )
            for number in range(findings or agents)
        ]
        self.story.store.put_runs(runs, [], settled_seq=0)
        self.story.pass_time(1)
