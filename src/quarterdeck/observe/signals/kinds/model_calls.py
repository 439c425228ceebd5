"""Model calls. More turns for the same task: the agent no longer finds its way."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """Each call once, whoever reported it."""
    return float(run.model_calls)


SIGNAL = Signal(
    "model_calls",
    "model calls",
    "calls/run",
    "amount",
    "More turns for the same task: the agent no longer finds its way.",
    of,
    weight=0.5,
)
