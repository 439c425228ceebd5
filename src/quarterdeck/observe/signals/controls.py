"""The runs of the old version that a new one may be compared with: those of the same age.

A new version has at any moment only shown the runs that ended by then, the short ones. So a new run that ends so long
after the deploy is compared with old runs that lasted no longer than that. Old runs from before the deploy are gone
through once, the newest first, and those that do not fit are passed over for good: what is left must not be the long ones.
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
BESIDE_MAX = 64
"""Old runs beside the new ones that wait to be compared."""
STALE_SHARE, STALE_MIN_NS = 0.25, 10 * 10**9
"""An old run beside the new one ended at most a quarter of the deploy's age before it, or ten seconds."""
REFERENCE_MAX = 500


class Controls:
    """`values` (n, size), `lasted_ns`, `window_ns`, `stratum`: old runs that ended before the deploy, the newest first.

    `window_ns` is how long the old version had been out when the run ended: it says nothing of older ages.
    """

    def __init__(self, old: Sequence[Record], first_ns: int, opened_ns: int, size: int) -> None:
        used = [one for one in reversed(old) if one.ended_ns <= opened_ns]
        self.values: Floats = np.array([one.values for one in used]).reshape(len(used), size)
        self.lasted_ns = np.array([one.lasted_ns for one in used], dtype=np.int64)
        self.window_ns = np.array([one.ended_ns - first_ns for one in used], dtype=np.int64)
        self.stratum = np.array([one.stratum for one in used], dtype=np.int64)
        self.opened_ns = opened_ns
        self.next: dict[int, int] = {}
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
        rows = np.flatnonzero(self.stratum == record.stratum)
        wanted = PAIR_MAX if len(rows) >= PLENTY else 2 if len(rows) >= FEW else 1
        at = self.next.get(record.stratum, 0)
        age = record.ended_ns - self.opened_ns
        found: list[Floats] = []
        while at < len(rows) and len(found) < wanted:
            row = rows[at]
            if self.lasted_ns[row] <= age <= self.window_ns[row]:
                found.append(self.values[row])
            at += 1
        self.next[record.stratum] = at
        return found

    def reference(self, record: Record, *, beside: bool) -> Floats:
        """All old runs of the same age, again and again, shape (n, size); `beside`: only those beside the new ones."""
        also = self.beside.get(record.stratum)
        near = np.array(also) if also else np.empty((0, self.values.shape[1]))
        if beside:
            return near
        age = record.ended_ns - self.opened_ns
        fits: Bools = (self.stratum == record.stratum) & (self.lasted_ns <= age) & (self.window_ns >= age)
        return np.concatenate([near, self.values[fits][:REFERENCE_MAX]])

    def of_stratum(self, stratum: int) -> NDArray[np.float64]:
        """All values of a stratum from before, whatever their age."""
        return np.asarray(self.values[self.stratum == stratum])
