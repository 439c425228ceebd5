"""Which tools a task may use: what cannot be undone is withheld while nobody knows whether the task can be paid to its end.

Pure. Refuses: withholding what can be undone; asking anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from quarterdeck.control.tasks.amounts import Amounts, said
from quarterdeck.model.estimates import Estimate, Quantity


class Withheld(NamedTuple):
    """Why, and the ceiling that nine in ten such tasks do not stay below."""

    why: str
    quantity: Quantity
    q90: float
    ceiling: float


class ToolAnswer(NamedTuple):
    """Whether a tool may be used now. True like `allowed`."""

    allowed: bool
    why: str

    def __bool__(self) -> bool:
        return self.allowed


def is_irreversible(name: str, patterns: Iterable[str]) -> bool:
    """Names are compared as they are; `*` and `?` stand for any text and any character."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def over_ceiling(estimate: Estimate, ceilings: Amounts) -> Withheld | None:
    """The ceiling that q90 of the estimate passes by the largest factor; None: it passes none that is known."""
    over = [
        (spread.q90 / ceilings[name], name, spread.q90)
        for name, spread in estimate.spreads.items()
        if name in ceilings and spread.q90 > ceilings[name]
    ]
    if not over:
        return None
    _, name, q90 = max(over)
    ceiling = ceilings[name]
    words = f"one in ten such tasks takes more than {said(name, q90)}, and the ceiling is {said(name, ceiling)}"
    return Withheld(words, name, q90, ceiling)
