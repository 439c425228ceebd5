"""The newest runs of a project with what was normal for each: what the search for the narrowest slice looks at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.model.signals import Keys
from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats.bets import BET_SIZES, Floats
from quarterdeck.store.interface import COHORT_KEYS

NEWEST_MAX = 4_000
ATTRIBUTES = (*COHORT_KEYS, "toolset_hash", "config_hash")
_BETS = np.asarray(BET_SIZES)
MIN_RUNS = 30


class Told(NamedTuple):
    """What a run says of itself: the values of ATTRIBUTES, its calls and its failed calls by tool."""

    stratum: int
    cohort: Keys
    attributes: tuple[str | None, ...]
    tools: dict[str, int]
    tool_errors: dict[str, int]


class Newest:
    """A ring of NEWEST_MAX runs; `places` and `normal` have the shape (NEWEST_MAX, size)."""

    def __init__(self, size: int) -> None:
        self.places: Floats = np.full((NEWEST_MAX, size), np.nan)
        self.normal: Floats = np.full((NEWEST_MAX, size), np.nan)
        self.told: list[Told] = []
        self.next = 0

    def add(self, told: Told, places: Floats, normal: Floats) -> None:
        """One more run; the oldest leaves."""
        self.places[self.next] = places
        self.normal[self.next] = normal
        if len(self.told) < NEWEST_MAX:
            self.told.append(told)
        else:
            self.told[self.next] = told
        self.next = (self.next + 1) % NEWEST_MAX

    def rows(self, cohort: Keys | None = None) -> NDArray[np.int64]:
        """Places in the ring, oldest run first; of one cohort, or of all."""
        used = len(self.told)
        order = (np.arange(used) + (self.next if used == NEWEST_MAX else 0)) % max(1, used)
        if cohort is None:
            return np.asarray(order, dtype=np.int64)
        mine: Bools = np.array([told.cohort == cohort for told in self.told], dtype=bool)
        return np.asarray(order[mine[order]], dtype=np.int64)

    def since_change(self, column: int, cohort: Keys | None) -> NDArray[np.int64]:
        """Rows of a column around its most likely moment of change (where a bet begun then would have won most).

        As many rows from before it as from after: a version that all runs have since then is only told by those without.
        """
        rows = self.rows(cohort)
        rows = rows[~np.isnan(self.places[rows, column])]
        if len(rows) <= MIN_RUNS:
            return np.asarray(rows, dtype=np.int64)
        x, m = self.places[rows, column], self.normal[rows, column]
        # Every size of bet looks back: a large one sees only the newest runs of a change that is small in the whole.
        growth = np.log1p(_BETS[:, None] * (x - m) / m)
        gains = growth[:, ::-1].cumsum(axis=1)[:, ::-1].max(axis=0)
        best = int(np.argmax(gains[: len(rows) - MIN_RUNS + 1]))
        return np.asarray(rows[max(0, 2 * best - len(rows)) :], dtype=np.int64)
