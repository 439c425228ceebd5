"""Joins the watch to its rooms: patrols, rules about live runs, objectives, the alert store, people to tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, NamedTuple

import orjson
from prometheus_client import CollectorRegistry

from quarterdeck.api.wire.alert import notice_dict
from quarterdeck.clock import Clock
from quarterdeck.model.alerts import AlertEvent
from quarterdeck.model.health import LimitNow
from quarterdeck.model.ports import Breaker
from quarterdeck.observe.notifiers import Message, NotifyGauges, NotifyOptions, Outbox
from quarterdeck.observe.notifiers.webhook import Webhook
from quarterdeck.observe.signals import Patrol, SignalsOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch import Watch
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.ports import Patrols
from quarterdeck.observe.watch.watch import to_nobody
from quarterdeck.settings import Settings
from quarterdeck.store.alerts import AlertStore
from quarterdeck.store.interface import KeyStore, TelemetryStore
from quarterdeck.store.sql.alerts import SqlAlertStore
from quarterdeck.store.sql.keys import SqlKeyStore

WATCH_FILE = "watch.bin"
"""What the watch remembers; when it is lost, normal is learned anew from the newest runs."""


class WatchParts(NamedTuple):
    """Started and stopped with the server. `watch` is None where the settings say so."""

    watch: Watch | None
    alerts: AlertStore
    outbox: Outbox | None

    def start(self) -> None:
        if self.outbox is not None:
            self.outbox.start()
        if self.watch is not None:
            self.watch.start()

    def stop(self, timeout_s: float) -> bool:
        """Answers whether both ended in time; what was not told is told after the next start."""
        ended = self.watch is None or self.watch.stop(timeout_s)
        return ended & (self.outbox is None or self.outbox.stop(timeout_s))

    def limits(self) -> tuple[LimitNow, ...]:
        held = () if self.watch is None else self.watch.limits()
        return held if self.outbox is None else (*held, *self.outbox.limits())

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

    outbox = _outbox(settings.notify, endpoints, note=note, clock=clock, registry=registry, log=log)
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
        tell=to_nobody if outbox is None else outbox.tell,
    )
    return WatchParts(watch, alerts, outbox)


def patrols(options: SignalsOptions) -> Patrols:
    """How patrols are made with these options."""
    return Patrols(lambda project: Patrol(project, options), lambda project, data: Patrol.load(project, options, data))


def _outbox(
    options: NotifyOptions,
    endpoints: Mapping[str, str | None],
    *,
    note: Any,
    clock: Clock,
    registry: CollectorRegistry,
    log: Any,
) -> Outbox | None:
    if options.webhook_url is None:
        return None
    base = (options.page_url or endpoints.get("api") or "").rstrip("/")
    webhook = Webhook(options.webhook_url.get_secret_value(), options, partial(_notice, base), clock)
    return Outbox(
        webhook,
        options=options,
        note=note,
        clock=clock,
        random=SystemRandom(),
        gauges=NotifyGauges(registry),
        log=log,
    )


def _notice(base: str, message: Message) -> bytes:
    link = f"{base}/alerts/{message.alert.alert_id}"
    return orjson.dumps(notice_dict(message.alert, message.event, message.message_id, link))
