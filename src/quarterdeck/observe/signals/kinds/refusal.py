"""Refusals. The provider's content filter ended the run."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """1 for a run that a content filter ended."""
    return float(run.error_class == "content_filter")


SIGNAL = Signal("refusal", "refusals", "share of runs", "rate", "The provider's content filter ended the run.", of)
