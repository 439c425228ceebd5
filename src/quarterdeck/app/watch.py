"""Joins the watch to its rooms: patrols, rules about live runs, objectives, the alert store, people to tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry

from quarterdeck.app.notify import Known, notify_parts
from quarterdeck.clock import Clock
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.drills import is_drill
from quarterdeck.model.health import LimitNow
from quarterdeck.model.ports import Breaker
from quarterdeck.observe.notifiers import Outboxes
from quarterdeck.observe.signals import Patrol, SignalsOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch import Watch
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.oncall import OnCall
from quarterdeck.observe.watch.ports import Patrols, Tell
from quarterdeck.observe.watch.watch import to_nobody
from quarterdeck.settings import Settings
from quarterdeck.store.alerts import AlertStore
from quarterdeck.store.interface import KeyStore, TelemetryStore
from quarterdeck.store.sql.alerts import SqlAlertStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.keys import SqlKeyStore

WATCH_FILE = "watch.bin"
"""What the watch remembers; when it is lost, normal is learned anew from the newest runs."""


class WatchParts(NamedTuple):
    """Started and stopped with the server. `watch` is None where the settings say so."""

    watch: Watch | None
    alerts: AlertStore
    outboxes: Outboxes | None

    def start(self) -> None:
        if self.outboxes is not None:
            self.outboxes.start()
        if self.watch is not None:
            self.watch.start()

    def stop(self, timeout_s: float) -> bool:
        """Answers whether both ended in time; what was not told is told after the next start."""
        ended = self.watch is None or self.watch.stop(timeout_s)
        return ended & (self.outboxes is None or self.outboxes.stop(timeout_s))

    def limits(self) -> tuple[LimitNow, ...]:
        held = () if self.watch is None else self.watch.limits()
        return held if self.outboxes is None else (*held, *self.outboxes.limits())

    def alert_run_ids(self) -> frozenset[str]:
        """Runs that firing alerts rest on: their bodies are kept."""
        return frozenset() if self.watch is None else self.watch.alert_run_ids()


def watch_parts(
    settings: Settings,
    folder: Path,
    *,
    store: TelemetryStore,
    keys: KeyStore,
    clock: Clock,
    registry: CollectorRegistry,
    log: Any,
    endpoints: Mapping[str, str | None],
    breaker: Breaker | None = None,
) -> WatchParts:
    """Nothing runs yet. Alerts lie beside the keys, in the operational state. `breaker`: whom to ask to stop a runaway."""
    assert isinstance(keys, SqlKeyStore)
    alerts = SqlAlertStore(keys.engine)
    if not settings.watch.enabled:
        return WatchParts(None, alerts, None)

    def note(project: str, alert_id: str, event: AlertEvent) -> None:
        watch.note(project, alert_id, event)

    known = Known(lambda alert: on_call(watch).class_of(alert), lambda alert: on_call(watch).past(alert))
    outboxes = notify_parts(
        settings.notify, settings.oncall, endpoints, known=known, note=note, clock=clock, registry=registry, log=log
    )
    watch = Watch(
        feed=store,
        alerts=alerts,
        patrols=patrols(settings.signals),
        live=LiveRules(settings.live),
        objectives=Objectives(settings.burn),
        options=settings.watch,
        alert_options=settings.alerts,
        gauges=WatchGauges(registry),
        clock=clock,
        log=log,
        file=folder / WATCH_FILE,
        breaker=breaker,
        desk=SqlDocumentStore(keys.engine),
        oncall=settings.oncall,
        tell=to_nobody if outboxes is None else _of_real_runs(outboxes.tell),
    )
    return WatchParts(watch, alerts, outboxes)


def on_call(watch: Watch) -> OnCall:
    """Of a watch that was made with a place for decisions."""
    assert watch.oncall is not None
    return watch.oncall


def patrols(options: SignalsOptions) -> Patrols:
    """How patrols are made with these options."""
    return Patrols(lambda project: Patrol(project, options), lambda project, data: Patrol.load(project, options, data))


def _of_real_runs(tell: Tell) -> Tell:
    """Nobody is told of a drill's alerts."""

    def told(alert: Alert, event: str) -> None:
        if not is_drill(alert.project):
            tell(alert, event)

    return told
