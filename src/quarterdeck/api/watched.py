"""What the watch knows of a project, for documents that are asked for every second.

With hundreds of cohorts it takes a good part of a second to describe every stream, and meanwhile the watch takes no run.
So one description serves all who ask within ten times as long as it took, and at least a second. Bounded in projects.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from math import floor, log10
from typing import NamedTuple

from quarterdeck.api.services import ApiServices
from quarterdeck.model.alerts import Alert
from quarterdeck.model.signals import Promise, StreamNow
from quarterdeck.observe.signals.mix import MixShift
from quarterdeck.store.alerts import AlertFilter

PROJECTS_MAX = 64
KEPT_S_MIN, KEPT_S_MAX = 1.0, 10.0
KEPT_TIMES = 10
_CENT, _SURE = 0.01, 12.0
OPEN_MAX = 100
"""Open alerts that are read: more of them are an incident of its own."""


class Seen(NamedTuple):
    """One description, and until when it serves (monotonic seconds)."""

    streams: Sequence[StreamNow]
    promise: Promise
    mix: Sequence[MixShift]
    until_s: float


class Watched:
    """Descriptions by project. Who comes while one is made waits for it, instead of making another."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    def seen(self, project: str) -> Seen | None:
        """None on a server that watches nothing."""
        if self._services.watch is None:
            return None
        with self._lock:
            found = self._seen.get(project)
            if found is None or self._services.clock.monotonic_s() >= found.until_s:
                found = self._look(project)
                self._seen[project] = found
                self._seen.move_to_end(project)
                while len(self._seen) > PROJECTS_MAX:
                    self._seen.popitem(last=False)
            return found

    def open_alerts(self, project: str) -> list[Alert]:
        """Firing and pending ones as they stand now, the most urgent first."""
        if self._services.alerts is None:
            return []
        where = AlertFilter(project, states=("firing", "pending"))
        found, _ = self._services.alerts.list_alerts(where, cursor=None, limit=OPEN_MAX)
        return sorted(found, key=_urgency)

    def _look(self, project: str) -> Seen:
        watch, clock = self._services.watch, self._services.clock
        assert watch is not None
        began = clock.monotonic_s()
        streams, promise, mix = watch.streams(project), watch.promise(project), watch.mix(project)
        now = clock.monotonic_s()
        return Seen(streams, promise, mix, now + min(KEPT_S_MAX, max(KEPT_S_MIN, KEPT_TIMES * (now - began))))


def _urgency(alert: Alert) -> tuple[bool, int, float, int, str]:
    """As the inbox of the page has them: firing, money wasted in powers of ten, how sure, the newest."""
    money = floor(log10(max(_CENT, alert.wasted_usd or 0.0)))
    newest = alert.fired_ns or alert.opened_ns
    return alert.state != "firing", -money, -_strength(alert), -newest, alert.alert_id


def _strength(alert: Alert) -> float:
    """How far evidence is past its threshold, in powers of ten; a fact is surer than any evidence."""
    if not alert.findings:
        return 0.0
    first = alert.findings[0]
    if first.lane in ("live", "burn"):
        return _SURE
    return log10(max(1 / 10**_SURE, first.evidence / first.threshold))
