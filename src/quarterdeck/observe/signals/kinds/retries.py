"""Retries. Retries are the first sign of a provider or a tool that is failing."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal, share


def of(run: Run) -> float | None:
    """Retries among model and tool calls; None without calls."""
    return share(run.retries, run.model_calls + run.tool_calls)


SIGNAL = Signal(
    "retries",
    "retries",
    "share of calls",
    "rate",
    "Retries are the first sign of a provider or a tool that is failing.",
    of,
)
