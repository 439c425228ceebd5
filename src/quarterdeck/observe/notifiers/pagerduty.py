"""PagerDuty, Events API v2: an alert is triggered, acknowledged and resolved under one key.

Form and limits: developer.pagerduty.com/docs/events-api-v2/trigger-events. The key is the alert's id, so that a message
which comes twice, or an alert that fires again while its incident is open, makes no second incident.
Refuses: events over 512 KB; texts are cut to what the API takes.
"""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from quarterdeck.observe.notifiers.message import Message, Say, SendFailed, Words
from quarterdeck.observe.notifiers.poster import Poster
from quarterdeck.observe.notifiers.texts import cut, moment

ENQUEUE = "https://events.pagerduty.com/v2/enqueue"
_ACTIONS = {"firing": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}
_SEVERITIES = {
    "policy": "critical",
    "infrastructure": "critical",
    "capability": "error",
    "shift": "warning",
    "wobble": "info",
}
_KEY_MAX, _SUMMARY_MAX, _LINE_MAX = 255, 1_024, 2_000
"""Characters of a key and of a summary that PagerDuty takes; a line of the details is cut so that the event stays small."""


class PagerDuty:
    """A `Notifier`. It also hears that somebody looks (`acknowledged`)."""

    hears_acknowledged = True

    def __init__(
        self,
        label: str,
        routing_key: str,
        say: Say,
        *,
        timeout_s: float,
        url: str = ENQUEUE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._label = label
        self._routing_key = routing_key
        self._url = url
        self._say = say
        self._poster = Poster(timeout_s, transport)

    @property
    def name(self) -> str:
        return f"pagerduty {self._label}"

    def send(self, message: Message) -> str:
        event = payload(message, self._say(message)) | {"routing_key": self._routing_key}
        answer = self._poster.post(self._url, orjson.dumps(event), {}, hide=(self._routing_key,))
        if answer.status_code != 202:
            raise SendFailed(f"HTTP {answer.status_code}, expected 202", retry=False)
        return "HTTP 202"

    def close(self) -> None:
        self._poster.close()


def payload(message: Message, words: Words) -> dict[str, Any]:
    """The event without its routing key. Only a trigger needs `payload`."""
    event: dict[str, Any] = {
        "event_action": _ACTIONS[message.event],
        "dedup_key": message.alert.alert_id[:_KEY_MAX],
    }
    if message.event != "firing":
        return event
    alert = message.alert
    details: dict[str, Any] = {
        "what": words.title,
        "notes": [line[:_LINE_MAX] for line in words.lines],
        "signature": alert.signature,
    }
    details |= {"where": {name: value or "unknown" for name, value in alert.where}, "project": alert.project}
    return event | {
        "client": "Quarterdeck",
        "client_url": words.link,
        "links": [{"href": words.link, "text": "Open in Quarterdeck"}],
        "payload": {
            "summary": cut(words.title, _SUMMARY_MAX),
            "source": next((value for name, value in alert.where if name == "agent" and value), alert.project),
            "severity": _SEVERITIES.get(words.kind, "error"),
            "timestamp": moment(message.at_ns),
            "component": alert.findings[0].signal if alert.findings else alert.kind,
            "group": alert.project,
            "class": words.kind,
            "custom_details": details,
        },
    }
