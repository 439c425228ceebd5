"""Alerts: one cause each, with its states, all findings that it explains and what happened to it; also as told to a webhook."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.signals import ExemplarOut, FindingOut, finding_dict, keys_dict
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.signals import FindingKind

State = Literal["pending", "firing", "resolved"]


class AlertEventOut(BaseModel):
    """One thing that happened to an alert; `by` names a person, null = the server itself."""

    at: str
    what: str
    words: str
    by: str | None


class AlertRowOut(BaseModel):
    """An alert in a list: with the finding that leads it, and how many there are.

    `where` are the runs that it is about; {} = the whole fleet. `fired_at` is the last time; null = it never fired.
    `wasted_usd` is null when nobody knows.
    """

    alert_id: str
    signature: str
    kind: FindingKind
    state: State
    title: str
    where: dict[str, str | None]
    opened_at: str
    fired_at: str | None
    resolved_at: str | None
    updated_at: str
    resolution: str | None
    wasted_usd: float | None
    findings: list[FindingOut]
    findings_n: int


class AlertOut(AlertRowOut):
    """An alert: every finding that it explains, runs to open, and its events, oldest first."""

    events: list[AlertEventOut]
    exemplars: list[ExemplarOut]


class NoticeOut(BaseModel):
    """What a webhook gets. `event_id` is the same when one message comes twice; `class` and `lines` are what a page says."""

    model_config = ConfigDict(populate_by_name=True)

    event: Literal["firing", "resolved"]
    event_id: str
    at: str
    project: str
    text: str
    link: str
    alert: AlertOut
    class_: str = Field("", alias="class")
    lines: list[str] = Field(default_factory=list)


def alert_row(alert: Alert) -> dict[str, Any]:
    """As `AlertRowOut`."""
    return _head(alert) | {"findings": [finding_dict(one) for one in alert.findings[:1]]}


def alert_dict(alert: Alert, exemplars: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """As `AlertOut`."""
    return _head(alert) | {
        "findings": [finding_dict(one) for one in alert.findings],
        "events": [_event(event) for event in alert.events],
        "exemplars": exemplars or [],
    }


def notice_dict(alert: Alert, event: str, event_id: str, link: str) -> dict[str, Any]:
    """As `NoticeOut`. Exemplars are at the link: telling must not wait for the store."""
    at_ns = alert.fired_ns if event == "firing" else alert.resolved_ns
    return {
        "event": event,
        "event_id": event_id,
        "at": rfc3339(at_ns or alert.updated_ns),
        "project": alert.project,
        "text": alert.title if event == "firing" else f"resolved: {alert.title} ({alert.resolution})",
        "link": link,
        "alert": alert_dict(alert),
    }


def _head(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "signature": alert.signature,
        "kind": alert.kind,
        "state": alert.state,
        "title": alert.title,
        "where": keys_dict(alert.where),
        "opened_at": rfc3339(alert.opened_ns),
        "fired_at": rfc3339_or_none(alert.fired_ns),
        "resolved_at": rfc3339_or_none(alert.resolved_ns),
        "updated_at": rfc3339(alert.updated_ns),
        "resolution": alert.resolution,
        "wasted_usd": alert.wasted_usd,
        "findings_n": len(alert.findings),
    }


def _event(event: AlertEvent) -> dict[str, Any]:
    return {"at": rfc3339(event.at_ns), "what": event.what, "words": event.words, "by": event.by}
