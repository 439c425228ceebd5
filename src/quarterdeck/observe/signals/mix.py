"""Which kinds of runs became more or fewer: reported, never alarmed, because no rate of any kind moved with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Keys
from quarterdeck.observe.signals.newest import Newest
from quarterdeck.observe.signals.strata import OTHERS, Strata
from quarterdeck.stats import newcombe, wilson

WINDOW = 1_000
"""The newest runs that are compared with those before them."""
SHIFT_MIN = 0.05
CONFIDENCE = 0.999
SHOWN_MAX = 10


class MixShift(NamedTuple):
    """The share of one kind of runs among all: `now` in the newest runs, `before` in the older ones."""

    where: Keys
    now: Measured
    before: Measured


def shifts(newest: Newest, strata: Strata) -> list[MixShift]:
    """Kinds whose share moved by five points or more, beyond chance; the largest first."""
    order = [newest.told[at].stratum for at in newest.rows()]
    now, before = order[-WINDOW:], order[:-WINDOW]
    if len(before) < WINDOW // 2:
        now, before = order[len(order) // 2 :], order[: len(order) // 2]
    if len(before) < WINDOW // 10:
        return []
    counts = [np.bincount(rows, minlength=len(strata)) for rows in (now, before)]
    found = []
    for at, stratum in enumerate(strata.names):
        new, old = int(counts[0][at]), int(counts[1][at])
        low, high = newcombe(new, len(now), old, len(before), CONFIDENCE)
        if max(low, -high) > 0 and abs(new / len(now) - old / len(before)) >= SHIFT_MIN:
            keys = () if stratum.cohort == OTHERS else stratum.cohort
            where = (*keys, ("task_class", stratum.task_class))
            found.append(MixShift(where, _share(new, len(now)), _share(old, len(before))))
    return sorted(found, key=lambda one: -abs((one.now.value or 0) - (one.before.value or 0)))[:SHOWN_MAX]


def _share(k: int, n: int) -> Measured:
    low, high = wilson(k, n)
    return Measured(k / n, low, high, n, "share of runs, Wilson")
