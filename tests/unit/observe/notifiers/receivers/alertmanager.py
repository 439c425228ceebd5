"""Alertmanager's API v2: takes a list of alerts, refuses bad labels and times, and tells what fires at a moment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .http import Answer

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass
class AlertmanagerFake:
    """`alerts`: by labels, the newest form of each."""

    authorization: str | None = None
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path != "/api/v2/alerts":
            return Answer(404)
        if self.authorization is not None and headers.get("authorization") != self.authorization:
            return Answer(401, b"unauthorized")
        posted = json.loads(body)
        if not isinstance(posted, list):
            return Answer(422, b'{"code":601,"message":"alerts in body must be of type array"}')
        wrong = [words for alert in posted for words in _wrong(alert)]
        if wrong:
            return Answer(400, json.dumps("; ".join(wrong)).encode())
        for alert in posted:
            self.alerts[json.dumps(alert["labels"], sort_keys=True)] = alert
        return Answer(200)

    def firing(self, at_ns: int) -> list[dict[str, Any]]:
        return [alert for alert in self.alerts.values() if moment(alert["endsAt"]) > at_ns / 1e9]


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _wrong(alert: dict[str, Any]) -> list[str]:
    labels = alert.get("labels", {})
    found = [] if any(labels.values()) else ["at least one label pair required"]
    found += [f'invalid label set: invalid name "{name}"' for name in labels if not _NAME.fullmatch(name)]
    found += ["invalid label value" for value in labels.values() if not isinstance(value, str)]
    if moment(alert["startsAt"]) > moment(alert["endsAt"]):
        found.append("start time must be before end time")
    return found
