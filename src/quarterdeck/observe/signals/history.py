"""The course of a scope in at most 240 points, all signals at once: every second point goes when it is full."""

from __future__ import annotations

import numpy as np

from quarterdeck.model.signals import Point
from quarterdeck.stats.bets import Floats

POINTS_MAX = 240
STEP_NS = 10 * 10**9
"""The first points lie this far apart; each thinning doubles the distance."""


class History:
    """`points` holds evidence, value, low, high: shape (4, POINTS_MAX, size), in single precision."""

    def __init__(self, size: int) -> None:
        self.points = np.full((4, POINTS_MAX, size), np.nan, dtype=np.float32)
        self.at_ns = np.zeros(POINTS_MAX, dtype=np.int64)
        self.used = 0
        self.step_ns = STEP_NS

    def due(self, now_ns: int) -> bool:
        """Whether a point is wanted."""
        return self.used == 0 or now_ns - int(self.at_ns[self.used - 1]) >= self.step_ns

    def add(self, now_ns: int, *rows: Floats) -> None:
        """One point: evidence, value, low, high, each of shape (size,)."""
        if self.used == POINTS_MAX:
            self.points[:, : POINTS_MAX // 2] = self.points[:, ::2]
            self.at_ns[: POINTS_MAX // 2] = self.at_ns[::2]
            self.used, self.step_ns = POINTS_MAX // 2, self.step_ns * 2
        for row, values in zip(self.points, rows, strict=True):
            row[self.used] = np.minimum(values, 1e30)
        self.at_ns[self.used] = now_ns
        self.used += 1

    def column(self, at: int) -> list[Point]:
        """The points of one signal, oldest first; those without an observation are left out."""
        rows = self.points[:, : self.used, at].astype(float)
        return [
            Point(int(when), float(evidence), *(_known(part) for part in (value, low, high)))
            for when, evidence, value, low, high in zip(self.at_ns[: self.used], *rows, strict=True)
            if not np.isnan(value)
        ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
