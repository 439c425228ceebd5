"""Keys that look like one that is read: a rename upstream is told, whatever it did to the key.

A key outside the known families is told when it contains a compound key that feeds a field (`acme.session.id`,
`tool_name_v2`); a key under a prefix that is known as a whole (`flue.`) only when it begins or ends with one. Refuses
to tell bare words (`model`), which everybody uses, and names that users chose for their own metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

CACHE_MAX = 8_192

SHORTEST = 6
"""Letters of a key that may be found inside another."""

_SIGNS = re.compile(r"[^a-z0-9]+")


def _plain(key: str) -> str:
    return _SIGNS.sub("", key.lower())


USER_SPACE = (".metadata.", ".association.properties.", "baggage.", "metadata.", ":metadata:")
"""Parts of keys after which users name things."""


class NearMisses:
    """Decides for one set of read keys. Pure; answers are remembered."""

    def __init__(self, read: Iterable[str]) -> None:
        compound = [key for key in read if "." in key or "_" in key or ":" in key]
        self._whole = tuple(key for key in compound if len(key) >= SHORTEST)
        self._exact = frozenset(compound)
        plain = {_plain(key) for key in compound}
        stems = sorted((stem for stem in plain if len(stem) >= SHORTEST), key=lambda stem: (len(stem), stem))
        self._pattern = re.compile("|".join(map(re.escape, stems))) if stems else None
        self._ask = lru_cache(maxsize=CACHE_MAX)(self._look)

    def __contains__(self, key: str) -> bool:
        return self._ask(key)

    def extended(self, key: str) -> bool:
        """Whether a key under a known prefix begins or (outside user space) ends with one that is read."""
        if key in self._exact:
            return False
        if key.startswith(self._whole):
            return True
        return key.endswith(self._whole) and not any(part in key for part in USER_SPACE)

    def _look(self, key: str) -> bool:
        return self._pattern is not None and self._pattern.search(_plain(key)) is not None
