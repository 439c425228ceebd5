"""Tokens. Prompts that grow, answers that ramble, loops: most regressions cost tokens first."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal


def of(run: Run) -> float | None:
    """Input and output; None when nothing was reported."""
    return run.tokens.total


SIGNAL = Signal(
    "tokens",
    "tokens",
    "tokens/run",
    "amount",
    "Prompts that grow, answers that ramble, loops: most regressions cost tokens first.",
    of,
    weight=2.0,
)
