"""The rate of every signal by day, for what days differ beyond chance."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats import Answer, Insufficient, day_effect
from quarterdeck.stats.bets import Floats

DAYS_MAX = 35
RUNS_MIN = 20
"""Days with fewer runs are left out."""
_DAY_NS = 86_400 * 10**9


class Days:
    """Per day three rows: observations, their sum, and the sum that was expected of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.days: OrderedDict[int, Floats] = OrderedDict()

    def __len__(self) -> int:
        return len(self.days)

    def add(self, at_ns: int, places: Floats, normal: Floats, use: Bools) -> None:
        """One run."""
        day = at_ns // _DAY_NS
        rows = self.days.get(day)
        if rows is None:
            rows = self.days[day] = np.zeros((3, self._size))
            if len(self.days) > DAYS_MAX:
                del self.days[min(self.days)]
        rows += np.where(use, (np.ones(self._size), places, normal), 0.0)

    def effect(self, at: int) -> Answer:
        """Relative standard deviation of one column's rate from day to day, with each day's mix taken out."""
        rows = np.array([rows[:, at] for rows in self.days.values() if rows[0, at] >= RUNS_MIN]).reshape(-1, 3)
        if len(rows) < 7:
            return Insufficient("fewer than 7 days with outcomes", len(rows), 7)
        n, events, expected = rows.T
        if not expected.sum() > 0:
            return Insufficient("no day differs", len(rows))
        level = expected.sum() / n.sum()
        rates = np.clip(events / np.maximum(expected, 1e-9) * level, 0.0, 1.0)
        return day_effect(rates, n)
