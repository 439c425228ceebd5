"""Lost runs. Runs that fell silent and never ended."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """1 for a lost run, 0 for a finished one; None while it lives."""
    return {"lost": 1.0, "finished": 0.0}.get(run.lifecycle)


SIGNAL = Signal("lost", "lost runs", "share of runs", "rate", "Runs that fell silent and never ended.", of)
