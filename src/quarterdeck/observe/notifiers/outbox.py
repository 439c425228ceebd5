"""Messages until they are delivered: in order for each alert, again after a failure, each one once.

Its own thread sends; `tell` only takes. What became of a message is written into its alert. To a receiver that forgets,
what fires is sent again until it is over. Refuses: to grow without end, and to lose a message silently: what is refused is
counted and logged, and told again after the next start.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple, Protocol, cast

from quarterdeck.clock import Clock
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.health import LimitNow
from quarterdeck.observe.notifiers.gauges import NotifyGauges
from quarterdeck.observe.notifiers.message import Digest, Digesting, Message, Notifier, SendFailed
from quarterdeck.observe.notifiers.options import NotifyOptions
from quarterdeck.observe.notifiers.told import told_words, was_told

_KNOWN_MAX = 10_000
"""Ids of delivered messages that are remembered; alerts themselves say what was told of them."""

Note = Callable[[str, str, AlertEvent], None]
"""(project, alert_id, event): writes it into the alert."""


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...


@dataclass(slots=True)
class _Pending:
    """`again`: told before, and only repeated; nothing is written down and it is never given up."""

    message: Message | Digest
    due_s: float
    tries: int = 0
    again: bool = False


class Failure(NamedTuple):
    """The last try that failed."""

    words: str
    at_ns: int


class Outbox:
    """One notifier's messages. `step` sends what is due, in the caller's thread; the thread of `start` calls it."""

    def __init__(
        self,
        notifier: Notifier,
        *,
        options: NotifyOptions,
        note: Note,
        clock: Clock,
        random: Random,
        gauges: NotifyGauges,
        log: Log,
    ) -> None:
        self._notifier = notifier
        self._options = options
        self._note = note
        self._clock = clock
        self._random = random
        self._gauges = gauges
        self._log = log
        self._pending: list[_Pending] = []
        self._known: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._repeat_s: float | None = getattr(notifier, "repeat_s", None)
        self.last_error: Failure | None = None
        self.delivered_ns: int | None = None

    @property
    def notifier(self) -> Notifier:
        """Whom this box tells."""
        return self._notifier

    @property
    def waiting(self) -> int:
        """Messages that wait to be sent; what is only repeated does not count."""
        return sum(not pending.again for pending in list(self._pending))

    def tell(self, alert: Alert, event: str) -> None:
        """Take a message; returns at once. One that is known already, or stands in the alert as told, is not taken again."""
        told = was_told(alert, event, self._notifier.name)
        if told and (self._repeat_s is None or event != "firing" or alert.state != "firing"):
            return
        self._take(Message(alert, event), again=told)

    def tell_digest(self, digest: Digest) -> None:
        """As `tell`, for what can send one."""
        self._take(digest, again=False)

    def knows(self, message_id: str) -> bool:
        """Whether the message was taken since the start, told or not."""
        return message_id in self._known

    def _take(self, message: Message | Digest, *, again: bool) -> None:
        with self._changed:
            if message.message_id in self._known:
                return
            if not again and self.waiting >= self._options.queue_max:
                self._gauges.refused.labels("queue_full").inc()
                self._log.warning("notification_refused", topic=message.topic, what=message.event, waiting=self.waiting)
                return
            self._known[message.message_id] = None
            if len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)
            if message.event == "resolved":  # what is over is not repeated
                self._pending = [one for one in self._pending if not (one.again and one.message.topic == message.topic)]
            self._pending.append(_Pending(message, self._clock.monotonic_s(), again=again))
            self._count()
            self._changed.notify()

    def step(self) -> float | None:
        """Send the first message that is due; answers seconds until the next one is, None when nothing waits."""
        with self._changed:
            pending = self._first_due()
        if pending is not None:
            self._try(pending)
        with self._changed:
            self._count()
            now_s = self._clock.monotonic_s()
            return min((max(0.0, other.due_s - now_s) for other in self._heads()), default=None)

    def _count(self) -> None:
        self._gauges.waiting.labels(self._notifier.name).set(self.waiting)

    def _heads(self) -> list[_Pending]:
        """The oldest message of each alert: a later one waits for it, so that nobody hears the end first."""
        heads: dict[str, _Pending] = {}
        for pending in self._pending:
            heads.setdefault(pending.message.topic, pending)
        return list(heads.values())

    def _first_due(self) -> _Pending | None:
        now_s = self._clock.monotonic_s()
        return next((pending for pending in self._heads() if pending.due_s <= now_s), None)

    def _try(self, pending: _Pending) -> None:
        pending.tries += 1
        try:
            answer = self._send(pending.message)
        except SendFailed as failure:
            self._gauges.tries.inc()
            self.last_error = Failure(failure.words, self._clock.now_ns())
            if pending.again:
                self._repeat(pending)
            elif failure.retry and pending.tries < self._options.attempts:
                rest_s = rest(pending.tries, self._options, self._random, failure.after_s)
                pending.due_s = self._clock.monotonic_s() + rest_s
            else:
                self._done(pending, "notify_failed", f"{failure.words} after {_times(pending.tries)}")
        except Exception as e:  # our own fault: the message cannot be made, and another try would not help
            self._log.error("notifier_failed", notifier=self._notifier.name, error=repr(e), exc_info=e)
            self.last_error = Failure(f"our own fault ({type(e).__name__})", self._clock.now_ns())
            self._done(pending, "notify_failed", self.last_error.words)
        else:
            self.delivered_ns = self._clock.now_ns()
            if pending.again:
                self._repeat(pending)
            else:
                self._done(pending, "notified", answer)

    def _send(self, message: Message | Digest) -> str:
        if isinstance(message, Digest):
            return cast("Digesting", self._notifier).send_digest(message)
        return self._notifier.send(message)

    def _repeat(self, pending: _Pending) -> None:
        """Again later. A failure is not hurried: the receiver holds what it has for several rests."""
        assert self._repeat_s is not None
        pending.due_s = self._clock.monotonic_s() + self._repeat_s

    def _done(self, pending: _Pending, what: str, words: str) -> None:
        message = pending.message
        with self._changed:
            if pending in self._pending:
                self._pending.remove(pending)
            ended = any(one.message.topic == message.topic and one.message.event == "resolved" for one in self._pending)
            if self._repeat_s is not None and message.event == "firing" and what == "notified" and not ended:
                due_s = self._clock.monotonic_s() + self._repeat_s
                self._pending.append(_Pending(message, due_s, again=True))
        self._gauges.sent.labels(what).inc()
        if what == "notify_failed":
            self._log.warning("notification_failed", topic=message.topic, notifier=self._notifier.name, why=words)
        if isinstance(message, Message):
            self._write_down(message, what, words)

    def _write_down(self, message: Message, what: str, words: str) -> None:
        alert = message.alert
        told = AlertEvent(self._clock.now_ns(), what, told_words(message.event, self._notifier.name, words))
        try:
            self._note(alert.project, alert.alert_id, told)
        except Exception as e:  # delivered all the same; only the note is missing
            self._log.error("notification_not_noted", alert=alert.alert_id, error=repr(e))

    # --- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._forever, name="notify", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Take up no further message; returns at once."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def stop(self, timeout_s: float) -> bool:
        """End after the request under way; answers whether it did in time. What waits is told after the next start."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
        self._notifier.close()
        return True

    def _forever(self) -> None:
        while not self._stopped:
            wait_s = self.step()
            with self._changed:
                if wait_s != 0 and not self._stopped and not self._has_new():
                    self._changed.wait(wait_s)

    def _has_new(self) -> bool:
        return self._first_due() is not None

    def limits(self) -> tuple[LimitNow, ...]:
        """Messages that wait, for the health document."""
        return (LimitNow("notify_queue", self.waiting, self._options.queue_max, "messages"),)


def rest(tries: int, options: NotifyOptions, random: Random, asked_s: float | None) -> float:
    """Seconds before the next try: doubling, at most the maximum, a random half of it taken off; never less than asked for.

    The random part keeps many senders that failed together from coming back together.
    """
    longest = min(options.backoff_max_s, options.backoff_s * 2.0 ** min(tries - 1, 30))
    chosen = longest * (1 - 0.5 * random.random())
    return max(chosen, min(asked_s or 0.0, options.backoff_max_s))


def _times(tries: int) -> str:
    return "1 try" if tries == 1 else f"{tries} tries"
