"""Loops. The same calls with the same results again and again, to and fro, or with nothing new coming in."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal

_FLAGS = frozenset({"loop", "oscillation", "stale_growth"})


def of(run: Run) -> float | None:
    """1 for a run with one of the flags `loop`, `oscillation`, `stale_growth`."""
    return float(not _FLAGS.isdisjoint(run.flags))


SIGNAL = Signal("loop", "loops", "share of runs", "rate", "The same calls with the same results, again and again.", of)
