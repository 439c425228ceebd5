"""What sets the runs of one selection apart from those of another: the narrowest slices that have more of the first.

Pure: grouped rows in, slices out. Membership is the signal, the share of the first selection among all is what is
normal, and the search is that of `localise`. Refuses: to name a slice for a difference that is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.model.signals import SliceScore
from quarterdeck.observe.signals.localise import localise
from quarterdeck.store.contrast import ContrastRows

RUNS_MAX = 1_000
"""Runs of either side that are read: a slice that twice as many would show and these do not is not worth its wait."""
SYMPTOMS = frozenset({"lifecycle", "status", "outcome", "error_class", "tool_error", "flag", "dialect"})
"""How a run went, not which run it was: these tell failing runs from others by definition."""


def between(found: ContrastRows, keys: Sequence[str]) -> tuple[SliceScore, ...]:
    """Slices best first, all runs among them as `where` (); that one first = no slice sets them apart. () with an empty side.

    `keys` are those of the rows, in their order. `mean` of a slice is the share of its runs that are of the first side.
    """
    if not found.where or not found.against:
        return ()
    ones = np.array([row.where for row in found.rows], dtype=np.float64)
    runs = ones + np.array([row.against for row in found.rows], dtype=np.float64)
    columns = {key: [row.values[at] for row in found.rows] for at, key in enumerate(keys)}
    telling = {key: values for key, values in columns.items() if len(set(values)) > 1}
    return localise(ones / runs, found.where / (found.where + found.against), telling, repeats=runs)
