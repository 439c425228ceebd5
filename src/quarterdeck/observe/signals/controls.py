"""The runs of the old version that a new one may be compared with: those of the same age.

A new version has at any moment only shown the runs that ended by then, the short ones. So a new run that ends so long
after the deploy is compared with old runs that lasted no longer than that. Each old run from before the deploy is used
once; which durations are asked for follows the old runs as they were, so that those that are left are not the long ones.
Refuses: a run under way at the deploy; of those only the long ones are still to end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.observe.signals.records import Record
from quarterdeck.stats.bets import Floats

PAIR_MAX = 3
"""Old runs that one new run is compared with: more gain little."""
PLENTY = 600
"""With as many old runs from before, three go to each new one; with fewer two, with few one."""
FEW = 60
GOLDEN = 0.6180339887498949
NEAR_SHARE, NEAR_MIN = 0.05, 3
"""How far in rank an old run's duration may lie from the one that is asked for."""
BESIDE_MAX = 64
"""Old runs beside the new ones that wait to be compared."""
STALE_SHARE, STALE_MIN_NS = 0.25, 10 * 10**9
"""An old run beside the new one ended at most a quarter of the deploy's age before it, or ten seconds."""
REFERENCE_MAX = 500


class Controls:
    """`values` (n, size), `lasted_ns`, `window_ns`, `stratum`: old runs that ended before the deploy, the shortest first.

    `window_ns` is how long the old version had been out when the run ended: it says nothing of older ages.
    """

    def __init__(self, old: Sequence[Record], first_ns: int, opened_ns: int, size: int) -> None:
        used = sorted((one for one in old if one.ended_ns <= opened_ns), key=lambda one: one.lasted_ns)
        self.values: Floats = np.array([one.values for one in used]).reshape(len(used), size)
        self.lasted_ns = np.array([one.lasted_ns for one in used], dtype=np.int64)
        self.window_ns = np.array([one.ended_ns - first_ns for one in used], dtype=np.int64)
        self.stratum = np.array([one.stratum for one in used], dtype=np.int64)
        self.free: Bools = np.ones(len(used), dtype=bool)
        self.opened_ns = opened_ns
        self.asked = 0
        self.waiting: dict[int, deque[tuple[int, Floats]]] = {}
        self.beside: dict[int, deque[Floats]] = {}

    def old(self, record: Record) -> None:
        """A run of the old version that ended after the deploy; one that had started before it is passed over."""
        if record.started_ns < self.opened_ns:
            return
        waiting = self.waiting.setdefault(record.stratum, deque(maxlen=BESIDE_MAX))
        waiting.append((record.ended_ns, record.values))
        self.beside.setdefault(record.stratum, deque(maxlen=REFERENCE_MAX)).append(record.values)

    def concurrent(self, record: Record) -> list[Floats]:
        """Up to three old runs that ran beside this one, each used once."""
        waiting = self.waiting.get(record.stratum)
        stale = max(STALE_MIN_NS, STALE_SHARE * (record.ended_ns - self.opened_ns))
        found: list[Floats] = []
        while waiting and len(found) < PAIR_MAX and waiting[-1][0] >= record.ended_ns - stale:
            found.append(waiting.pop()[1])
        return found

    def earlier(self, record: Record) -> list[Floats]:
        """Up to three old runs from before the deploy that were as old or younger, each used once."""
        fits = np.flatnonzero(self._fits(record))
        free = np.flatnonzero(self.free[fits])
        wanted = PAIR_MAX if len(fits) >= PLENTY else 2 if len(fits) >= FEW else 1
        found: list[Floats] = []
        for _ in range(min(wanted, len(free))):
            # Durations are asked for evenly (a sequence of low discrepancy), and answered by the nearest that is free.
            self.asked += 1
            place = (self.asked * GOLDEN) % 1.0 * len(fits)
            nearest = int(np.argmin(np.abs(free - place)))
            if abs(free[nearest] - place) > max(NEAR_MIN, NEAR_SHARE * len(fits)):
                break
            row = fits[free[nearest]]
            self.free[row] = False
            free = np.delete(free, nearest)
            found.append(self.values[row])
        return found

    def _fits(self, record: Record) -> Bools:
        """Old runs of the same kind that were as old or younger, seen when such an age could be seen."""
        age = record.ended_ns - self.opened_ns
        return np.asarray((self.stratum == record.stratum) & (self.lasted_ns <= age) & (self.window_ns >= age))

    def reference(self, record: Record, *, beside: bool) -> Floats:
        """All old runs of the same age, again and again, shape (n, size); `beside`: only those beside the new ones."""
        also = self.beside.get(record.stratum)
        near = np.array(also) if also else np.empty((0, self.values.shape[1]))
        if beside:
            return near
        fits = np.flatnonzero(self._fits(record))
        step = -(-len(fits) // REFERENCE_MAX) or 1
        return np.concatenate([near, self.values[fits[::step]]])

    def until(self, age_ns: int) -> Floats:
        """All old runs that lasted no longer: what the old version had shown at that age, shape (n, size)."""
        return np.asarray(self.values[self.lasted_ns <= age_ns])

    def of_stratum(self, stratum: int) -> NDArray[np.float64]:
        """All values of a stratum from before, whatever their age."""
        return np.asarray(self.values[self.stratum == stratum])
