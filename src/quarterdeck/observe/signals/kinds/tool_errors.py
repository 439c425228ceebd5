"""Tool errors. A tool that fails is the agent's problem long before the run fails."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal, share


def of(run: Run) -> float | None:
    """Failed calls among tool calls; None without any."""
    return share(sum(run.tool_errors.values()), run.tool_calls)


SIGNAL = Signal(
    "tool_errors",
    "tool errors",
    "share of calls",
    "rate",
    "A tool that fails is the agent's problem long before the run fails.",
    of,
)
