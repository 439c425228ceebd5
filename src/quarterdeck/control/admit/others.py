"""What others take of a shared account, measured from what the provider says remains.

Between two answers the provider's level changes by its refill, by what we took, and by what others took; the first two are
known. Refuses: a number from a full bucket, where refill is lost, and from output that streams, whose time is not known.
"""

from __future__ import annotations

_MEMORY_S = 4.0
_SHORTEST_S = 0.05
_NEARLY_FULL = 0.95
_MOST = 0.95
"""Of the refill: others are never thought to take all of it, so that we keep asking."""


class OthersShare:
    """One dimension's. `seen` takes the provider's word; `per_s` is what others take, smoothed over about four seconds."""

    __slots__ = ("_at", "_error", "_remaining", "_spread", "_taken", "per_s")

    def __init__(self) -> None:
        self._at = 0.0
        self._remaining = 0.0
        self._taken = 0.0
        self.per_s = 0.0
        self._spread = 0.0
        self._error = 0.0

    def seen(self, now: float, remaining: float, taken: float, rate: float, capacity: float) -> None:
        """`taken`: all that we have taken so far; `rate`: refill a second."""
        passed = now - self._at
        if passed < _SHORTEST_S:
            return
        full = max(remaining, self._remaining) > _NEARLY_FULL * capacity
        if self._at and passed < 10 * _MEMORY_S and not full:
            others = rate - ((remaining - self._remaining) + (taken - self._taken)) / passed
            weight = min(passed / _MEMORY_S, 1.0)
            # The mean of what is smoothed is known to its standard error: the spread of one look, over many of them.
            self._spread += weight * (abs(others - self.per_s) - self._spread)
            self._error = 1.25 * self._spread * (weight / (2.0 - weight)) ** 0.5
            self.per_s += weight * (others - self.per_s)
        elif full:
            self.per_s = 0.0
        self._at, self._remaining, self._taken = now, remaining, taken

    def drain(self, rate: float) -> float:
        """What to take off the refill: nothing for less than 2 % of it or two standard errors, which is noise."""
        return min(self.per_s, _MOST * rate) if self.per_s > max(0.02 * rate, 2.0 * self._error) else 0.0
