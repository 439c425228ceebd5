"""What operators take as normal for a time, on top of the tolerance of all: by cohort and signal.

A swing that is tolerated in a cohort is tolerated wherever the cohort's runs bet. Not part of the patrol's form: whoever keeps the
decisions gives them again after a start. Refuses: to change what is learned.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from quarterdeck.model.signals import Keys
from quarterdeck.observe.signals.columns import Columns
from quarterdeck.stats.bets import Floats

WHOLE: Keys = ()


class Tolerances:
    """(cohort, signal) → share by which it may be worse without news; cohort () = the whole fleet."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._given: dict[tuple[Keys, str], float] = {}

    def set(self, given: Mapping[tuple[Keys, str], float]) -> None:
        """Replace all of them."""
        self._given = dict(given)

    def factors(self, cohort: Keys) -> Floats | None:
        """1 + tolerance of each column for the runs of a cohort; None where nothing was given, which is the rule."""
        mine = [(signal, share) for (keys, signal), share in self._given.items() if keys in (WHOLE, cohort)]
        if not mine:
            return None
        factors = np.ones(self._columns.size)
        for signal, share in mine:
            if signal in self._columns.names:
                at = self._columns.names.index(signal)
                factors[at] = max(factors[at], 1 + share)
        return factors
