"""What of a raw span is not kept, and the rest of it: a mark in the place of a text must not be read as a message.

Pure. Refuses to guess what stood there.
"""

from __future__ import annotations

from quarterdeck.model.raw import Absent, RawSpan


def absent_of(raw: RawSpan) -> Absent | None:
    """Why bodies of this span are not kept, and how many bytes they were; None when nothing is missing."""
    maps = (raw.attributes, *(event.attributes for event in raw.events))
    gone = [value for attributes in maps for value in attributes.values() if isinstance(value, Absent)]
    return Absent(gone[0].reason, sum(one.size for one in gone)) if gone else None


def without_absent(raw: RawSpan) -> RawSpan:
    """The span without the marks; the same object when there are none."""
    if absent_of(raw) is None:
        return raw
    events = tuple(event._replace(attributes=_kept(event.attributes)) for event in raw.events)
    return raw._replace(attributes=_kept(raw.attributes), events=events)


def _kept(attributes: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in attributes.items() if not isinstance(value, Absent)}
