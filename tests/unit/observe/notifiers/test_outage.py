"""Receivers that are down for an hour, a server that starts again meanwhile, and a flood of one cause."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.clock import FakeClock
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.observe.notifiers import Digest, Notifier, NotifyGauges, NotifyOptions, Outbox, Outboxes, Place
from quarterdeck.observe.notifiers.alertmanager import Alertmanager
from quarterdeck.observe.notifiers.outbox import rest
from quarterdeck.observe.notifiers.pagerduty import PagerDuty
from quarterdeck.observe.notifiers.slack import Slack

from .example import AT, FIRING, LINK, say
from .receivers.alertmanager import AlertmanagerFake
from .receivers.http import Fake, serving
from .receivers.pagerduty import KEY, PagerDutyFake
from .receivers.slack import PATH, slack
from .test_webhook import Log

HOUR_S = 3_600


class Deck:
    """Three receivers, the alerts with what was noted of them, and a server that can be started again."""

    def __init__(self, fakes: dict[str, Fake], alertmanager: AlertmanagerFake) -> None:
        self.fakes = fakes
        self.alertmanager = alertmanager
        self.clock = FakeClock(AT)
        self.alerts: dict[str, Alert] = {}
        self.made: list[Notifier] = []
        self.routes: dict[str, tuple[str, ...]] = {}
        self.start()

    def start(self) -> None:
        """As after a crash: nothing but the alerts is left."""
        options = NotifyOptions()
        url = {name: fake.url for name, fake in self.fakes.items()}
        notifiers: dict[str, Notifier] = {
            "team": Slack("team", url["slack"] + PATH, say, timeout_s=10),
            "primary": PagerDuty("primary", KEY, say, timeout_s=10, url=url["pagerduty"] + "/v2/enqueue"),
            "main": Alertmanager("main", url["alertmanager"], say, self.clock, timeout_s=10, repeat_s=60),
        }
        self.made += notifiers.values()
        gauges = NotifyGauges(CollectorRegistry())
        self.boxes = {
            name: Outbox(
                notifier, options=options, note=self.note, clock=self.clock, random=Random(1), gauges=gauges, log=Log()
            )
            for name, notifier in notifiers.items()
        }
        self.outboxes = Outboxes(
            [Place(name, box.notifier.name.split()[0], box) for name, box in self.boxes.items()],
            routes=self.routes,
            digests=("team",),
            class_of=lambda _alert: "capability",
            clock=self.clock,
            queue_max=options.queue_max,
        )
        for alert in self.alerts.values():
            for event in ("firing",) if alert.state == "firing" else ("firing", "resolved"):
                self.outboxes.tell(alert, event)

    def note(self, _project: str, alert_id: str, event: AlertEvent) -> None:
        alert = self.alerts[alert_id]
        self.alerts[alert_id] = replace(alert, events=(*alert.events, event))

    def fire(self, alert_id: str) -> None:
        self.alerts[alert_id] = replace(
            FIRING, alert_id=alert_id, title=f"{alert_id} fails", fired_ns=self.clock.now_ns()
        )
        self.outboxes.tell(self.alerts[alert_id], "firing")

    def resolve(self, alert_id: str) -> None:
        ended = replace(self.alerts[alert_id], state="resolved", resolved_ns=self.clock.now_ns(), resolution="over")
        self.alerts[alert_id] = ended
        self.outboxes.tell(ended, "resolved")

    def run(self, seconds: float, step_s: float = 5.0) -> None:
        end_s = self.clock.monotonic_s() + seconds
        while self.clock.monotonic_s() < end_s:
            for box in self.boxes.values():
                while box.step() == 0:
                    pass
            self.clock.advance(step_s)

    def slack_titles(self) -> list[tuple[str, str]]:
        """Sign and line of each message."""
        titles = [json.loads(body)["blocks"][0]["text"]["text"] for body in self.fakes["slack"].taken]
        return [(sign, line) for sign, _, line in (title.partition(" ") for title in titles)]

    def actions(self) -> list[tuple[str, str]]:
        sent = [json.loads(body) for body in self.fakes["pagerduty"].taken]
        return [(one["dedup_key"], one["event_action"]) for one in sent]

    def noted(self, alert_id: str) -> list[str]:
        return sorted(one.words.partition(":")[0] for one in self.alerts[alert_id].events if one.what == "notified")


@pytest.fixture
def deck() -> Iterator[Deck]:
    alertmanager = AlertmanagerFake()
    with serving(slack) as first, serving(PagerDutyFake()) as second, serving(alertmanager) as third:
        made = Deck({"slack": first, "pagerduty": second, "alertmanager": third}, alertmanager)
        yield made
        for notifier in made.made:
            notifier.close()


def test_one_that_is_down_for_an_hour_holds_up_no_other_and_lacks_nothing_after_it(deck: Deck) -> None:
    deck.fakes["slack"].down = True
    deck.fire("a1")
    deck.run(60)
    assert deck.actions() == [("a1", "trigger")]
    deck.resolve("a1")
    deck.fire("a2")
    deck.run(HOUR_S)
    assert deck.actions() == [("a1", "trigger"), ("a1", "resolve"), ("a2", "trigger")]
    assert [(one.name, one.state, one.waiting) for one in deck.outboxes.now()] == [
        ("team", "failing", 3),
        ("primary", "working", 0),
        ("main", "working", 0),
    ]
    assert deck.outboxes.now()[0].last_error == "HTTP 503"
    deck.fakes["slack"].down = False
    deck.run(400)
    told = deck.slack_titles()
    assert sorted(told) == [
        (":warning:", "a1 fails"),
        (":warning:", "a2 fails"),
        (":white_check_mark:", "resolved: a1 fails"),
    ]
    assert told.index((":warning:", "a1 fails")) < told.index((":white_check_mark:", "resolved: a1 fails"))
    assert deck.noted("a1") == sorted(
        f"{event} to {name}" for event in ("firing", "resolved") for name in ("slack team", "pagerduty primary", "alertmanager main")
    )  # fmt: skip


@pytest.mark.parametrize("over", [False, True])
def test_a_start_in_the_middle_of_the_hour_tells_what_each_lacks_and_nothing_twice(deck: Deck, *, over: bool) -> None:
    deck.fakes["slack"].down = True
    deck.fire("a1")
    deck.run(1_800)
    if over:
        deck.resolve("a1")
        deck.run(60)
    deck.start()
    deck.run(1_800)
    deck.fakes["slack"].down = False
    deck.run(400)
    deck.start()
    deck.run(60)
    ends = [("a1", "resolve")] if over else []
    assert deck.actions() == [("a1", "trigger"), *ends]
    assert [sign for sign, _ in deck.slack_titles()] == [":warning:", *([":white_check_mark:"] if over else [])]


def test_attempts_as_shipped_outlast_two_hours_however_the_dice_fall() -> None:
    options = NotifyOptions()

    class Least(Random):
        def random(self) -> float:
            return 0.999_999

    shortest_s = sum(rest(tries, options, Least(), None) for tries in range(1, options.attempts))
    longest_s = sum(
        min(options.backoff_max_s, options.backoff_s * 2.0 ** (tries - 1)) for tries in range(1, options.attempts)
    )
    assert 2 * HOUR_S < shortest_s < longest_s < 4.5 * HOUR_S


def test_alertmanager_hears_of_what_fires_until_it_is_over_also_after_a_start(deck: Deck) -> None:
    deck.fire("a1")
    for _ in range(3):
        deck.run(HOUR_S / 4)
        assert len(deck.alertmanager.firing(deck.clock.now_ns())) == 1
    sent = len(deck.fakes["alertmanager"].taken)
    assert 40 <= sent <= 46
    deck.start()
    deck.run(HOUR_S / 4)
    assert len(deck.alertmanager.firing(deck.clock.now_ns())) == 1
    assert deck.noted("a1").count("firing to alertmanager main") == 1
    deck.resolve("a1")
    deck.run(60)
    sent = len(deck.fakes["alertmanager"].taken)
    deck.run(HOUR_S / 4)
    assert deck.alertmanager.firing(deck.clock.now_ns()) == []
    assert len(deck.fakes["alertmanager"].taken) == sent


def test_a_class_goes_where_it_is_routed_and_its_end_follows(deck: Deck) -> None:
    deck.routes["capability"] = ("primary",)
    deck.start()
    deck.fire("a1")
    deck.run(30)
    deck.outboxes.tell(deck.alerts["a1"], "acknowledged")
    deck.run(30)
    deck.resolve("a1")
    deck.run(30)
    assert deck.actions() == [("a1", "trigger"), ("a1", "acknowledge"), ("a1", "resolve")]
    assert deck.fakes["slack"].asked == deck.fakes["alertmanager"].asked == 0


def test_a_digest_goes_to_nobody_who_cannot_send_one(deck: Deck) -> None:
    deck.outboxes.tell_digest(Digest("default", "digest.1", "t", "m", LINK, AT))
    deck.run(30)
    assert deck.fakes["slack"].asked == 0


def test_a_test_message_begins_and_ends_and_answers_what_the_receiver_said(deck: Deck) -> None:
    trial = replace(FIRING, alert_id="test-1")
    tried = deck.outboxes.test("primary", trial)
    assert tried is not None
    assert (tried.kind, tried.delivered, tried.words) == ("pagerduty", True, "HTTP 202")
    assert deck.actions() == [("test-1", "trigger"), ("test-1", "resolve")]
    deck.fakes["slack"].down = True
    failed = deck.outboxes.test("team", trial)
    assert failed is not None
    assert (failed.delivered, failed.words) == (False, "HTTP 503")
    assert deck.outboxes.test("nobody", trial) is None
