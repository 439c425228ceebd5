"""One thread that wakes those whose time has come; it starts when the first has to wait.

Refuses: deciding. It calls back and sleeps until the earliest time that it was given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Alarm:
    """`ring` is called at every time that was `set`, on a thread of its own."""

    def __init__(self, now: Callable[[], float], ring: Callable[[], None]) -> None:
        self._now = now
        self._ring = ring
        self._changed = threading.Condition()
        self._at: float | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def set(self, at: float) -> None:
        """Ring at this time at the latest. An earlier one that was set stays."""
        with self._changed:
            if self._closed or (self._at is not None and self._at <= at):
                return
            self._at = at
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="quarterdeck-admission", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (self._at is None or self._at > self._now()):
                    self._changed.wait(None if self._at is None else max(self._at - self._now(), 0.0))
                if self._closed:
                    return
                self._at = None
            self._ring()

    def close(self) -> None:
        """Ring no more, and wait until the thread has gone."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
