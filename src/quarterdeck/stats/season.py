"""The usual course of a week: by how much each slot of it differs from the mean.

Learned on the whole fleet of a metric and applied to each of its streams: one stream alone is too small to tell its
season from chance. Refuses: to know what time it is; the caller says which slot an observation belongs to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quarterdeck.stats.bets import Floats, check_unit

PSEUDO_EVENTS = 50.0
"""Events of prior weight: a slot that saw few stays near 1 (shrinkage of a Poisson rate, gamma prior)."""


class Season:
    """Factors of `slots` equal parts of a period, 1 = as usual. Bounded: two numbers a slot."""

    def __init__(self, slots: int) -> None:
        if slots < 1:
            msg = f"expected at least one slot, got {slots}"
            raise ValueError(msg)
        self._events: Floats = np.zeros(slots)
        self._n: Floats = np.zeros(slots)

    def learn(self, slot: ArrayLike, x: ArrayLike) -> None:
        """Add observations in [0, 1] with the slot of each. Raises ValueError outside that range or the period."""
        where, values = np.atleast_1d(np.asarray(slot, dtype=np.int64)), np.atleast_1d(np.asarray(x, dtype=np.float64))
        check_unit(values)
        if where.shape != values.shape or bool(np.any((where < 0) | (where >= len(self._n)))):
            msg = f"expected one slot in 0..{len(self._n) - 1} for each observation"
            raise ValueError(msg)
        self._events += np.bincount(where, weights=values, minlength=len(self._n))
        self._n += np.bincount(where, minlength=len(self._n))

    def factors(self) -> NDArray[np.float64]:
        """Shape (slots,): the mean of each slot over the mean of all, shrunk towards 1; all 1 before any event."""
        total = self._events.sum()
        if total == 0:
            return np.ones(len(self._n))
        expected = self._n * (total / self._n.sum())
        return np.asarray((self._events + PSEUDO_EVENTS) / (expected + PSEUDO_EVENTS))
