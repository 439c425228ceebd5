"""A bound on how many unmapped keys are counted one by one: what came too late for a row of its own counts as `(other)`.

A sender that makes up a key per request would otherwise fill the table. Pure; the engines say which keys they know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from quarterdeck.model.reports import UnmappedKey

OTHER = "(other)"
"""Stands for all keys of a project that have no row of their own; dialect and scope are empty."""

UNMAPPED_MAX = 10_000
"""Rows by default: about 2 MB, and far more keys than all known producers have together."""

Identity = tuple[str, str, str, str]
"""(project, key, dialect, scope name)."""


def identity_of(key: UnmappedKey) -> Identity:
    return key.project, key.key, key.dialect, key.scope_name


def fitted(keys: Iterable[UnmappedKey], known: Callable[[Identity], bool], room: int) -> list[UnmappedKey]:
    """The keys, of which known ones and the first `room` new ones keep their name."""
    new: set[Identity] = set()
    found = []
    for key in keys:
        identity = identity_of(key)
        if not known(identity) and identity not in new:
            if len(new) >= room:
                found.append(replace(key, key=OTHER, dialect="", scope_name=""))
                continue
            new.add(identity)
        found.append(key)
    return found
