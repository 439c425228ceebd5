"""Raw user ids become their keyed hash, `<hash:…>`, wherever a dialect writes one: joins stay possible, names do not.

The hash is the `user_hash` of the canonical span, and canonical reads it back as that, so spans can be mapped again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quarterdeck.model.raw import RawEvent, RawSpan, Resource


class UserIds:
    """`keys`: attribute names that carry a user; `user_hash` answers None for what names nobody."""

    def __init__(self, keys: Sequence[str], user_hash: Callable[[Any], str | None]) -> None:
        self._keys = frozenset(keys)
        self._hash = user_hash

    def span(self, raw: RawSpan, resource: Resource) -> RawSpan:
        """The span with hashed ids, and `resource` in the place of its own; the same object when nothing changes."""
        attributes = self.mapping(raw.attributes)
        events = tuple(map(self.event, raw.events)) if raw.events else raw.events
        if attributes is raw.attributes and resource is raw.resource and _same(events, raw.events):
            return raw
        return raw._replace(attributes=attributes, events=events, resource=resource)

    def resource(self, resource: Resource) -> Resource:
        return resource._replace(attributes=self.mapping(resource.attributes))

    def event(self, event: RawEvent) -> RawEvent:
        attributes = self.mapping(event.attributes)
        return event if attributes is event.attributes else event._replace(attributes=attributes)

    def mapping(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """The attributes with hashed ids; the same object when there is none."""
        if self._keys.isdisjoint(attributes):
            return attributes
        hashed = self._hashed(attributes)
        return {**attributes, **hashed} if hashed else attributes

    def _hashed(self, attributes: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for key in self._keys & attributes.keys():
            value = attributes[key]
            if isinstance(value, str) and value.startswith(("<hash:", "<redacted:")):
                continue
            hashed = self._hash(value)
            if hashed is not None:
                found[key] = f"<hash:{hashed}>"
        return found


def _same(new: tuple[RawEvent, ...], old: tuple[RawEvent, ...]) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))
