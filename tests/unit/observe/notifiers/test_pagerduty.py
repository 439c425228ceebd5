"""PagerDuty's incidents: one for an alert, acknowledged and resolved under its key."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from quarterdeck.observe.notifiers import Message, SendFailed, Words
from quarterdeck.observe.notifiers.pagerduty import PagerDuty

from .example import FIRING, LINK, RESOLVED, say
from .receivers.http import Answer, serving
from .receivers.pagerduty import KEY, PagerDutyFake


def test_an_alert_is_one_incident_from_its_trigger_to_its_end() -> None:
    desk = PagerDutyFake()
    with serving(desk) as fake:
        notifier = PagerDuty("primary", KEY, say, timeout_s=10, url=f"{fake.url}/v2/enqueue")
        states = []
        for alert, event in ((FIRING, "firing"), (FIRING, "firing"), (FIRING, "acknowledged"), (RESOLVED, "resolved")):
            assert notifier.send(Message(alert, event)) == "HTTP 202"
            states.append(dict(desk.incidents))
        notifier.close()
    assert [one[FIRING.alert_id] for one in states] == ["triggered", "triggered", "acknowledged", "resolved"]
    sent = json.loads(fake.taken[0])
    assert sent["payload"]["severity"] == "error"
    assert (sent["payload"]["class"], sent["payload"]["source"], sent["payload"]["group"]) == (
        "capability",
        "support",
        "default",
    )
    assert sent["payload"]["custom_details"]["where"]["prompt.version"] == "unknown"
    assert sent["payload"]["timestamp"] == "2026-11-24T07:00:00.000000Z"
    assert sent["links"] == [{"href": LINK, "text": "Open in Quarterdeck"}]


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("policy", "critical"), ("infrastructure", "critical"), ("capability", "error"), ("shift", "warning"), ("wobble", "info")],
)  # fmt: skip
def test_the_class_says_how_severe_it_is(kind: str, severity: str) -> None:
    with serving(PagerDutyFake()) as fake:
        notifier = PagerDuty(
            "p", KEY, lambda _: Words("t" * 5_000, (), LINK, kind), timeout_s=10, url=f"{fake.url}/v2/enqueue"
        )
        notifier.send(Message(replace(FIRING, alert_id="a" * 300), "firing"))
        notifier.close()
    assert json.loads(fake.taken[0])["payload"]["severity"] == severity


def test_an_invalid_event_is_final_and_a_rate_limit_is_not() -> None:
    with serving(PagerDutyFake()) as fake:
        notifier = PagerDuty("p", "short", say, timeout_s=10, url=f"{fake.url}/v2/enqueue")
        with pytest.raises(SendFailed, match="routing_key") as refused:
            notifier.send(Message(FIRING, "firing"))
        fake.outage = [Answer(429), Answer(200)]
        with pytest.raises(SendFailed) as later:
            notifier.send(Message(FIRING, "firing"))
        with pytest.raises(SendFailed, match="expected 202") as odd:
            notifier.send(Message(FIRING, "firing"))
        notifier.close()
    assert (refused.value.retry, later.value.retry, odd.value.retry) == (False, True, False)
