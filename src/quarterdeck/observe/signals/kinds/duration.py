"""Duration. Slow is what users notice first."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """Wall time of the root; None without an end."""
    return run.duration_s


SIGNAL = Signal("duration", "duration", "seconds/run", "amount", "Slow is what users notice first.", of)
