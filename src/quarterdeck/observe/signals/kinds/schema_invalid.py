"""Invalid output. Answers that do not parse: the usual sign of a changed model."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """1 for a run that an invalid answer ended."""
    return float(run.error_class == "schema_invalid")


SIGNAL = Signal(
    "schema_invalid",
    "invalid output",
    "share of runs",
    "rate",
    "Answers that do not parse: the usual sign of a changed model.",
    of,
)
