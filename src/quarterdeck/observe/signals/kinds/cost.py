"""Cost. What a run costs, whatever moved: tokens, model or cache."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """The computed cost, else the reported one: one price table for all keeps a price change of one producer apart."""
    return run.cost.computed if run.cost.computed is not None else run.cost.reported


SIGNAL = Signal(
    "cost", "cost", "$/run", "amount", "What a run costs, whatever moved: tokens, model or cache.", of, weight=2.0
)
