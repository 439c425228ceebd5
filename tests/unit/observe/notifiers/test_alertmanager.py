"""Alertmanager holds an alert for as long as it is told so, and takes its labels."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from quarterdeck.clock import FakeClock
from quarterdeck.observe.notifiers import Message, SendFailed
from quarterdeck.observe.notifiers.alertmanager import Alertmanager, labels_of

from .example import AT, FIRING, RESOLVED, SECOND, say
from .receivers.alertmanager import AlertmanagerFake
from .receivers.http import Answer, serving


def test_it_fires_for_four_rests_and_ends_when_it_is_resolved() -> None:
    desk = AlertmanagerFake(authorization="Bearer very-secret")
    with serving(desk) as fake:
        clock = FakeClock(AT)
        notifier = Alertmanager(
            "main", fake.url + "/", say, clock, timeout_s=10, repeat_s=60, authorization="Bearer very-secret"
        )
        assert notifier.send(Message(FIRING, "firing")) == "HTTP 200"
        now_ns = clock.now_ns()
        assert [len(desk.firing(now_ns + s * SECOND)) for s in (0, 239, 241)] == [1, 1, 0]
        clock.advance(120)
        notifier.send(Message(FIRING, "firing"))
        assert len(desk.firing(now_ns + 241 * SECOND)) == 1
        notifier.send(Message(RESOLVED, "resolved"))
        assert desk.firing(now_ns + 601 * SECOND) == []
        assert len(desk.alerts) == 1
        notifier.close()
    sent = json.loads(fake.taken[0])[0]
    assert sent["labels"] == {
        "agent": "support",
        "environment": "production",
        "prompt_version": "unknown",
        "alertname": "quarterdeck_regression",
        "alert_id": FIRING.alert_id,
        "class": "capability",
        "project": "default",
        "severity": "error",
    }
    assert sent["annotations"]["summary"] == "support fails more"


def test_labels_do_not_change_while_it_fires() -> None:
    desk, kinds = AlertmanagerFake(), iter(["capability", "shift", "policy"])
    with serving(desk) as fake:
        notifier = Alertmanager(
            "m", fake.url, lambda m: say(m)._replace(kind=next(kinds)), FakeClock(AT), timeout_s=10, repeat_s=60
        )
        for message in (Message(FIRING, "firing"), Message(FIRING, "firing"), Message(RESOLVED, "resolved")):
            notifier.send(message)
        notifier.close()
    assert len(desk.alerts) == 1


def test_it_never_ends_before_it_starts_and_every_label_has_a_value() -> None:
    desk = AlertmanagerFake()
    with serving(desk) as fake:
        notifier = Alertmanager("m", fake.url, say, FakeClock(1), timeout_s=10, repeat_s=60)
        notifier.send(Message(replace(RESOLVED, resolved_ns=AT - SECOND), "resolved"))
        notifier.close()
    assert all(labels_of(replace(FIRING, where=(("x-y.z", None), ("e", ""))), "shift").values())


def test_a_bad_request_is_final_and_hides_what_is_secret() -> None:
    with serving(AlertmanagerFake(authorization="Bearer right")) as fake:
        notifier = Alertmanager(
            "m", fake.url, say, FakeClock(AT), timeout_s=10, repeat_s=60, authorization="Bearer very-secret"
        )
        fake.outage = [
            None,
            Answer(400, b'"start time must be before end time"'),
            Answer(401, b"no: Bearer very-secret"),
        ]
        failures = []
        for _ in range(3):
            with pytest.raises(SendFailed) as caught:
                notifier.send(Message(FIRING, "firing"))
            failures.append((caught.value.words, caught.value.retry))
        notifier.close()
    assert failures == [
        ("HTTP 401: unauthorized", False),
        ('HTTP 400: "start time must be before end time"', False),
        ("HTTP 401", False),
    ]
