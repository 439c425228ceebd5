"""What a notifier was told of an alert, read from the alert's own events; so it holds over a restart.

Pure. The words of an event `notified` or `notify_failed` begin with what was told and to whom (`told_words`).
"""

from __future__ import annotations

from quarterdeck.model.alerts import Alert

_TOLD = frozenset({"notified", "notify_failed"})


def told_words(event: str, notifier: str, answer: str) -> str:
    """`firing to slack team: HTTP 200`."""
    return f"{event} to {notifier}: {answer}"


def was_told(alert: Alert, event: str, notifier: str) -> bool:
    """Whether the notifier was told (or was given up on) since the alert last fired or ended; a later firing is news again."""
    since_ns = {"firing": alert.fired_ns, "resolved": alert.resolved_ns}.get(event, alert.updated_ns) or 0
    start = told_words(event, notifier, "")
    return any(
        one.what in _TOLD and one.at_ns >= since_ns and one.words.startswith(start) for one in reversed(alert.events)
    )


def began(alert: Alert, notifier: str) -> bool:
    """Whether the notifier was told that the alert began; it is told of the end only then."""
    return was_told(alert, "firing", notifier)
