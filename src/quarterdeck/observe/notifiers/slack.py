"""Slack's incoming webhook, and what speaks like it (Mattermost, Rocket.Chat): one message with blocks.

`text` holds the whole message: Slack shows it in notifications, and receivers that know no blocks show it alone.
Form and limits: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and /reference/block-kit/blocks.
Refuses: text that becomes a mention or a link of its own; the three signs that Slack reads are escaped.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from quarterdeck.observe.notifiers.message import Message, Say, Words
from quarterdeck.observe.notifiers.poster import Poster
from quarterdeck.observe.notifiers.texts import cut

_HEADER_MAX, _SECTION_MAX, _TEXT_MAX = 150, 3_000, 4_000
"""Characters of a header, a section, and of a text that Slack recommends; more is refused as `invalid_blocks`."""
_SIGNS = {"policy": ":rotating_light:", "infrastructure": ":electric_plug:"}


class Slack:
    """A `Notifier`."""

    def __init__(
        self, label: str, url: str, say: Say, *, timeout_s: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._label = label
        self._url = url
        self._say = say
        self._poster = Poster(timeout_s, transport)

    @property
    def name(self) -> str:
        return f"slack {self._label}"

    def send(self, message: Message) -> str:
        body = orjson.dumps(payload(self._say(message), message.event))
        return f"HTTP {self._poster.post(self._url, body, {}, hide=(self._url, urlsplit(self._url).path)).status_code}"

    def close(self) -> None:
        self._poster.close()


def payload(words: Words, event: str) -> dict[str, Any]:
    """`{text, blocks}`."""
    sign = _SIGNS.get(words.kind, ":warning:") if event == "firing" else ":white_check_mark:"
    lines = "\n".join(escaped(line) for line in words.lines)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(f"{sign} {words.title}", _HEADER_MAX), "emoji": True}},
    ]  # fmt: skip
    if len(f"{sign} {words.title}") > _HEADER_MAX:
        blocks.append(_section(escaped(words.title)))
    if lines:
        blocks.append(_section(lines))
    blocks.append(_section(f"<{words.link}|Open in Quarterdeck>"))
    return {"text": cut(escaped(words.text), _TEXT_MAX), "blocks": blocks}


def escaped(text: str) -> str:
    """The three signs that Slack's own markup uses."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, _SECTION_MAX)}}
