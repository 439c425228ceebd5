"""Reading counts out of a usage document: the first key that is reported, and sums that know what was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.observe.canonical.values import REJECTED, count

Document = Mapping[str, Any]

ITEMS_MAX = 64
"""Entries of a list (modalities, iterations) that are looked at."""


def first(document: Any, *keys: str) -> int | None:
    """The first of `keys` that is reported; a dotted key walks into a nested object."""
    for key in keys:
        found = at_path(document, key)
        if found is not None:
            return found
    return None


def at_path(document: Any, key: str) -> int | None:
    if not isinstance(document, Mapping):
        return None
    value = document.get(key)
    if value is None and "." in key:
        head, tail = key.split(".", 1)
        return at_path(document.get(head), tail)
    return None if isinstance(value, Mapping | list) else count(value)


def plus(*parts: int | None) -> int | None:
    """Sum of what is reported; None when nothing is, REJECTED when a part cannot be a count."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return REJECTED if REJECTED in known else sum(known)
