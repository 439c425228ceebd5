"""The streams of one scope, the whole fleet or one cohort: evidence for every signal, and whether it rises.

The arithmetic is that of `stats.EDetector` (Shiryaev-Roberts, nine bets), for all signals in one array step; a test holds
both to one answer. Each item bets against the mean that its own stratum expects.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from quarterdeck.model.signals import Keys, Lane
from quarterdeck.observe.signals.columns import Bools, Columns
from quarterdeck.observe.signals.history import History
from quarterdeck.observe.signals.recent import Recent
from quarterdeck.observe.signals.recovery import Recovery
from quarterdeck.stats import BET_SIZES
from quarterdeck.stats.bets import Floats

WEALTH_MAX = 1e250
QUIET, RISING, REACHED = 0, 1, 2
BETS = np.asarray(BET_SIZES)
RISE = 0.75
"""Evidence rises at this power of its threshold. Without a change it grows by one an observation, so at the square root it
would rise by itself every day."""
FELL = 3.0
"""Evidence fell back when it is a third of the line at which it rose: near the line it would rise and fall all day."""
PACE_RUNS = 30
"""`pace` is the running mean of about so many of the newest observations, on the scale that is bet on."""
_MEAN = np.full(len(BETS), 1 / len(BETS))


class Crossing(NamedTuple):
    """Evidence of one column passed a line."""

    column: int
    state: Literal["rising", "fell", "reached", "recovered"]
    evidence: float


class Scope:
    """`keys` () = the whole fleet. Arrays are in step with the columns."""

    def __init__(self, keys: Keys, columns: Columns, now_ns: int) -> None:
        self.keys = keys
        size = columns.size
        self.wealth: Floats = np.zeros((size, len(BETS)))
        self.items: Floats = np.zeros(size)
        self.bets: Floats = np.zeros(size)
        self.thresholds: Floats = np.full(size, np.inf)
        self.lines: Floats = np.full(size, np.inf)
        self.state = np.zeros(size, dtype=np.int8)
        self.pace: Floats = np.where(columns.amount, 0.5, 0.0)
        self.moved = False
        self.recovery = Recovery(size)
        self.recent = Recent(size)
        self.history = History(size)
        self.first_ns = self.last_ns = now_ns
        self.runs = 0

    @property
    def lane(self) -> Lane:
        """The whole has no keys."""
        return "cohort" if self.keys else "pooled"

    @property
    def evidence(self) -> Floats:
        """R of each column: 0 without observations."""
        return np.asarray(self.wealth @ _MEAN)

    def set_thresholds(self, thresholds: Floats) -> None:
        """A of every column."""
        self.thresholds, self.lines = thresholds, thresholds**RISE

    def begin_anew(self, column: int) -> None:
        """Nothing is known against this column, and no end is awaited."""
        self.wealth[column] = 0.0
        self.state[column] = QUIET
        self.recovery.end(column)

    def see(self, now_ns: int, values: Floats, normal: Floats, run_id: str) -> None:
        """A run of this scope, whether or not it bets."""
        self.runs += 1
        self.items += ~np.isnan(values)
        self.last_ns = max(self.last_ns, now_ns)
        self.recent.add(values, normal, run_id)

    def bet(self, growth: Floats, x: Floats, use: Bools) -> list[Crossing]:
        """One observation for each column of `use`; `growth` has shape (size, bets). Those that reach A begin anew."""
        grown = np.minimum((1 + self.wealth) * growth, WEALTH_MAX)
        np.copyto(self.wealth, grown, where=use[:, None])
        self.bets += use
        self.pace += use * ((x - self.pace) / PACE_RUNS)
        evidence = self.evidence
        high = evidence >= self.lines
        found = self._cross(evidence, high, use) if self.moved or high.any() else []
        if self.recovery.any:
            for column in np.flatnonzero(self.recovery.update(x, use)):
                self.state[column] = QUIET
                found.append(Crossing(int(column), "recovered", float(evidence[column])))
        return found

    def _cross(self, evidence: Floats, high: Bools, use: Bools) -> list[Crossing]:
        rose = use & high & (self.state == QUIET)
        fell = use & (evidence * FELL < self.lines) & (self.state == RISING)
        found = [Crossing(int(at), "rising", float(evidence[at])) for at in np.flatnonzero(rose)]
        self.state[rose] = RISING
        found += [Crossing(int(at), "fell", float(evidence[at])) for at in np.flatnonzero(fell)]
        self.state[fell] = QUIET
        for at in np.flatnonzero(use & (evidence >= self.thresholds)):
            found.append(Crossing(int(at), "reached", float(evidence[at])))
            self.state[at] = REACHED
            self.wealth[at] = 0.0
        self.moved = bool((self.state == RISING).any())
        return found
