"""The webhook against a real server, and the box in which messages wait for it."""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr, ValidationError

from quarterdeck.clock import FakeClock
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.observe.notifiers import Digest, Message, NotifyGauges, NotifyOptions, Outbox, SendFailed
from quarterdeck.observe.notifiers.outbox import rest
from quarterdeck.observe.notifiers.webhook import Webhook, sign

from .receiver import receiving

SECOND = 10**9
ALERT = Alert("default", "a1", "s", "regression", "firing", "worse", (), (), 1, 1, fired_ns=5)
RESOLVED = replace(ALERT, state="resolved", resolved_ns=9)


def body(message: Message | Digest) -> bytes:
    return f'{{"id": "{message.message_id}"}}'.encode()


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    error = warning


class Bench:
    """An outbox of a webhook, and all that came of it."""

    def __init__(self, url: str, **options: Any) -> None:
        self.options = NotifyOptions(**options)
        self.clock = FakeClock()
        self.registry = CollectorRegistry()
        self.log = Log()
        self.noted: list[tuple[str, AlertEvent]] = []
        self.done = threading.Event()
        secret = None if self.options.webhook_secret is None else self.options.webhook_secret.get_secret_value()
        self.webhook = Webhook(url, secret, body, self.clock, timeout_s=self.options.timeout_s)
        self.outbox = Outbox(
            self.webhook,
            options=self.options,
            note=self._note,
            clock=self.clock,
            random=Random(1),
            gauges=NotifyGauges(self.registry),
            log=self.log,
        )

    def _note(self, _project: str, alert_id: str, event: AlertEvent) -> None:
        self.noted.append((alert_id, event))
        self.done.set()

    def whats(self) -> list[tuple[str, str]]:
        return [(event.what, event.words) for _, event in self.noted]

    def deliver(self) -> None:
        """Send until nothing waits, with the clock going on to each due time."""
        while (wait_s := self.outbox.step()) is not None:
            self.clock.advance(wait_s + 0.001)

    def refused(self) -> float:
        return self.registry.get_sample_value("quarterdeck_notify_refused_total", {"reason": "queue_full"}) or 0.0


@pytest.fixture
def closing() -> Iterator[list[Bench]]:
    benches: list[Bench] = []
    yield benches
    for bench in benches:
        bench.outbox.stop(10)


def make(closing: list[Bench], url: str, **options: Any) -> Bench:
    closing.append(Bench(url, **options))
    return closing[-1]


def test_one_post_of_json_for_each_event(closing: list[Bench]) -> None:
    with receiving() as receiver:
        bench = make(closing, receiver.url)
        bench.outbox.tell(ALERT, "firing")
        bench.outbox.tell(RESOLVED, "resolved")
        bench.deliver()
    assert [body for _, body in receiver.got] == [b'{"id": "a1.firing.5"}', b'{"id": "a1.resolved.9"}']
    headers = receiver.got[0][0]
    assert (headers["content-type"], headers["idempotency-key"]) == ("application/json", "a1.firing.5")
    assert "x-quarterdeck-signature" not in headers
    assert bench.whats() == [
        ("notified", "firing to webhook 127.0.0.1: HTTP 200"),
        ("notified", "resolved to webhook 127.0.0.1: HTTP 200"),
    ]


