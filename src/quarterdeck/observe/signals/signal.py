"""A signal: one quantity of a run that can get worse.

A rate is a number in 0..1 (1 = bad); an amount is a number >= 0 without an upper end (more = worse). `of` answers None
when the run does not say: an unknown value is no observation. To add a signal copy the smallest file of `kinds`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from quarterdeck.model.runs import Run


@dataclass(frozen=True, slots=True)
class Signal:
    """`weight`: its part of the budget of false alarms, in relation to the others'."""

    name: str
    title: str
    unit: str
    kind: Literal["rate", "amount"]
    why: str
    of: Callable[[Run], float | None]
    weight: float = 1.0


def share(part: float | None, whole: float | None) -> float | None:
    """part / whole within 0..1; None when either is unknown or there is no whole."""
    if part is None or not whole:
        return None
    return min(1.0, max(0.0, part / whole))
