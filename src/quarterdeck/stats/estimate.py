"""What the core answers: an estimate with its interval and its n, or that there is not enough to say.

Refuses: NaN, and 0 in the place of "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, its interval `low..high`, how many independent units it rests on, and how it was made."""

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True, slots=True)
class Insufficient:
    """Not enough data: why, how much there is (`n`), and how much there would have to be (None = cannot be said)."""

    reason: str
    n: int
    n_needed: int | None = None


Answer: TypeAlias = Estimate | Insufficient
