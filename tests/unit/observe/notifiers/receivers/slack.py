"""Slack's incoming webhook: `ok`, or a word for what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .http import Answer

PATH = "/services/T0/B0/very-secret"
_MOST = {"header": 150, "section": 3_000}


def slack(path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    if path != PATH:
        return Answer(404, b"no_service")
    try:
        message = json.loads(body)
    except ValueError:
        return Answer(400, b"invalid_payload")
    if not isinstance(message, dict) or headers["content-type"] != "application/json":
        return Answer(400, b"invalid_payload")
    blocks = message.get("blocks", [])
    if not message.get("text") and not blocks:
        return Answer(400, b"no_text")
    if len(blocks) > 50 or not all(_whole(block) for block in blocks):
        return Answer(400, b"invalid_blocks")
    return Answer(200, b"ok")


def _whole(block: dict[str, Any]) -> bool:
    kind, text = block.get("type"), block.get("text", {})
    if kind not in _MOST or not isinstance(text.get("text"), str):
        return False
    wanted = "plain_text" if kind == "header" else "mrkdwn"
    return text.get("type") == wanted and 1 <= len(text["text"]) <= _MOST[kind]
