"""Content that is not there: marks in the place of what was not kept (`model.raw.Absent`), and texts that say "taken out".

Refuses to read a mark as a value: who maps or shows a span that was stored reads it without its marks.
"""

from __future__ import annotations

from typing import Any

from quarterdeck.model.raw import Absent, Attributes, RawSpan
from quarterdeck.observe.canonical.values import REDACTED


def without_marks(raw: RawSpan) -> tuple[RawSpan, str | None]:
    """(the span without attributes that are marks, the reason of the first mark); None = nothing is missing."""
    reason = next((value.reason for value in _values(raw) if isinstance(value, Absent)), None)
    if reason is None:
        return raw, None
    events = tuple(event._replace(attributes=_kept(event.attributes)) for event in raw.events)
    links = tuple(link._replace(attributes=_kept(link.attributes)) for link in raw.links)
    return raw._replace(attributes=_kept(raw.attributes), events=events, links=links), reason


def is_redacted(raw: RawSpan) -> bool:
    """Whether the producer took a whole value out itself."""
    return any(isinstance(value, str) and value in REDACTED for value in raw.attributes.values())


def _values(raw: RawSpan) -> list[Any]:
    maps = (raw.attributes, *(event.attributes for event in raw.events), *(link.attributes for link in raw.links))
    return [value for attributes in maps for value in attributes.values()]


def _kept(attributes: Attributes) -> Attributes:
    return {key: value for key, value in attributes.items() if not isinstance(value, Absent)}
