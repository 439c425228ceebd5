"""Findings to alerts to the store to people. The book decides; this writes, then tells, in that order.

Not thread-safe: the watch's lock stands around it. Refuses: to tell of what was not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts import AlertOptions, Book, Change
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.pager import Pager, was_paged
from quarterdeck.observe.watch.ports import Tell
from quarterdeck.store.alerts import AlertFilter, AlertStore

_DAY_NS = 86_400 * 10**9
_LATELY_MAX = 500
"""Resolved alerts of one project that are looked through at a start."""


class Alerting:
    """`resume` first. `run_ids` are the runs that firing alerts rest on, safe to read from any thread.

    Without a `pager` people are told of everything.
    """

    def __init__(
        self, store: AlertStore, options: AlertOptions, gauges: WatchGauges, tell: Tell, pager: Pager | None = None
    ) -> None:
        self._pager = pager
        self._store = store
        self._options = options
        self._gauges = gauges
        self._tell = tell
        self._book = Book(options, self._recall)
        self._unwritten: dict[tuple[str, str], Alert] = {}
        self._untold: list[tuple[Alert, str]] = []
        self._undecided: dict[tuple[str, str], int] = {}
        self._outages: list[Alert] | None = None
        self.run_ids: frozenset[str] = frozenset()

    def _recall(self, project: str, signature: str) -> Alert | None:
        where = AlertFilter(project, states=("resolved",), signature=signature)
        found, _ = self._store.list_alerts(where, cursor=None, limit=1)
        return found[0] if found else None

    def resume(self, projects: Iterable[str], now_ns: int, *, known: bool) -> list[Finding]:
        """Take up what is open, and tell what a crash kept from being told; answers the findings of open alerts.

        `known`: the patrols know what they found. When they do not, nothing will end what was rising.
        """
        recent = [alert for project in projects for alert in self._resolved_lately(project, now_ns)]
        self._book.load([*recent, *self._store.open_alerts()])
        if not known:
            self._note(self._book.forget_rising(now_ns), now_ns)
            self.flush()
        alerts = self._book.open_alerts()
        recent += alerts
        if self._pager is not None:
            self._pager.resume(recent)
        for alert in recent:
            for event in untold(alert) if self._pager is None or was_paged(alert) else ():
                self._tell(alert, event)
        self._count()
        return [finding for alert in alerts for finding in alert.findings]

    def _resolved_lately(self, project: str, now_ns: int) -> list[Alert]:
        """Oldest first."""
        where = AlertFilter(project, states=("resolved",))
        found, _ = self._store.list_alerts(where, cursor=None, limit=_LATELY_MAX)
        return [alert for alert in reversed(found) if now_ns - (alert.resolved_ns or 0) <= _DAY_NS]

    def deal(self, findings: Sequence[Finding], now_ns: int) -> None:
        """Take findings in; what changed is written, then told. Raises StoreFailed; what was not written is tried again."""
        for finding in findings:
            self._gauges.findings.labels(finding.lane, finding.state).inc()
            self._note(self._book.handle(finding, now_ns), now_ns)
        self.flush()

    def close(self, project: str, alert_id: str, reason: str, by: str | None, now_ns: int) -> Alert:
        """Raises NotFound, and BadInput for no reason or an alert that is resolved."""
        change = self._book.close(self._store.get_alert(project, alert_id), reason, by, now_ns)
        self._note([change], now_ns)
        self.flush()
        return change.alert

    def open_alert(self, project: str, alert_id: str) -> Alert | None:
        """None when it is not open."""
        return self._book.get(project, alert_id)

    def alert(self, project: str, alert_id: str) -> Alert:
        """Open or over. Raises NotFound."""
        return self._book.get(project, alert_id) or self._store.get_alert(project, alert_id)

    def newest(self, project: str) -> Sequence[Alert]:
        """The newest alerts of a project, open or over."""
        return self._store.list_alerts(AlertFilter(project), cursor=None, limit=_LATELY_MAX)[0]

    def reopen(self, project: str, alert_id: str, event: AlertEvent) -> Alert:
        """Fires again, for the reason that the event says, and is decided anew. Raises NotFound."""
        change = self._book.reopen(self.alert(project, alert_id), event)
        self._note([change], event.at_ns)
        self.flush()
        return self._book.get(project, change.alert.alert_id) or change.alert

    def look_again(self, now_ns: int) -> None:
        """Decide again of those that fire and that nobody was told of: what held them may be over."""
        for alert in self._book.open_alerts() if self._pager is not None else ():
            if alert.state == "firing" and not was_paged(alert):
                self._undecided[alert.project, alert.alert_id] = now_ns
        self.flush()

    def acknowledge(self, alert: Alert) -> None:
        """Say that somebody has it, to those who were told of it."""
        if self._pager is not None and was_paged(alert):
            self._tell(alert, "acknowledged")

    def note(self, project: str, alert_id: str, event: AlertEvent) -> None:
        """How telling people went. Raises NotFound."""
        alert = self._book.note(self._store.get_alert(project, alert_id), event)
        self._unwritten[project, alert_id] = alert
        self._outages = None
        self.flush()

    def prune(self, now_ns: int) -> int:
        """Remove alerts that are long over."""
        options = self._options
        return self._store.prune_alerts(
            before_ns=now_ns - int(options.keep_days * _DAY_NS),
            never_fired_before_ns=now_ns - int(options.keep_pending_days * _DAY_NS),
        )

    def flush(self) -> None:
        """Decide of what changed and still fires, write what is not written, then tell what is not told."""
        self._decide()
        if self._unwritten:
            self._store.put_alerts(list(self._unwritten.values()))
            self._unwritten.clear()
            self._count()
        untold, self._untold = self._untold, []
        for alert, event in untold:
            self._tell(alert, event)

    def _note(self, changes: Iterable[Change], now_ns: int) -> None:
        for change in changes:
            alert = change.alert
            self._outages = None
            self._unwritten[alert.project, alert.alert_id] = alert
            if self._pager is not None and alert.state == "firing":
                self._undecided[alert.project, alert.alert_id] = now_ns
            elif change.tell and (self._pager is None or was_paged(alert)):
                self._untold.append((alert, change.event))

    def _decide(self) -> None:
        """Once for all that one look changed of an alert; what is over by then wakes nobody."""
        while self._undecided and self._pager is not None:
            place, now_ns = next(iter(self._undecided.items()))
            alert = self._book.get(*place)
            if alert is not None and alert.state == "firing":
                self._page(self._pager, alert, now_ns)
            del self._undecided[place]

    def _page(self, pager: Pager, alert: Alert, now_ns: int) -> None:
        """What is decided becomes an event of the alert; people are told when it is a page."""
        if self._outages is None:
            self._outages = [one for one in self._book.open_alerts() if pager.is_outage(one)]
        event = pager.look(alert, self._outages, now_ns)
        if event is None:
            return
        noted = self._book.note(alert, event)
        self._outages = None
        self._unwritten[alert.project, alert.alert_id] = noted
        if event.what == "paged":
            self._untold.append((noted, "firing"))

    def _count(self) -> None:
        alerts = self._book.open_alerts()
        firing = [alert for alert in alerts if alert.state == "firing"]
        self.run_ids = frozenset(run_id for alert in firing for held in alert.findings for run_id in held.run_ids)
        self._gauges.alerts.labels("firing").set(len(firing))
        self._gauges.alerts.labels("pending").set(len(alerts) - len(firing))


def untold(alert: Alert) -> tuple[str, ...]:
    """What somebody may lack of this alert: `firing`, then `resolved`. Who lacks what is known to those who tell.

    A message that waited when the last process ended is told so, also when the alert is over since.
    """
    if alert.fired_ns is None or alert.state == "pending":
        return ()
    return ("firing",) if alert.state == "firing" else ("firing", "resolved")
