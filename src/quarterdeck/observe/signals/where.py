"""Which runs a finding of the whole or of a cohort is about: the narrowest slice that explains it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.model.signals import Keys, SliceScore
from quarterdeck.observe.signals.localise import localise
from quarterdeck.observe.signals.newest import ATTRIBUTES, Newest

SLICES_MAX = 10
_NEAR_ONE = 1 - 1e-6


def slices_of(newest: Newest, column: int, cohort: Keys | None) -> Sequence[SliceScore]:
    """Candidates, best first; of the newest runs since the most likely moment of change. () with too few."""
    rows = newest.since_change(column, cohort)
    if len(rows) == 0:
        return ()
    told = [newest.told[row] for row in rows]
    attributes = {name: [one.attributes[at] for one in told] for at, name in enumerate(ATTRIBUTES)}
    normal = np.clip(newest.normal[rows, column], 1e-6, _NEAR_ONE)
    return localise(newest.places[rows, column], normal, attributes)[:SLICES_MAX]
