"""Alerts: a finding that somebody should look at, with its states and all that was seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from quarterdeck.model.signals import Finding, FindingKind, Keys

AlertState = Literal["pending", "firing", "resolved"]


class AlertEvent(NamedTuple):
    """One thing that happened to an alert. `what` is pending, firing, joined, resolved, closed, notified or notify_failed."""

    at_ns: int
    what: str
    words: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One cause. `signature` says what makes two alerts the same; `findings` are the newest of each stream that joined, first
    the one that opened it. `title` is one sentence in words. `where` is the slice; () = the whole fleet.
    """

    project: str
    alert_id: str
    signature: str
    kind: FindingKind
    state: AlertState
    title: str
    where: Keys
    findings: tuple[Finding, ...]
    opened_ns: int
    updated_ns: int
    fired_ns: int | None = None
    resolved_ns: int | None = None
    resolution: str | None = None
    wasted_usd: float | None = None
    events: tuple[AlertEvent, ...] = ()
