"""All notifiers of a server: who is told of what. Each has its own box, so one that is down holds up no other.

Refuses: a name that two notifiers share, and to tell of an end to whom the beginning was not told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from quarterdeck.clock import Clock
from quarterdeck.model.alerts import Alert
from quarterdeck.model.health import LimitNow
from quarterdeck.model.notifiers import NotifierNow, Tried
from quarterdeck.observe.notifiers.message import Digest, Message, SendFailed
from quarterdeck.observe.notifiers.outbox import Outbox
from quarterdeck.observe.notifiers.told import began

Classify = Callable[[Alert], str]
"""The class of an alert, by which it is routed."""


class Place(NamedTuple):
    """A notifier under the name that settings and people use for it."""

    name: str
    kind: str
    outbox: Outbox


class Outboxes:
    """`routes`: class of an alert to names; a class without a route goes to all. `digests`: who gets the shift's digest."""

    def __init__(
        self,
        places: Sequence[Place],
        *,
        routes: Mapping[str, Collection[str]],
        digests: Collection[str],
        class_of: Classify,
        clock: Clock,
        queue_max: int,
    ) -> None:
        self._places = tuple(places)
        self._routes = routes
        self._digests = frozenset(digests)
        self._class_of = class_of
        self._clock = clock
        self._queue_max = queue_max

    def tell(self, alert: Alert, event: str) -> None:
        """Hand a message to each notifier that lacks it; returns at once. `event`: firing, acknowledged or resolved."""
        wanted = self._routes.get(self._class_of(alert))
        for place in self._places:
            if event == "firing":
                hears = wanted is None or place.name in wanted
            else:
                hears = self._knows_of(place, alert) and (event == "resolved" or _hears_acknowledged(place))
            if hears:
                place.outbox.tell(alert, event)

    def tell_digest(self, digest: Digest) -> None:
        """To whom the settings name, and who can send one."""
        for place in self._places:
            if place.name in self._digests and hasattr(place.outbox.notifier, "send_digest"):
                place.outbox.tell_digest(digest)

    def now(self) -> list[NotifierNow]:
        """Each notifier as it stands, in the order of the settings."""
        return [_now(place) for place in self._places]

    def test(self, name: str, alert: Alert) -> Tried | None:
        """Send a beginning and its end, in the caller's thread, beside what waits; None for a name that nobody has."""
        for place in self._places:
            if place.name == name:
                return self._test(place, alert)
        return None

    def _test(self, place: Place, alert: Alert) -> Tried:
        notifier = place.outbox.notifier
        try:
            answer = notifier.send(Message(alert, "firing"))
            ended_ns = self._clock.now_ns()
            notifier.send(
                Message(
                    replace(alert, state="resolved", resolved_ns=ended_ns, resolution="the test is over"), "resolved"
                )
            )
        except SendFailed as failure:
            return Tried(place.name, place.kind, False, failure.words)
        return Tried(place.name, place.kind, True, answer)

    def start(self) -> None:
        for place in self._places:
            place.outbox.start()

    def stop(self, timeout_s: float) -> bool:
        """Ends each after its request under way; answers whether all did in time."""
        deadline_s = self._clock.monotonic_s() + timeout_s
        for place in self._places:
            place.outbox.ask_to_stop()
        ended = [place.outbox.stop(max(0.0, deadline_s - self._clock.monotonic_s())) for place in self._places]
        return all(ended)

    def limits(self) -> tuple[LimitNow, ...]:
        """The fullest box, for the health document."""
        fullest = max((place.outbox.waiting for place in self._places), default=0)
        return (LimitNow("notify_queue", fullest, self._queue_max, "messages"),)

    def _knows_of(self, place: Place, alert: Alert) -> bool:
        return began(alert, place.outbox.notifier.name) or place.outbox.knows(Message(alert, "firing").message_id)


def _hears_acknowledged(place: Place) -> bool:
    return bool(getattr(place.outbox.notifier, "hears_acknowledged", False))


def _now(place: Place) -> NotifierNow:
    outbox = place.outbox
    failure, delivered_ns = outbox.last_error, outbox.delivered_ns
    failing = failure is not None and (delivered_ns is None or failure.at_ns > delivered_ns)
    return NotifierNow(
        name=place.name,
        kind=place.kind,
        state="failing" if failing else "unknown" if delivered_ns is None else "working",
        waiting=outbox.waiting,
        delivered_ns=delivered_ns,
        last_error=None if failure is None else failure.words,
        failed_ns=None if failure is None else failure.at_ns,
    )
