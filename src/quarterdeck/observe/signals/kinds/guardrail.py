"""Guardrail blocks. A guardrail that fires more often means other input or other behaviour."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """1 for a run that a guardrail ended."""
    return float(run.error_class == "guardrail_block")


SIGNAL = Signal(
    "guardrail",
    "guardrail blocks",
    "share of runs",
    "rate",
    "A guardrail that fires more often means other input or other behaviour.",
    of,
)
