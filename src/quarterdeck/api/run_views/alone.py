"""One at a time per key: who comes while a thing is being built waits for it and then finds it built.

Refuses to remember keys that nobody holds, so it does not grow.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Alone(Generic[Key]):
    """`with alone.of(key):` holds every other thread that names the same key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Key, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, key: Key) -> Iterator[None]:
        with self._lock:
            mine, waiting = self._held.get(key, (threading.Lock(), 0))
            self._held[key] = (mine, waiting + 1)
        try:
            with mine:
                yield
        finally:
            with self._lock:
                _, waiting = self._held[key]
                if waiting == 1:
                    del self._held[key]
                else:
                    self._held[key] = (mine, waiting - 1)