def test_the_signature_covers_the_time_and_the_body(closing: list[Bench]) -> None:
    with receiving() as receiver:
        bench = make(closing, receiver.url, webhook_secret=SecretStr("shared"))
        bench.outbox.tell(ALERT, "firing")
        bench.deliver()
    ((headers, sent),) = receiver.got
    seconds = headers["x-quarterdeck-timestamp"]
    assert seconds == str(bench.clock.now_ns() // SECOND)
    expected = hmac.new(b"shared", f"{seconds}.".encode() + sent, sha256).hexdigest()
    assert headers["x-quarterdeck-signature"] == f"sha256={expected}" == sign(b"shared", seconds, sent)
    assert sign(b"other", seconds, sent) != headers["x-quarterdeck-signature"]


def test_a_message_is_told_once_and_again_only_when_it_fires_again(closing: list[Bench]) -> None:
    with receiving() as receiver:
        bench = make(closing, receiver.url)
        for alert in (ALERT, ALERT, replace(ALERT, title="other words"), replace(ALERT, fired_ns=6)):
            bench.outbox.tell(alert, "firing")
            bench.deliver()
    assert [headers["idempotency-key"] for headers, _ in receiver.got] == ["a1.firing.5", "a1.firing.6"]


def test_a_failing_receiver_is_asked_again_until_it_takes_it(closing: list[Bench]) -> None:
    with receiving(500, 503, 429, 200) as receiver:
        bench = make(closing, receiver.url)
        bench.outbox.tell(ALERT, "firing")
        bench.deliver()
    assert len(receiver.got) == 4
    assert bench.whats() == [("notified", "firing to webhook 127.0.0.1: HTTP 200")]


def test_a_refusal_is_final_and_written_down(closing: list[Bench]) -> None:
    with receiving(404) as receiver:
        bench = make(closing, receiver.url)
        bench.outbox.tell(ALERT, "firing")
        bench.deliver()
    assert len(receiver.got) == 1
    assert bench.whats() == [("notify_failed", "firing to webhook 127.0.0.1: HTTP 404 after 1 try")]


def test_a_redirect_is_not_followed(closing: list[Bench]) -> None:
    with receiving(302, headers={"location": "http://127.0.0.1:1/"}) as receiver:
        bench = make(closing, receiver.url)
        bench.outbox.tell(ALERT, "firing")
        bench.deliver()
    assert bench.whats() == [("notify_failed", "firing to webhook 127.0.0.1: HTTP 302 after 1 try")]


def test_nobody_there_is_given_up_after_the_last_try(closing: list[Bench]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench = make(closing, f"http://127.0.0.1:{port}/hook?token=very-secret", attempts=3)
    began_s = bench.clock.monotonic_s()
    bench.outbox.tell(ALERT, "firing")
    bench.deliver()
    assert bench.whats() == [("notify_failed", "firing to webhook 127.0.0.1: not reached (ConnectError) after 3 tries")]
    assert 3.0 <= bench.clock.monotonic_s() - began_s <= 6.1  # 1 to 2 s, then 2 to 4 s
    assert "very-secret" not in str(bench.log.lines) + str(bench.noted)


def test_a_silent_receiver_is_left_after_the_timeout(closing: list[Bench]) -> None:
    with receiving(0, 200) as receiver:
        bench = make(closing, receiver.url, timeout_s=0.2)
        bench.outbox.tell(ALERT, "firing")
        assert bench.outbox.step() is not None
        assert bench.noted == []
        bench.deliver()
    assert bench.whats() == [("notified", "firing to webhook 127.0.0.1: HTTP 200")]


def test_the_end_waits_for_the_beginning_and_other_alerts_do_not(closing: list[Bench]) -> None:
    with receiving(500, 200) as receiver:
        bench = make(closing, receiver.url)
        bench.outbox.tell(ALERT, "firing")
        bench.outbox.step()
        bench.outbox.tell(RESOLVED, "resolved")
        bench.outbox.tell(replace(ALERT, alert_id="a2"), "firing")
        bench.deliver()
    assert [headers["idempotency-key"] for headers, _ in receiver.got] == [
        "a1.firing.5",
        "a2.firing.5",
        "a1.firing.5",
        "a1.resolved.9",
    ]


def test_a_full_box_refuses_counts_and_says_so(closing: list[Bench]) -> None:
    with receiving() as receiver:
        bench = make(closing, receiver.url, queue_max=2)
        for number in range(4):
            bench.outbox.tell(replace(ALERT, alert_id=f"a{number}"), "firing")
        assert [limit.current for limit in bench.outbox.limits()] == [2]
        bench.deliver()
        bench.outbox.tell(replace(ALERT, alert_id="a3"), "firing")  # refused before, so it is not known
        bench.deliver()
    assert len(receiver.got) == 3
    assert bench.refused() == 2
    assert [event for event, _ in bench.log.lines] == ["notification_refused"] * 2


def test_our_own_fault_is_written_down_and_does_not_stop_the_box(closing: list[Bench]) -> None:
    with receiving() as receiver:
        bench = make(closing, receiver.url)
        bench.webhook._render = lambda message: body(message) if message.event == "resolved" else 1 / 0
        bench.outbox.tell(ALERT, "firing")
        bench.outbox.tell(RESOLVED, "resolved")
        bench.deliver()
    assert [what for what, _ in bench.whats()] == ["notify_failed", "notified"]


def test_the_thread_sends_and_stops(closing: list[Bench]) -> None:
    with receiving() as receiver:
        bench = make(closing, receiver.url)
        bench.outbox.start()
        bench.outbox.tell(ALERT, "firing")
        assert bench.done.wait(30)
        assert bench.outbox.stop(30)
        assert len(receiver.got) == 1


def test_rests_double_up_to_a_maximum_and_hear_the_receiver() -> None:
    options = NotifyOptions(backoff_s=2, backoff_max_s=30)
    for tries, longest in ((1, 2), (2, 4), (3, 8), (10, 30), (10_000, 30)):
        found = [rest(tries, options, Random(seed), None) for seed in range(50)]
        assert longest / 2 <= min(found) < max(found) <= longest
    assert rest(1, options, Random(1), 20.0) == 20.0
    assert rest(1, options, Random(1), 9_999.0) == 30.0


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example.com", "ftp://example.com/x", "file:///etc/passwd", "http://", "http://[::1", "https://a b.com/",
     "http://example.com:99999/", "javascript:alert(1)", "http://example.com/\nx"],
)  # fmt: skip
def test_addresses_that_cannot_be_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValidationError, match="takes an address such as") as caught:
        NotifyOptions(webhook_url=SecretStr(url))
    assert "passwd" not in str(caught.value)


def test_a_failure_says_whether_another_try_helps() -> None:
    failure = SendFailed("HTTP 500", retry=True, after_s=3.0)
    assert (failure.words, failure.retry, failure.after_s) == ("HTTP 500", True, 3.0)
