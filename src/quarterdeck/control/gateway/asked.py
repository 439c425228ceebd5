"""Takes out of a stream what only the gateway asked for: OpenAI's usage, when the client did not want it.

The client's stream is then byte for byte what it would have been: no chunk without choices at the end, no `"usage":null`
in the others. Whole events are passed on, so at most one incomplete event is held back. Refuses: touching the text of an
answer; inside a JSON string the pattern cannot stand, since its quotes would be escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NULL = re.compile(rb',\s*"usage"\s*:\s*null')
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_HELD_MAX = 4 * 1024 * 1024


def wanted(body: Mapping[str, Any]) -> bool:
    """Whether a streamed chat request does not ask for usage itself."""
    options = body.get("stream_options")
    return not (isinstance(options, Mapping) and options.get("include_usage"))


def asking(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same request, asking for usage."""
    options = body.get("stream_options")
    return {
        **body,
        "stream_options": {**(options if isinstance(options, Mapping) else {}), "include_usage": True},
    }


class UsageTakenOut:
    """Bytes of a stream in, bytes for the client out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """What the client may see now."""
        whole, gap, self._rest = (self._rest + data).rpartition(b"\n\n")
        if not gap:
            if len(self._rest) <= _HELD_MAX:
                return b""
            passed, self._rest = self._rest, b""
            return passed
        events = whole + gap
        if _USAGE.search(events) is not None:
            events = b"".join(event + gap for event in events.split(gap) if event and not _is_extra(event))
        return _NULL.sub(b"", events)

    def rest(self) -> bytes:
        """What was held back when the stream ended."""
        rest, self._rest = self._rest, b""
        return rest


def _is_extra(event: bytes) -> bool:
    """The chunk with usage has an empty list of choices."""
    return _USAGE.search(event) is not None and _NO_CHOICES.search(event) is not None
