"""Joins the privacy room to the dialects' tables and to the data folder's key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry

from quarterdeck.observe.canonical.content import CONTENT_EVENTS, EVENT_FACTS, USER_KEYS, is_content
from quarterdeck.observe.canonical.hashes import Hasher
from quarterdeck.observe.canonical.values import text
from quarterdeck.observe.privacy import ContentKeys, Door, PrivacyOptions
from quarterdeck.observe.privacy.counts import Tally
from quarterdeck.observe.privacy.tombstones import Tombstones


class PrivacyParts(NamedTuple):
    """The door of the decoding thread, and what others may read of it."""

    door: Door
    tally: Tally
    tombstones: Tombstones


def privacy_parts(
    options: PrivacyOptions, hash_key: bytes, registry: CollectorRegistry, erased: Iterable[str] = ()
) -> PrivacyParts:
    """`erased`: digests of what was erased before. Raises BadSetting for a pattern that does not compile."""
    hasher = Hasher(hash_key)

    def user_hash(value: Any) -> str | None:
        user_id = text(value)  # as canonical reads it, so that both hashes are one
        return None if user_id is None else hasher.user(user_id)

    tally = Tally(registry)
    tombstones = Tombstones(Hasher(hash_key).user, erased)
    door = Door(
        options,
        keyed_hash=hasher.user,
        user_hash=user_hash,
        user_keys=USER_KEYS,
        content=ContentKeys(is_content, CONTENT_EVENTS, EVENT_FACTS),
        tally=tally,
        refuses=tombstones.refuses,
    )
    return PrivacyParts(door, tally, tombstones)
