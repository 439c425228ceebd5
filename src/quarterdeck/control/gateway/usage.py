"""Reads what an answer says of itself on its way, without holding it up or holding it back.

A stream is looked at line by line, and only lines that speak of usage, of an end or of who answers are decoded. Refuses:
an answer larger than its bound; what is not seen is None, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import orjson

BODY_MAX = 32 * 1024 * 1024
"""Of an answer in one piece; a larger one passes, and its usage is unknown."""
_LINE_MAX = 4 * 1024 * 1024
_TELLING = re.compile(rb'"usage"\s*:\s*\{|_reason"\s*:\s*"|"incomplete_details"\s*:\s*\{')
"""What makes a line worth decoding: usage, a reason to end. Most lines say null to both."""


class Said(NamedTuple):
    """What an answer said of itself. `pieces`: events of a stream that carry data, about one a token; 0 for no stream."""

    usage: Mapping[str, Any] | None = None
    was_cut: bool = False
    pieces: int = 0
    response_id: str | None = None
    model: str | None = None
    finish: tuple[str, ...] = ()


class Reader(Protocol):
    """Takes the bytes of an answer in order."""

    def feed(self, data: bytes) -> None: ...

    def said(self) -> Said: ...


class WholeReader:
    """An answer that is one JSON document."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= BODY_MAX:
            self._pieces.append(data)
        else:
            self._pieces.clear()

    def said(self) -> Said:
        document = _document(b"".join(self._pieces)) if 0 < self._size <= BODY_MAX else None
        if document is None:
            return Said()
        finish = _finish(document)
        return Said(
            _usage_in(document), _cut(document, finish), 0, _text(document, "id"), _text(document, "model"), finish
        )


class StreamReader:
    """Server-sent events, of every API that sends usage in them: the newest value of each count wins."""

    def __init__(self) -> None:
        self._rest = b""
        self._usage: dict[str, Any] = {}
        self._was_cut = False
        self._pieces = 0
        self._id: str | None = None
        self._model: str | None = None
        self._finish: tuple[str, ...] = ()

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        if len(self._rest) > _LINE_MAX:
            self._rest = b""
        for line in lines:
            if line.startswith(b"data:"):
                self._pieces += 1
                if self._id is None or _TELLING.search(line):
                    self._look(line)

    def _look(self, line: bytes) -> None:
        document = _document(line[5:])
        if document is None:
            return
        self._usage.update({name: value for name, value in (_usage_in(document) or {}).items() if value is not None})
        finish = _finish(document)
        self._finish = finish or self._finish
        self._was_cut = self._was_cut or _cut(document, finish)
        for holder in (document, document.get("message"), document.get("response")):
            if isinstance(holder, dict):
                self._id = self._id or _text(holder, "id")
                self._model = self._model or _text(holder, "model")

    def said(self) -> Said:
        return Said(self._usage or None, self._was_cut, self._pieces, self._id, self._model, self._finish)


def _document(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    return value[:300] if isinstance(value, str) and value else None


def _usage_in(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """At the top, or inside the message (Anthropic's first event) or the response (OpenAI's last)."""
    for holder in (document, document.get("message"), document.get("response")):
        if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
            found: Mapping[str, Any] = holder["usage"]
            return found
    return None


def _finish(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Why it ended, in the provider's words: of each choice (OpenAI), of the message (Anthropic)."""
    choices = document.get("choices")
    if isinstance(choices, list):
        return tuple(
            c["finish_reason"] for c in choices if isinstance(c, dict) and isinstance(c.get("finish_reason"), str)
        )
    for holder in (document, document.get("delta")):
        if isinstance(holder, dict) and isinstance(holder.get("stop_reason"), str):
            return (holder["stop_reason"],)
    return ()


def _cut(document: Mapping[str, Any], finish: tuple[str, ...]) -> bool:
    """Whether it says that the answer ended at its cap."""
    if "length" in finish or "max_tokens" in finish:
        return True
    for holder in (document, document.get("response")):
        details = holder.get("incomplete_details") if isinstance(holder, dict) else None
        if isinstance(details, dict) and details.get("reason") == "max_output_tokens":
            return True
    return False
