"""Content capture: which sessions' content is kept, and a span without its content. Pure.

What goes leaves a mark of its size (`Absent`), so that a reader can tell "not captured" from "there was none". Hashes,
tokens and errors were read before. Refuses to guess what a text is for: with capture off any long text goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from quarterdeck.model.raw import Absent, RawEvent, RawLink, RawSpan
from quarterdeck.observe.privacy.options import Capture

REASON = "not_captured"
LONG_TEXT = 256
"""Characters from which a text of an unknown attribute counts as content (as `duckdb.body_bytes_min`)."""


class ContentKeys(NamedTuple):
    """Where content stands: given by whoever knows the dialects."""

    is_content: Callable[[str], bool]
    events: frozenset[str]
    event_facts: frozenset[str]


def keeps(mode: Capture, share: float, session_key: str) -> bool:
    """Whether the content of a session stays; the same session is always answered alike (BLAKE2b of its key)."""
    if mode != "sampled":
        return mode == "on"
    place = int.from_bytes(hashlib.blake2b(session_key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    return place < share * 2**64


def without_content(raw: RawSpan, keys: ContentKeys) -> RawSpan:
    """The span with marks in the place of content."""
    return raw._replace(
        attributes=_stripped(raw.attributes, keys.is_content),
        events=tuple(_event(event, keys) for event in raw.events),
        links=tuple(_link(link, keys) for link in raw.links),
    )


def _event(event: RawEvent, keys: ContentKeys) -> RawEvent:
    """The event with marks in the place of content; a message event keeps its role, ids and finish reason."""
    if event.name in keys.events:
        kept: Iterable[tuple[str, Any]] = (
            (key, value if key in keys.event_facts else _mark(value)) for key, value in event.attributes.items()
        )
        return event._replace(attributes=dict(kept))
    return event._replace(attributes=_stripped(event.attributes, keys.is_content))


def _link(link: RawLink, keys: ContentKeys) -> RawLink:
    return link._replace(attributes=_stripped(link.attributes, keys.is_content)) if link.attributes else link


def _stripped(attributes: dict[str, Any], is_content: Callable[[str], bool]) -> dict[str, Any]:
    return {key: _mark(value) if is_content(key) or _is_long(value) else value for key, value in attributes.items()}


def _is_long(value: Any) -> bool:
    return (isinstance(value, str | bytes) and len(value) >= LONG_TEXT) or (
        isinstance(value, dict | list | tuple) and not isinstance(value, Absent) and size_of(value) >= LONG_TEXT
    )


def _mark(value: Any) -> Any:
    return value if value is None or isinstance(value, Absent) else Absent(REASON, size_of(value))


def size_of(value: Any) -> int:
    """UTF-8 bytes of a text; of a structure, of all texts in it."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(size_of(key) + size_of(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(map(size_of, value))
    return len(str(value))
