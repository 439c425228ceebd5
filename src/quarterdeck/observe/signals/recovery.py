"""After an alarm: evidence that it is over, against "still at least half as bad".

A reverse bet on the mean, for many columns at once. Its logarithms have a floor, so that a long bad time does not have to
be made up for; at the alarm's level the bets lose steadily, and a climb from the floor to 20 is rarer than one in 400.
"""

from __future__ import annotations

from math import log

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats import BET_SIZES
from quarterdeck.stats.bets import Floats

OVER = 20.0
"""Evidence at which it is over."""
_FLOOR = -3.0
_BETS = np.asarray(BET_SIZES)


class Recovery:
    """`level` is the mean that is bet against: half way between before and the alarm; NaN where nothing is awaited."""

    def __init__(self, size: int) -> None:
        self.level: Floats = np.full(size, np.nan)
        self.logs: Floats = np.zeros((size, len(_BETS)))
        self.any = False

    def begin(self, column: int, before: float, now: float) -> None:
        """Await the end of an alarm. Without a rise between the two there is nothing to wait for."""
        middle = (before + now) / 2
        if now > before and 0 < middle < 1:
            self.level[column] = middle
            self.logs[column] = 0.0
            self.any = True

    def end(self, column: int) -> None:
        """Nothing is awaited any more."""
        self.level[column] = np.nan
        self.any = bool((~np.isnan(self.level)).any())

    def update(self, x: Floats, use: Bools) -> Bools:
        """One observation for the columns of `use`; answers those that are over. They are no longer awaited."""
        over = np.zeros(len(x), dtype=bool)
        for column in np.flatnonzero(use & ~np.isnan(self.level)):
            level = self.level[column]
            edge = (x[column] - level) / (level - 1)
            self.logs[column] = np.maximum(self.logs[column] + np.log1p(_BETS * edge), _FLOOR)
            if np.logaddexp.reduce(self.logs[column]) - log(len(_BETS)) >= log(OVER):
                over[column] = True
                self.end(int(column))
        return over
