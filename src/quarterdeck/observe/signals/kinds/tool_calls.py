"""Tool calls. More tool calls for the same task."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """Each call once."""
    return float(run.tool_calls)


SIGNAL = Signal("tool_calls", "tool calls", "calls/run", "amount", "More tool calls for the same task.", of, weight=0.5)
