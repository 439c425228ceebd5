"""Errors inside. Calls that fail inside runs that still end well."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal, share


def of(run: Run) -> float | None:
    """Failed spans among model and tool calls; None without calls."""
    return share(run.errors, run.model_calls + run.tool_calls)


SIGNAL = Signal(
    "errors_inside", "errors inside", "errors/call", "rate", "Calls that fail inside runs that still end well.", of
)
