"""How good quantiles were: coverage, its worst rolling 500, pinball losses, width; and the table that peers are fitted on.

Refuses: scoring a run whose end is not known exactly, and a feature that only the future knows.
"""

from __future__ import annotations

import heapq
import math
import zlib
from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimate_data import Row

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9, 0.99)
SCORED = (0.5, 0.9, 0.99)
WINDOW = 500
WARM = 50
"""Rows with a known end before anybody is scored, so that all are scored on the same."""
CODES = 1 << 14


def replay(rows: Sequence[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """Each row with those that ended since the row before it, in the order of their ends."""
    out: list[tuple[float, int]] = []
    for at, row in enumerate(rows):
        ended = []
        while out and out[0][0] < row.started_at:
            ended.append(rows[heapq.heappop(out)[1]])
        yield row, ended
        heapq.heappush(out, (row.ended_at, at))


def constant(rows: Sequence[Row]) -> Floats:
    """The expanding-window quantiles of everything that had ended, in tokens; NaN before `WARM` ends are known."""
    found = np.full((len(rows), len(LEVELS)), np.nan)
    seen: list[int] = []
    for at, (_, ended) in enumerate(replay(rows)):
        for total in (row.total for row in ended if row.scored):
            if total is not None:
                insort(seen, total)
        if len(seen) >= WARM:
            found[at] = [seen[min(int(level * len(seen)), len(seen) - 1)] for level in LEVELS]
    return found


class _Means:
    """Running means of log tokens by key, with the last value and the count."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, ...], tuple[float, float, int]] = {}

    def add(self, key: tuple[str, ...], value: float) -> None:
        mean, _, n = self._of.get(key, (0.0, 0.0, 0))
        self._of[key] = (mean + (value - mean) / (n + 1), value, n + 1)

    def look(self, key: tuple[str, ...]) -> tuple[float, float, float]:
        mean, last, n = self._of.get(key, (math.nan, math.nan, 0))
        return mean, last, float(n)


def _keys(row: Row) -> tuple[tuple[str, ...], ...]:
    return ((row.task_key, row.agent, row.model), (row.task_key,), (row.agent, row.model), (row.agent,), (row.model,))


def table(rows: Sequence[Row], refit: int) -> dict[str, Any]:
    """What peers get: `shipped` features (hashed keys, text length) and `history` features (those and running means by key)."""
    means, shipped, history = _Means(), [], []
    for row, ended in replay(rows):
        for past in ended:
            if past.scored and past.total is not None:
                for key in _keys(past):
                    means.add(key, math.log(past.total))
        codes = [float(zlib.crc32(text.encode()) % CODES) for text in (row.task_key, row.agent, row.model)]
        plain = [*codes, float(len(row.text or ""))]
        shipped.append(plain)
        history.append([*plain, *(value for key in _keys(row) for value in means.look(key))])
    return {
        "shipped": np.array(shipped),
        "history": np.array(history),
        "y": np.array([math.log(row.total) if row.total else math.nan for row in rows]),
        "known": np.array([row.scored for row in rows]),
        "started": np.array([row.started_at for row in rows]),
        "ended": np.array([row.ended_at for row in rows]),
        "refit": refit,
    }


def score(truth: Floats, found: Floats, base: Floats) -> dict[str, Any]:
    """Of rows in order: tokens, quantiles at `LEVELS` in tokens, the constant's. Coverage with its standard error."""
    n = len(truth)
    out: dict[str, Any] = {"n": n, "coverage": {}, "standard_error": {}, "worst_500": {}, "pinball": {}}
    for level in SCORED:
        at = LEVELS.index(level)
        under = (truth <= found[:, at]).astype(float)
        out["coverage"][str(level)] = round(float(under.mean()), 4)
        out["standard_error"][str(level)] = round(math.sqrt(level * (1 - level) / n), 4)
        out["worst_500"][str(level)] = _worst(under, level)
        off = truth - found[:, at]
        out["pinball"][str(level)] = round(float(np.maximum(level * off, (level - 1) * off).mean()), 1)
    out["median_width_ratio"] = round(float(np.median((found[:, 2] - found[:, 0]) / (base[:, 2] - base[:, 0]))), 3)
    return out


def _worst(under: Floats, level: float) -> float | None:
    """Coverage of the rolling window that is farthest from its level; None with fewer rows than a window."""
    if len(under) < WINDOW:
        return None
    sums = np.concatenate([[0.0], np.cumsum(under)])
    rolling = (sums[WINDOW:] - sums[:-WINDOW]) / WINDOW
    return round(float(rolling[int(np.argmax(np.abs(rolling - level)))]), 3)


def holds(found: dict[str, Any]) -> bool:
    """Coverage within two points or two standard errors of every level."""
    return all(
        abs(found["coverage"][str(level)] - level) <= max(0.02, 2 * found["standard_error"][str(level)])
        for level in SCORED
    )
