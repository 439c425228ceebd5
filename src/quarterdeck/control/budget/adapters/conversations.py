"""One budget, or one world, per conversation, for a framework's hook that serves many: the longest unused goes.

Refuses to wait: a conversation answers one turn after another, so the lock is held only to look up.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

CONVERSATIONS_MAX = 1_000

Kept = TypeVar("Kept")


class Conversations(Generic[Kept]):
    """What is kept for each conversation, by key. `given`: one thing for a single conversation, or a callable that makes one."""

    def __init__(self, given: Kept | Callable[[], Kept], most: int = CONVERSATIONS_MAX) -> None:
        self._given = given
        self._most = most
        self._known: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str) -> Kept:
        """What belongs to this conversation; a new one the first time."""
        if not callable(self._given):
            return self._given
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._given()
                if len(self._known) > self._most:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return found

    def __len__(self) -> int:
        return len(self._known)
