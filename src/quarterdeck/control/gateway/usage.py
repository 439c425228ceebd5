"""Reads usage from an answer on its way, without holding it up or holding it back.

A stream is looked at line by line, and only lines that speak of usage are decoded. Refuses: an answer larger than its
bound; what is not seen is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

BODY_MAX = 32 * 1024 * 1024
"""Of an answer in one piece; a larger one passes, and its usage is unknown."""
_LINE_MAX = 4 * 1024 * 1024


class WholeUsage:
    """Usage of an answer that is one JSON document."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self.pieces = 0

    def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= BODY_MAX:
            self._pieces.append(data)
        else:
            self._pieces.clear()

    def body(self) -> bytes:
        """The answer, as far as it was kept."""
        return b"".join(self._pieces)

    def result(self) -> tuple[Mapping[str, Any] | None, bool]:
        """(usage or None, whether the answer ended at its cap)."""
        document = _document(self.body()) if self._size <= BODY_MAX else None
        return (_usage_in(document), _cut(document)) if document is not None else (None, False)


class StreamUsage:
    """Usage of server-sent events, of every API that sends it: the newest value of each count wins."""

    def __init__(self) -> None:
        self._rest = b""
        self._usage: dict[str, Any] = {}
        self._was_cut = False
        self.pieces = 0
        """Events with data: about one for each token of output where usage is not reported."""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LINE_MAX:
            self._rest = b""
        for line in lines:
            if line.startswith(b"data:"):
                self.pieces += 1
                if b'"usage"' in line or b'_reason"' in line or b'"status"' in line:
                    self._look(line)

    def _look(self, line: bytes) -> None:
        document = _document(line[5:])
        if document is None:
            return
        self._usage.update({name: value for name, value in (_usage_in(document) or {}).items() if value is not None})
        self._was_cut = self._was_cut or _cut(document)

    def result(self) -> tuple[Mapping[str, Any] | None, bool]:
        """(usage or None, whether the answer ended at its cap)."""
        return self._usage or None, self._was_cut


def _document(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _usage_in(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """At the top, or inside the message (Anthropic's first event) or the response (OpenAI's last)."""
    for holder in (document, document.get("message"), document.get("response")):
        if isinstance(holder, Mapping) and isinstance(holder.get("usage"), Mapping):
            found: Mapping[str, Any] = holder["usage"]
            return found
    return None


def _cut(document: Mapping[str, Any]) -> bool:
    """Whether it says that the answer ended at its cap."""
    choices = document.get("choices")
    if isinstance(choices, list) and any(
        isinstance(c, Mapping) and c.get("finish_reason") == "length" for c in choices
    ):
        return True
    for holder in (document, document.get("delta"), document.get("response")):
        if isinstance(holder, Mapping):
            details = holder.get("incomplete_details")
            if holder.get("stop_reason") == "max_tokens":
                return True
            if isinstance(details, Mapping) and details.get("reason") == "max_output_tokens":
                return True
    return False
