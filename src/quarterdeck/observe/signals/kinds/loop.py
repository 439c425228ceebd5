"""Loops. The same tool, the same arguments, the same result, again and again."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """1 for a run with the flag `loop`."""
    return float("loop" in run.flags)


SIGNAL = Signal(
    "loop", "loops", "share of runs", "rate", "The same tool, the same arguments, the same result, again and again.", of
)
