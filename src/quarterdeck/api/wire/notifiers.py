"""Who is told of alerts, as the API answers it, and the alert that a test message is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from quarterdeck.api.times import rfc3339_or_none
from quarterdeck.model.alerts import Alert
from quarterdeck.model.notifiers import NotifierNow, NotifierState

_TITLE = "A test of Quarterdeck's notifications: nothing is wrong, and nobody has to do anything"


class NotifierOut(BaseModel):
    """One notifier. `waiting`: messages that wait to be sent. `state` is that of its last try; unknown when there was none."""

    name: str
    kind: str
    state: NotifierState
    waiting: int
    delivered_at: str | None
    last_error: str | None
    failed_at: str | None


class NotifiersOut(BaseModel):
    """All notifiers."""

    items: list[NotifierOut]
    next_cursor: str | None


class TriedOut(BaseModel):
    """What came of a test message; `words` is what the receiver said, or why there was no answer."""

    name: str
    kind: str
    delivered: bool
    words: str


def notifier_dict(now: NotifierNow) -> dict[str, Any]:
    """As `NotifierOut`."""
    return {
        "name": now.name,
        "kind": now.kind,
        "state": now.state,
        "waiting": now.waiting,
        "delivered_at": rfc3339_or_none(now.delivered_ns),
        "last_error": now.last_error,
        "failed_at": rfc3339_or_none(now.failed_ns),
    }


def trial_alert(project: str, now_ns: int) -> Alert:
    """An alert that is in no store; its id says what it is."""
    return Alert(
        project=project,
        alert_id=f"test-{now_ns}",
        signature="test",
        kind="regression",
        state="firing",
        title=_TITLE,
        where=(),
        findings=(),
        opened_ns=now_ns,
        updated_ns=now_ns,
        fired_ns=now_ns,
    )
