"""How alike the runs of one session (else one user) are: the intraclass correlation of every signal, from running sums.

The arithmetic is that of `stats.intraclass_correlation` (one-way analysis of variance, Donner 1986); a test holds both to
one answer. What is compared is each run's distance from the normal of its stratum, so that sessions of different kinds
do not look like clusters. Refuses: to keep runs; a unit is a sum and a count until it has been silent for long.
"""

from __future__ import annotations

from collections import OrderedDict
from math import sqrt

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats import Answer, Estimate, Insufficient
from quarterdeck.stats.bets import Floats
from quarterdeck.stats.blocks import BLOCK_ABOVE

UNITS_MAX = 4_000
"""Units that are still open; the one that was silent longest is closed."""
GROUPED_MIN = 10
SPREAD_MIN = 2e-4
"""Variance of the distances below which there is nothing to be alike in: one run in five thousand."""
_EVERY = 64


class Clustering:
    """`blocked` says of which columns the runs of one unit are one observation."""

    def __init__(self, size: int) -> None:
        self.units: OrderedDict[str, tuple[Floats, Floats]] = OrderedDict()
        # Over closed units: how many, with two or more, observations, squared sizes, sum²/size; over all: sum and squares.
        self.closed: Floats = np.zeros((5, size))
        self.sums: Floats = np.zeros((2, size))
        self.blocked: Bools = np.zeros(size, dtype=bool)
        self.runs = 0

    def add(self, unit: str | None, distance: Floats) -> None:
        """One run: its distance from normal in each column, NaN = unknown."""
        if unit is None:
            return
        self.runs += 1
        known = ~np.isnan(distance)
        value = np.where(known, distance, 0.0)
        found = self.units.get(unit)
        if found is None:
            self.units[unit] = (known.astype(float), value)
            if len(self.units) > UNITS_MAX:
                self._close(*self.units.popitem(last=False)[1])
        else:
            found[0][:] += known
            found[1][:] += value
            self.units.move_to_end(unit)
        self.sums += (value, value * value)
        if self.runs % _EVERY == 0:
            self._decide()

    def _close(self, count: Floats, total: Floats) -> None:
        self.closed += _parts(count, total)

    def _all(self) -> Floats:
        """The sums with the units that are still open."""
        if not self.units:
            return self.closed
        counts, totals = (np.array(rows) for rows in zip(*self.units.values(), strict=True))
        return np.asarray(self.closed + _parts(counts, totals).sum(axis=1))

    def answers(self) -> list[Answer]:
        """The correlation of each column."""
        return [_answer(column) for column in np.vstack([self._all(), self.sums]).T]

    def _decide(self) -> None:
        if self.runs % (_EVERY * max(1, self.runs // (_EVERY * 16))):
            return  # ever rarer: what thousands of runs said does not change with the next few
        for at, answer in enumerate(self.answers()):
            self.blocked[at] = isinstance(answer, Estimate) and answer.value > BLOCK_ABOVE and answer.low > 0


def _parts(count: Floats, total: Floats) -> Floats:
    some = np.maximum(count, 1)
    return np.array([count > 0, count > 1, count, count * count, total * total / some], dtype=float)


def _answer(sums: Floats) -> Answer:
    units, grouped, n, squares, between, total, square = (float(one) for one in sums)
    if grouped < GROUPED_MIN:
        return Insufficient(f"fewer than {GROUPED_MIN} units with two or more runs", int(grouped), GROUPED_MIN)
    if square / n - (total / n) ** 2 < SPREAD_MIN:
        return Insufficient("hardly any run differs from the others", int(grouped))
    around = between - total * total / n
    mean_between, within = around / (units - 1), max(0.0, square - between) / (n - units)
    size = (n - squares / n) / (units - 1)
    spread = mean_between + (size - 1) * within
    if spread <= 0:
        return Insufficient("all runs are alike", int(grouped))
    icc = (mean_between - within) / spread
    numerator = 2 * (1 - icc) ** 2 * (1 + (size - 1) * icc) ** 2 * (n - 1)
    half = 1.96 * sqrt(numerator / (size**2 * (n - units) * (units - 1)))
    return Estimate(icc, max(-1.0, icc - half), min(1.0, icc + half), int(units), "one-way ANOVA")
