"""The newest runs of one scope: what its values are now, and which runs to open."""

from __future__ import annotations

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats.bets import Floats

RECENT_MAX = 100
"""Runs that say what the value is now: a rate of 10 % is known within 6 points."""
EXEMPLARS = 5


class Recent:
    """A ring of the last runs: their values, and what was normal for each. Rows of one run lie at the same place."""

    def __init__(self, size: int) -> None:
        self.values: Floats = np.full((RECENT_MAX, size), np.nan)
        self.normal: Floats = np.full((RECENT_MAX, size), np.nan)
        self.run_ids: list[str] = []
        self.next = 0

    def add(self, values: Floats, normal: Floats, run_id: str) -> None:
        """One more run; the oldest leaves."""
        self.values[self.next] = values
        self.normal[self.next] = normal
        if len(self.run_ids) < RECENT_MAX:
            self.run_ids.append(run_id)
        else:
            self.run_ids[self.next] = run_id
        self.next = (self.next + 1) % RECENT_MAX

    def column(self, at: int) -> tuple[Floats, Floats]:
        """(values, normals) of one column where it is known; in no order."""
        known = ~np.isnan(self.values[:, at])
        return self.values[known, at], self.normal[known, at]

    def summary(self, rates: Bools) -> tuple[Floats, Floats, Floats]:
        """(value, low, high) of all columns, each of shape (size,): means of rates (Wilson), medians of amounts.

        NaN where nothing is known.
        """
        known = ~np.isnan(self.values)
        n = known.sum(axis=0)
        some = np.maximum(n, 1)
        mean = np.where(known & rates, self.values, 0.0).sum(axis=0) / some
        low, high = wilson_bounds(mean, some)
        value, under, over = mean.copy(), low, high
        for at in np.flatnonzero(~rates & (n > 0)):
            ordered = np.sort(self.values[known[:, at], at])
            half, middle = 0.98 * len(ordered) ** 0.5, len(ordered) / 2
            last = len(ordered) - 1
            value[at], under[at], over[at] = (
                ordered[min(last, max(0, int(place)))] for place in (middle, middle - half, middle + half)
            )
        value[n == 0] = np.nan
        return value, under, over

    def worst(self, at: int) -> tuple[str, ...]:
        """The runs with the largest values of a column, the newest first among equals."""
        age = (self.next - 1 - np.arange(RECENT_MAX)) % RECENT_MAX
        known = np.flatnonzero(~np.isnan(self.values[:, at]))
        best = known[np.lexsort((age[known], -self.values[known, at]))][:EXEMPLARS]
        return tuple(self.run_ids[i] for i in best)


def wilson_bounds(mean: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Wilson's 95 % interval of means in 0..1; wider than needed where values lie between 0 and 1. Elementwise, n >= 1."""
    z = 1.959963984540054
    scale = 1 + z * z / n
    centre = (mean + z * z / (2 * n)) / scale
    half = z * np.sqrt(np.maximum(mean * (1 - mean), 0) / n + z * z / (4 * n * n)) / scale
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
