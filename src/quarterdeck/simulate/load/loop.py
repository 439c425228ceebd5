"""A clock that jumps to whatever is next: the time of a simulation.

Refuses: sleeping, and going back.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any


class Loop:
    """Callbacks in order of their time; equal times in order of being set."""

    def __init__(self, start: float = 0.0) -> None:
        self.now = start
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._seq = 0

    def at(self, when: float, what: Callable[..., None], *arguments: Any) -> None:
        """Call `what` at `when`, or now if that has passed."""
        self._seq += 1
        heappush(self._heap, (max(when, self.now), self._seq, what, arguments))

    def step(self) -> bool:
        """Do what is next; False when there is nothing."""
        if not self._heap:
            return False
        self.now, _, what, arguments = heappop(self._heap)
        what(*arguments)
        return True
