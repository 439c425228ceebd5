"""PagerDuty's Events API v2: 202 with the key, or 400 with what is wrong with the event; and its incidents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .http import Answer

KEY = "0123456789abcdef0123456789abcdef"


@dataclass
class PagerDutyFake:
    """`incidents`: key to its status."""

    incidents: dict[str, str] = field(default_factory=dict)

    def __call__(self, path: str, _headers: Mapping[str, str], body: bytes) -> Answer:
        if path != "/v2/enqueue":
            return Answer(404)
        event = json.loads(body)
        wrong = list(_wrong(event))
        if wrong:
            told = {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
            return Answer(400, json.dumps(told).encode())
        key = event["dedup_key"]
        if event["event_action"] == "trigger":
            if self.incidents.get(key) != "acknowledged":
                self.incidents[key] = "triggered"
        elif key in self.incidents:
            self.incidents[key] = f"{event['event_action']}d"
        return Answer(202, json.dumps({"status": "success", "message": "Event processed", "dedup_key": key}).encode())


def _wrong(event: dict[str, Any]) -> list[str]:
    found = []
    if len(str(event.get("routing_key", ""))) != 32:
        found.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        found.append("'event_action' is invalid")
    if not 1 <= len(event.get("dedup_key", "")) <= 255:
        found.append("'dedup_key' is invalid")
    if event.get("event_action") == "trigger":
        payload = event.get("payload", {})
        found += [
            f"'payload.{name}' is missing or blank"
            for name in ("summary", "source", "severity")
            if not payload.get(name)
        ]
        if payload.get("severity") not in ("critical", "error", "warning", "info"):
            found.append(
                "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
            )
        if len(payload.get("summary", "")) > 1024:
            found.append("Length of 'payload.summary' exceeds 1024")
        found += ["'links' is invalid" for link in event.get("links", []) if not link.get("href")]
    return found
