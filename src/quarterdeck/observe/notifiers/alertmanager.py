"""Alertmanager, API v2: what fires is sent, and sent again until it is over.

Form: prometheus.io/docs/alerting/latest/alerts_api. Alertmanager takes an alert for over when it is not heard of again, so
each sending says until when it holds (`endsAt`): four rests between two sendings, as Prometheus does.
Labels name the alert and must not change while it fires; they are kept from its first sending. After a restart they may
differ in the class; then the older form ends by itself.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson

from quarterdeck.clock import Clock
from quarterdeck.model.alerts import Alert
from quarterdeck.observe.notifiers.message import Message, Say, Words
from quarterdeck.observe.notifiers.poster import Poster
from quarterdeck.observe.notifiers.texts import moment

_PATH = "/api/v2/alerts"
_HOLDS = 4
"""Rests between two sendings after which an alert that is not heard of is over."""
_NOT_IN_NAME = re.compile(r"[^a-zA-Z0-9_]")
_SEVERITIES = {"policy": "critical", "infrastructure": "critical", "capability": "error", "wobble": "info"}


class Alertmanager:
    """A `Notifier` that repeats. `url` is the server's, without a path of the API."""

    def __init__(
        self,
        label: str,
        url: str,
        say: Say,
        clock: Clock,
        *,
        timeout_s: float,
        repeat_s: float,
        authorization: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.repeat_s = repeat_s
        self._label = label
        self._url = url.rstrip("/") + _PATH
        self._say = say
        self._clock = clock
        self._headers = {} if authorization is None else {"authorization": authorization}
        self._labels: dict[str, dict[str, str]] = {}
        self._poster = Poster(timeout_s, transport)

    @property
    def name(self) -> str:
        return f"alertmanager {self._label}"

    def send(self, message: Message) -> str:
        alert, words = message.alert, self._say(message)
        labels = self._labels.setdefault(alert.alert_id, labels_of(alert, words.kind))
        firing = message.event == "firing"
        ends_ns = self._clock.now_ns() + int(_HOLDS * self.repeat_s * 1e9) if firing else message.at_ns
        body = orjson.dumps([posted(alert, words, labels, ends_ns)])
        answer = self._poster.post(self._url, body, self._headers, hide=tuple(self._headers.values()))
        if not firing:
            self._labels.pop(alert.alert_id, None)
        return f"HTTP {answer.status_code}"

    def close(self) -> None:
        self._poster.close()


def labels_of(alert: Alert, kind: str) -> dict[str, str]:
    """What tells this alert from others. Names hold letters, digits and underscores alone; no value is empty."""
    where = {_NOT_IN_NAME.sub("_", name): value or "unknown" for name, value in alert.where}
    signal = alert.findings[0].signal if alert.findings else alert.kind
    return where | {
        "alertname": f"quarterdeck_{_NOT_IN_NAME.sub('_', signal)}",
        "alert_id": alert.alert_id,
        "class": kind,
        "project": alert.project,
        "severity": _SEVERITIES.get(kind, "warning"),
    }


def posted(alert: Alert, words: Words, labels: dict[str, str], ends_ns: int) -> dict[str, Any]:
    """One alert as the API takes it; it never ends before it starts."""
    starts_ns = alert.fired_ns or alert.opened_ns
    return {
        "labels": labels,
        "annotations": {"summary": words.title, "description": "\n".join(words.lines), "link": words.link},
        "startsAt": moment(starts_ns),
        "endsAt": moment(max(ends_ns, starts_ns)),
        "generatorURL": words.link,
    }
