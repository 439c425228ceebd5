"""Escalations. Runs that were handed to a person: nothing failed, and still nothing was solved."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal

_WORDS = ("escalat", "handoff", "hand-off", "handed_over", "transferred")


def of(run: Run) -> float | None:
    """1 for a run whose outcome says that it was handed on, 0 for any other outcome; None without one."""
    if run.outcome is None:
        return None
    said = run.outcome.lower()
    return float(any(word in said for word in _WORDS))


SIGNAL = Signal(
    "escalation",
    "escalations",
    "share of runs",
    "rate",
    "Runs that were handed to a person: nothing failed, and still nothing was solved.",
    of,
    weight=0.5,
)
