"""A flood of findings of one cause, through the watch's alerting and a real box, to a real receiver."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.api.routes.alerts import _FINDING
from quarterdeck.clock import FakeClock
from quarterdeck.model.alerts import AlertEvent
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.notifiers import NotifyGauges, NotifyOptions, Outbox, Outboxes, Place, Words
from quarterdeck.observe.notifiers.slack import Slack
from quarterdeck.observe.watch.alerting import Alerting
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.store.memory import MemoryAlertStore

from ..notifiers.receivers.http import serving
from ..notifiers.receivers.slack import PATH, slack


class Quiet:
    def warning(self, _event: str, **_fields: Any) -> None: ...

    error = warning


def test_ten_thousand_findings_of_one_cause_are_one_page() -> None:
    clock = FakeClock(_FINDING.at_ns)

    def note(project: str, alert_id: str, event: AlertEvent) -> None:
        alerting.note(project, alert_id, event)

    with serving(slack) as fake:
        notifier = Slack(
            "team", fake.url + PATH, lambda m: Words(m.alert.title, (), "https://x/", "capability"), timeout_s=10
        )
        options = NotifyOptions()
        box = Outbox(
            notifier,
            options=options,
            note=note,
            clock=clock,
            random=Random(1),
            gauges=NotifyGauges(CollectorRegistry()),
            log=Quiet(),
        )
        boxes = Outboxes(
            [Place("team", "slack", box)],
            routes={},
            digests=(),
            class_of=lambda _: "capability",
            clock=clock,
            queue_max=10,
        )
        store = MemoryAlertStore()
        alerting = Alerting(store, AlertOptions(), WatchGauges(CollectorRegistry()), boxes.tell)
        for number in range(10_000):
            now_ns = _FINDING.at_ns + number * 10**6
            alerting.deal([replace(_FINDING, at_ns=now_ns, n=_FINDING.n + number)], now_ns)
            clock.advance(0.001)
            if number % 100 == 0:
                box.step()
        while box.step() is not None:
            clock.advance(1)
        notifier.close()
    assert len(fake.taken) == 1
    assert json.loads(fake.taken[0])["blocks"][0]["type"] == "header"
    (alert,) = store.open_alerts()
    assert [event.what for event in alert.events].count("notified") == 1
