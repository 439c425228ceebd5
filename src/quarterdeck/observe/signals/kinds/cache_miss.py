"""Cache misses. A prompt whose beginning changes on every call pays full price for it."""

from __future__ import annotations

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.signal import Signal, share


def of(run: Run) -> float | None:
    """Input that was not read from the provider's cache; None where the cache is not reported."""
    hit = share(run.tokens.cache_read, run.tokens.input)
    return None if hit is None else 1.0 - hit


SIGNAL = Signal(
    "cache_miss",
    "cache misses",
    "share of input",
    "rate",
    "A prompt whose beginning changes on every call pays full price for it.",
    of,
    weight=0.5,
)
