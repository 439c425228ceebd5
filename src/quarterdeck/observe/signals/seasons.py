"""The course of the week, learned on the whole fleet for each signal: the hour's factor on what is normal.

Like `stats.Season`, for all signals at once, and against what each run's own stratum expects, so that a mix of kinds that
changes with the hour is not taken for a season. Used from the second full week on.
"""

from __future__ import annotations

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats.bets import Floats
from quarterdeck.stats.season import PSEUDO_EVENTS

SLOTS = 168
_HOUR_NS = 3_600 * 10**9
WEEK_NS = SLOTS * _HOUR_NS


def slot_of(at_ns: int) -> int:
    """The hour of the week, 0..167, counted in UTC from a Thursday."""
    return (at_ns // _HOUR_NS) % SLOTS


class Seasons:
    """`events` and `expected` have the shape (SLOTS, size)."""

    def __init__(self, size: int) -> None:
        self.events: Floats = np.zeros((SLOTS, size))
        self.expected: Floats = np.zeros((SLOTS, size))
        self.totals: Floats = np.zeros((2, size))
        self._usual: Floats = np.ones(size)

    def learn(self, at_ns: int, places: Floats, normal: Floats, use: Bools) -> None:
        """One run of the fleet. `normal` is without the season."""
        slot = slot_of(at_ns)
        seen, usual = np.where(use, places, 0.0), np.where(use, normal, 0.0)
        self.events[slot] += seen
        self.expected[slot] += usual
        self.totals += (seen, usual)

    def factors(self, at_ns: int, since_ns: int) -> Floats:
        """By how much this hour differs, 1 = as usual; 1 throughout until a full week was seen."""
        slot = slot_of(at_ns)
        if at_ns - since_ns < WEEK_NS:
            return self._usual
        level = np.maximum(self.totals[0], 1.0) / np.maximum(self.totals[1], 1.0)
        return np.asarray((self.events[slot] + PSEUDO_EVENTS) / (self.expected[slot] * level + PSEUDO_EVENTS))
