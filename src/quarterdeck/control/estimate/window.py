"""The latest values of something, kept in order: quantiles in a microsecond, and what is old goes.

Refuses: an answer about nothing (`quantile` of an empty window is an error of the caller), and growth.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque


class Window:
    """At most `limit` numbers. `n`: in the window; `seen`: ever added; `top`: the largest that was seen whole."""

    __slots__ = ("_limit", "_order", "n", "seen", "top", "values")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._order: deque[float] = deque()
        self.top = -math.inf
        self.values: list[float] = []
        self.n = 0
        self.seen = 0

    def add(self, value: float) -> None:
        """One more; the oldest goes when the window is full."""
        if self.n >= self._limit:
            old = self._order.popleft()
            del self.values[bisect_left(self.values, old)]
            self.n -= 1
        self._order.append(value)
        insort(self.values, value)
        self.top = max(self.top, value)
        self.n += 1
        self.seen += 1

    def add_beyond(self, bound: float, place: float, step: float) -> None:
        """A value of which only a lower bound is known: it is put where a run beyond the bound would be.

        `place`, 0 to 1, is taken in turn by the caller, so that in the long run the mass lies as Kaplan and Meier (1958) and Efron (1967,
        redistribution to the right) put it. Beyond all that ended by itself there is nothing to lean on: it is put `step` above the bound.
        """
        top = self.top
        if bound < self.top:
            first = bisect_right(self.values, bound)
            step = self.values[min(first + int(place * (self.n - first)), self.n - 1)] - bound
        self.add(bound + step)
        self.top = top

    def quantile(self, share: float) -> float:
        """The value that `share` of what comes next will stay below: rank share × (n + 1), between neighbours in proportion."""
        values = self.values
        at = share * (self.n + 1) - 1.0
        if at <= 0.0:
            return values[0]
        low = int(at)
        if low >= self.n - 1:
            return values[-1]
        return values[low] + (values[low + 1] - values[low]) * (at - low)

    def forget(self, keep: int) -> None:
        """Only the newest `keep` stay."""
        while self.n > keep:
            del self.values[bisect_left(self.values, self._order.popleft())]
            self.n -= 1

    def dump(self) -> list[float]:
        """The largest seen whole, then the values, oldest first."""
        return [round(self.top, 5) if self._order else 0.0, *(round(value, 5) for value in self._order)]

    @classmethod
    def load(cls, limit: int, values: list[float]) -> Window:
        """The window that `dump` told of."""
        window = cls(limit)
        for value in values[1:][-limit:]:
            window.add(float(value))
        window.top = float(values[0]) if window.n else -math.inf
        return window
