"""Failing runs. A run that failed, by its spans or by its outcome."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """1 for a failed run, 0 for one that did not; None while neither is known."""
    return None if run.failed is None else float(run.failed)


SIGNAL = Signal(
    "failing",
    "failing runs",
    "share of runs",
    "rate",
    "A run that failed, by its spans or by its outcome.",
    of,
    weight=4.0,
)
