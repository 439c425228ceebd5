"""What is normal: for each (cohort, task class) and signal a running mean, or the ranks of what came before.

Each run is compared with its own kind, so a mix of kinds that shifts is no evidence. Refuses: to grow without end; later
classes of a cohort share one stratum, and so do cohorts beyond the limit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quarterdeck.model.signals import Keys
from quarterdeck.observe.signals.columns import Bools, Columns
from quarterdeck.stats import Ranks
from quarterdeck.stats.bets import Floats

CLASSES_MAX = 16
"""Task classes of one cohort that have a normal of their own."""
STRATA_MAX = 1_000
"""Strata of a project: with six amounts each holds 48 KB."""
MEMORY = 20_000.0
"""Observations after which what was seen counts half: a rate of 10 % is then known within 2 % of itself."""
OTHERS: Keys = (("", None),)
"""The cohort of runs whose cohort is not watched on its own."""


class Stratum(NamedTuple):
    """Runs that are compared with each other; `task_class` None also stands for classes beyond the limit."""

    cohort: Keys
    task_class: str | None


class Strata:
    """Sums and counts in step with `columns`, one row a stratum."""

    def __init__(self, columns: Columns, tolerance: float) -> None:
        self._columns = columns
        self._tolerance = tolerance
        self.k: Floats = np.zeros((8, columns.size))
        self.n: Floats = np.zeros((8, columns.size))
        self.ranks: list[tuple[Ranks, ...]] = []
        self.names: list[Stratum] = []
        self._found: dict[Stratum, int] = {}
        self._classes: dict[Keys, int] = {}
        self._rows: dict[Keys, list[int]] = {}

    def __len__(self) -> int:
        return len(self.names)

    def index(self, cohort: Keys, task_class: str | None) -> int:
        """The row of a stratum; made when it is new."""
        wanted = Stratum(cohort, task_class)
        found = self._found.get(wanted)
        if found is not None:
            return found
        if task_class is not None and (self._classes.get(cohort, 0) >= CLASSES_MAX or len(self) >= STRATA_MAX):
            return self.index(cohort, None)
        if task_class is not None:
            self._classes[cohort] = self._classes.get(cohort, 0) + 1
        return self.add(wanted)

    def add(self, stratum: Stratum) -> int:
        """A new row at the end."""
        at = len(self.names)
        if at >= len(self.k):
            self.k, self.n = (np.concatenate([rows, np.zeros_like(rows)]) for rows in (self.k, self.n))
        self.names.append(stratum)
        self.ranks.append(tuple(Ranks(self._tolerance) for _ in self._columns.amounts))
        self._found[stratum] = at
        self._rows.setdefault(stratum.cohort, []).append(at)
        return at

    def of(self, keys: Keys) -> list[int]:
        """Rows of a cohort; () = all."""
        return list(range(len(self))) if not keys else self._rows.get(keys, [])

    def normal(self, at: int) -> Floats:
        """The mean that is expected of each column on the scale of `place`: a running Jeffreys mean, or 1/2."""
        mean = np.asarray((self.k[at] + 0.5) / (self.n[at] + 1))
        mean[self._columns.amounts] = 0.5
        return mean

    def place(self, at: int, values: Floats) -> Floats:
        """`values` on the scale 0..1: rates as they are, amounts by their rank among those before."""
        x = values.copy()
        for ranks, column in zip(self.ranks[at], self._columns.amounts, strict=True):
            value = float(values[column])
            if value > 0:
                x[column] = ranks.rank(value)
            elif value == 0:
                x[column] = 0.5 / (ranks.n + 1)  # nothing is not more than nothing: it is below what ties with it
        return x

    def learn(self, at: int, values: Floats, use: Bools, scale: Floats) -> None:
        """Count the columns of `use`. `scale`: factors of the season, which rates are learned without."""
        self.n[at] += use
        self.k[at] += np.where(use & self._columns.rates, np.minimum(values / scale, 1.0), 0.0)
        for ranks, column in zip(self.ranks[at], self._columns.amounts, strict=True):
            if use[column]:
                ranks.learn(float(values[column]))
        if self.n[at].max() > MEMORY:
            self._fade(at)

    def forget(self, at: int, column: int) -> None:
        """Begin to learn one column of a stratum anew."""
        self.k[at, column] = self.n[at, column] = 0.0
        if self._columns.amount[column]:
            place = int(np.searchsorted(self._columns.amounts, column))
            mine = list(self.ranks[at])
            mine[place] = Ranks(self._tolerance)
            self.ranks[at] = tuple(mine)

    def _fade(self, at: int) -> None:
        old = self.n[at] > MEMORY
        self.k[at, old] /= 2
        self.n[at, old] /= 2
        for ranks, column in zip(self.ranks[at], self._columns.amounts, strict=True):
            if old[column]:
                ranks.fade(0.5)
