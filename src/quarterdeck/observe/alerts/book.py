"""The book of open alerts: findings in, changes out; one cause, one alert.

Pure but for what it remembers: no clock, no I/O. `recall` answers the newest resolved alert of a signature, from
wherever alerts are kept. Refuses: a second alert for what is open already.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from quarterdeck.errors import BadInput
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts.joins import belongs, deploy_of, is_part
from quarterdeck.observe.alerts.options import AlertOptions
from quarterdeck.observe.alerts.signature import signature_of
from quarterdeck.observe.alerts.title import values_of, words_of
from quarterdeck.observe.alerts.transitions import (
    FELL_BACK,
    FORGOTTEN,
    StreamKey,
    about,
    fired,
    holds,
    new_alert,
    opened_again,
    over,
    refired,
    resolved,
    stream_of,
    was_closed,
    with_event,
    with_finding,
)

REASON_MAX = 2_000
"""Characters of the reason with which an alert is closed."""

PAST_MAX = 20_000
"""Streams of resolved alerts that are remembered."""

ChangeEvent = Literal["pending", "firing", "joined", "resolved", "changed"]


class Change(NamedTuple):
    """An alert as it stands now, and what just happened to it. `tell`: people are told."""

    alert: Alert
    event: ChangeEvent
    tell: bool = False


Recall = Callable[[str, str], Alert | None]
"""(project, signature) → the newest resolved alert of it, None = there is none."""


def nothing_before(_project: str, _signature: str) -> Alert | None:
    """Recall where nothing is kept."""
    return None


class _Past(NamedTuple):
    """A stream in an alert that is over: its newest news there, and until when somebody's closing holds (0 = nobody's)."""

    at_ns: int
    closed_until_ns: int


class Book:
    """Alerts that are pending or firing, by (project, alert_id), and the streams of those that were resolved lately."""

    def __init__(self, options: AlertOptions, recall: Recall = nothing_before) -> None:
        self._options = options
        self._recall = recall
        self._open: dict[tuple[str, str], Alert] = {}
        self._past: OrderedDict[tuple[str, StreamKey], _Past] = OrderedDict()

    def load(self, alerts: Iterable[Alert]) -> None:
        """Take up what was open when the last process ended, and what was resolved lately."""
        for alert in alerts:
            self._keep(alert)

    def open_alerts(self) -> list[Alert]:
        """Oldest first."""
        return sorted(self._open.values(), key=lambda alert: (alert.opened_ns, alert.alert_id))

    def handle(self, finding: Finding, now_ns: int) -> list[Change]:
        """What this finding changes; [] when it says nothing new."""
        if self._is_old(finding, now_ns):
            return []
        ends = finding.state in ("fell", "recovered")
        change = self._end(finding, now_ns) if ends else self._begin(finding, now_ns)
        if change is None:
            return []
        self._keep(change.alert)
        parts = [] if ends else self._take_parts(change.alert, finding, now_ns)
        return [change, *parts]

    def close(self, alert: Alert, reason: str, by: str | None, now_ns: int) -> Change:
        """Resolved by somebody, with a reason. Raises BadInput for no reason, a long one, or an alert that is resolved."""
        alert = self._open.get((alert.project, alert.alert_id), alert)
        if alert.state == "resolved":
            msg = f"the alert {alert.alert_id} is resolved already: {alert.resolution}"
            raise BadInput(msg)
        if not reason.strip() or len(reason) > REASON_MAX:
            msg = f"reason: found {len(reason):,} characters, expected 1 to {REASON_MAX:,} that say why"
            raise BadInput(msg)
        was_firing = alert.state == "firing"
        closed = resolved(alert, reason.strip(), now_ns, self._options, by=by or "somebody")
        self._keep(closed)
        return Change(closed, "resolved", was_firing)

    def get(self, project: str, alert_id: str) -> Alert | None:
        """An open alert."""
        return self._open.get((project, alert_id))

    def reopen(self, alert: Alert, event: AlertEvent) -> Change:
        """Fires again, with its history, for the reason that the event says. What is open of its signature does so in its place."""
        same = next((one for one in self._of(alert.project) if one.signature == alert.signature), None)
        alert = self._open.get((alert.project, alert.alert_id), same or alert)
        for held in alert.findings:
            self._past.pop((alert.project, stream_of(held)), None)
        again = refired(alert, event, self._options)
        self._keep(again)
        return Change(again, "firing", tell=True)

    def forget_rising(self, now_ns: int) -> list[Change]:
        """End what was pending, since nobody remembers the evidence; what fires goes on until somebody closes it."""
        pending = [alert for alert in self.open_alerts() if alert.state == "pending"]
        ended = [resolved(alert, FORGOTTEN, now_ns, self._options) for alert in pending]
        for alert in ended:
            self._keep(alert)
        return [Change(alert, "resolved") for alert in ended]

    def note(self, alert: Alert, event: AlertEvent) -> Alert:
        """The alert with an event that changes no state: how telling people went."""
        alert = self._open.get((alert.project, alert.alert_id), alert)
        noted = with_event(alert, event, self._options)
        self._keep(noted)
        return noted

    def _is_old(self, finding: Finding, now_ns: int) -> bool:
        """Whether its news is known: after a crash some is heard again, and what somebody closed is known for a while.

        A stream's time does not go back.
        """
        stream = stream_of(finding)
        past = self._past.get((finding.project, stream))
        if past is not None and (finding.at_ns <= past.at_ns or now_ns < past.closed_until_ns):
            return True
        held = (held for one in self._of(finding.project) for held in one.findings if stream_of(held) == stream)
        return any(one.at_ns > finding.at_ns or (one.state, one.at_ns) == ("recovered", finding.at_ns) for one in held)

    # --- how a finding finds its alert -----------------------------------------------------------------------------

    def _begin(self, finding: Finding, now_ns: int) -> Change | None:
        alert = self._signed(finding) or self._explaining(finding, now_ns) or self._own_pending(finding)
        alert = alert or next(iter(self._narrower(finding, now_ns)), None)
        return self._open_one(finding, now_ns) if alert is None else self._join(alert, finding, now_ns)

    def _signed(self, finding: Finding) -> Alert | None:
        signature = signature_of(finding)
        return next((one for one in self._of(finding.project) if one.signature == signature), None)

    def _explaining(self, finding: Finding, now_ns: int) -> Alert | None:
        """An alert whose cause explains the finding; firing ones first, then the oldest."""
        found = [one for one in self._of(finding.project) if belongs(finding, one, now_ns, self._options)]
        return min(found, key=lambda one: (one.state != "firing", one.opened_ns), default=None)

    def _own_pending(self, finding: Finding) -> Alert | None:
        """A pending alert of the same stream whose slice was another when it was first seen."""
        return next(
            (
                one
                for one in self._of(finding.project)
                if one.state == "pending" and stream_of(one.findings[0]) == stream_of(finding)
            ),
            None,
        )

    def _narrower(self, finding: Finding, now_ns: int) -> list[Alert]:
        """Alerts of single cohorts that turn out to be the whole fleet: a finding that no slice explains. Firing ones first."""
        if finding.lane != "pooled" or finding.where or finding.state != "reached":
            return []
        found = [one for one in self._of(finding.project) if is_part(one, finding, now_ns, self._options)]
        return sorted(found, key=lambda one: (one.state != "firing", one.opened_ns))

    def _take_parts(self, alert: Alert, finding: Finding, now_ns: int) -> list[Change]:
        """The other cohorts' alerts end when one alert is about the whole fleet."""
        if alert.where:
            return []
        why = f"part of the alert {alert.alert_id}: {alert.title}"
        parts = [one for one in self._narrower(finding, now_ns) if one.alert_id != alert.alert_id]
        changes = [
            Change(resolved(one, why, now_ns, self._options), "resolved", one.state == "firing") for one in parts
        ]
        for change in changes:
            self._keep(change.alert)
        return changes

    def _of(self, project: str) -> list[Alert]:
        return [alert for alert in self.open_alerts() if alert.project == project]

    # --- beginnings ------------------------------------------------------------------------------------------------

    def _open_one(self, finding: Finding, now_ns: int) -> Change:
        before = self._recall(finding.project, signature_of(finding))
        if before is not None and self._is_recent(before, now_ns):
            alert = opened_again(before, finding, now_ns, self._options)
        else:
            alert = new_alert(finding, now_ns)
        if finding.state == "reached":
            return Change(fired(alert, now_ns, self._options), "firing", tell=True)
        event = AlertEvent(now_ns, "pending", f"evidence rises: {words_of(finding)}")
        return Change(with_event(alert, event, self._options), "pending")

    def _is_recent(self, before: Alert, now_ns: int) -> bool:
        return now_ns - (before.resolved_ns or 0) <= self._options.reopen_within_s * 1e9

    def _join(self, alert: Alert, finding: Finding, now_ns: int) -> Change | None:
        if finding.state == "rising" and alert.state == "firing" and finding.lane != alert.findings[0].lane:
            return None  # explained, and no more than that
        known = next((held for held in alert.findings if stream_of(held) == stream_of(finding)), None)
        grown = with_finding(alert, finding, now_ns, self._options)
        if _says_more(finding, alert):
            grown = about(grown, finding)
        if finding.state != "reached":
            return None if grown == alert else Change(grown, "changed")
        if alert.state == "pending":
            return Change(fired(grown, now_ns, self._options), "firing", tell=True)
        if known is not None and known.state == "reached":
            return Change(grown, "changed")
        return Change(with_event(grown, AlertEvent(now_ns, "joined", words_of(finding)), self._options), "joined")

    # --- ends ------------------------------------------------------------------------------------------------------

    def _end(self, finding: Finding, now_ns: int) -> Change | None:
        alert = self._holding(finding)
        if alert is None:
            return None
        ended = over(alert, finding, now_ns)
        if holds(ended):
            return Change(ended, "changed")
        why = FELL_BACK if alert.state == "pending" else _recovery(finding)
        return Change(resolved(ended, why, now_ns, self._options), "resolved", tell=alert.state == "firing")

    def _holding(self, finding: Finding) -> Alert | None:
        """The open alert in which the finding's stream is what now ends: rising may fall, what reached may recover."""
        wanted = "rising" if finding.state == "fell" else "reached"
        return next(
            (
                one
                for one in self._of(finding.project)
                for held in one.findings
                if stream_of(held) == stream_of(finding) and held.state == wanted
            ),
            None,
        )

    def _keep(self, alert: Alert) -> None:
        place = (alert.project, alert.alert_id)
        if alert.state != "resolved":
            self._open[place] = alert
            return
        self._open.pop(place, None)
        closed_ns = (alert.resolved_ns or 0) + int(self._options.reopen_within_s * 1e9) if was_closed(alert) else 0
        for held in alert.findings:
            until_ns = closed_ns if held.state in ("reached", "recovered") else 0
            self._past[alert.project, stream_of(held)] = _Past(held.at_ns, until_ns)
        while len(self._past) > PAST_MAX:
            self._past.popitem(last=False)


def _says_more(finding: Finding, alert: Alert) -> bool:
    """Whether the alert is now about this finding: it names the version or a narrower slice (the tool that fails), says that
    it is the whole fleet, or opened it.
    """
    if finding.deploy is not None and deploy_of(alert) is None:
        return True
    if alert.where and set(finding.where) > set(alert.where) and deploy_of(alert) is None:
        return finding.state == "reached"
    if finding.lane == "pooled" and not finding.where and alert.findings[0].lane == "cohort":
        return finding.state == "reached" and deploy_of(alert) is None
    return alert.state == "pending" and stream_of(alert.findings[0]) == stream_of(finding)


def _recovery(finding: Finding) -> str:
    if finding.kind != "regression":
        return finding.title
    return f"over: {values_of(finding)}"
