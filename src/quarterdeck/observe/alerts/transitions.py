"""What happens to one alert: opened, fired, joined, resolved, closed. Pure: an alert and a finding in, an alert out.

Refuses: to grow without end; findings and events have a named number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts.options import AlertOptions
from quarterdeck.observe.alerts.signature import alert_id_of, signature_of
from quarterdeck.observe.alerts.title import title_of

FELL_BACK = "the evidence fell back before it reached its threshold"
FORGOTTEN = "the watch lost its memory before the evidence reached its threshold, and gathers it anew"

_Item = TypeVar("_Item")

StreamKey = tuple[str, str]
"""(stream_id, key): what a finding is the newest of."""


def stream_of(finding: Finding) -> StreamKey:
    return finding.stream_id, finding.key


def new_alert(finding: Finding, now_ns: int) -> Alert:
    """A pending alert without events."""
    signature = signature_of(finding)
    return Alert(
        project=finding.project,
        alert_id=alert_id_of(finding.project, signature, now_ns),
        signature=signature,
        kind=finding.kind,
        state="pending",
        title=title_of([finding]),
        where=_where(finding),
        findings=(finding,),
        opened_ns=now_ns,
        updated_ns=now_ns,
        wasted_usd=finding.wasted_usd,
    )


def opened_again(alert: Alert, finding: Finding, now_ns: int, options: AlertOptions) -> Alert:
    """A resolved alert whose cause is there again: pending, with this finding first. What reached before is over."""
    before = [held for held in alert.findings if stream_of(held) != stream_of(finding)]
    before = [replace(held, state="recovered") for held in before if held.state in ("reached", "recovered")]
    findings = _bounded((finding, *before), options.findings_max)
    return _told(
        replace(alert, state="pending", findings=findings, resolved_ns=None, resolution=None, updated_ns=now_ns)
    )


def with_finding(alert: Alert, finding: Finding, now_ns: int, options: AlertOptions) -> Alert:
    """The finding in its stream's place, or as the newest of all. What reached once is not taken back by `rising`."""
    held = [one for one in alert.findings if stream_of(one) == stream_of(finding)]
    if held and held[0].state in ("reached", "recovered") and finding.state == "rising":
        return alert
    if held:
        findings = tuple(finding if stream_of(one) == stream_of(finding) else one for one in alert.findings)
    else:
        findings = _bounded((*alert.findings, finding), options.findings_max)
    return _told(replace(alert, findings=findings, updated_ns=now_ns))


def about(alert: Alert, finding: Finding) -> Alert:
    """The same alert, now about what this finding says more exactly: it comes first, and names signature and slice."""
    rest = tuple(held for held in alert.findings if stream_of(held) != stream_of(finding))
    return _told(replace(alert, signature=signature_of(finding), where=_where(finding), findings=(finding, *rest)))


def fired(alert: Alert, now_ns: int, options: AlertOptions) -> Alert:
    """Firing; a finding that reached its threshold leads, unless the first is about a deploy and still rises."""
    first = alert.findings[0]
    if first.state != "reached" and not (first.state == "rising" and first.deploy is not None):
        alert = about(alert, next(finding for finding in alert.findings if finding.state == "reached"))
    again = " again" if alert.fired_ns is not None else ""
    alert = _told(replace(alert, state="firing", fired_ns=now_ns, updated_ns=now_ns))
    return with_event(alert, AlertEvent(now_ns, "firing", f"fired{again}: {alert.title}"), options)


def over(alert: Alert, finding: Finding, now_ns: int) -> Alert:
    """The finding's stream is over. It stays as it was when it reached: that is what the alert is about."""
    findings = tuple(
        replace(held, state=finding.state) if stream_of(held) == stream_of(finding) else held for held in alert.findings
    )
    return replace(alert, findings=findings, updated_ns=now_ns)


def holds(alert: Alert) -> bool:
    """Whether what the alert is about is still there.

    Of a firing alert: a stream of its first finding's lane that reached its threshold and is not over (of any lane, when
    none of that lane ever did). Streams that only joined do not hold it open.
    """
    if alert.state == "pending":
        return any(held.state == "rising" for held in alert.findings)
    lane = alert.findings[0].lane
    own = [held.state for held in alert.findings if held.lane == lane]
    states = own if {"reached", "recovered"} & set(own) else [held.state for held in alert.findings]
    return "reached" in states


def resolved(alert: Alert, why: str, now_ns: int, options: AlertOptions, *, by: str | None = None) -> Alert:
    """Over; `by` names who closed it, None = evidence did."""
    alert = replace(alert, state="resolved", resolved_ns=now_ns, resolution=why, updated_ns=now_ns)
    return with_event(alert, AlertEvent(now_ns, "resolved" if by is None else "closed", why, by), options)


def refired(alert: Alert, event: AlertEvent, options: AlertOptions) -> Alert:
    """Firing since the event: what ended it did not hold, or what let it sleep is over."""
    again = replace(
        alert, state="firing", fired_ns=event.at_ns, updated_ns=event.at_ns, resolved_ns=None, resolution=None
    )
    return with_event(again, event, options)


def with_event(alert: Alert, event: AlertEvent, options: AlertOptions) -> Alert:
    """The first and the newest events stay, and those that say that people were told of this firing: it is told once."""
    events = (*alert.events, event)
    while len(events) > options.events_max:
        since_ns = alert.fired_ns or 0
        oldest = next((at for at in range(1, len(events) - 1) if not _says_told(events[at], since_ns)), 1)
        events = (*events[:oldest], *events[oldest + 1 :])
    return replace(alert, events=events)


def _says_told(event: AlertEvent, since_ns: int) -> bool:
    return event.at_ns >= since_ns and event.what in ("paged", "notified", "notify_failed")


def was_closed(alert: Alert) -> bool:
    """Whether somebody closed it, and nothing opened it since."""
    last = next((event for event in reversed(alert.events) if event.what in ("closed", "resolved")), None)
    return alert.state == "resolved" and last is not None and last.what == "closed"


def _where(finding: Finding) -> tuple[tuple[str, str | None], ...]:
    return finding.deploy.where if finding.deploy is not None else finding.where


def _told(alert: Alert) -> Alert:
    """Title and dollars as the findings say. Findings of one cause are about the same runs: dollars are not added up."""
    wasted = [held.wasted_usd for held in alert.findings if held.wasted_usd is not None]
    return replace(alert, title=title_of(alert.findings), wasted_usd=max(wasted, default=None))


def _bounded(items: tuple[_Item, ...], most: int) -> tuple[_Item, ...]:
    """The first, and the newest."""
    return items if len(items) <= most else (items[0], *items[len(items) - most + 1 :])
