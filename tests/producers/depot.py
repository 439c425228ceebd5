"""What the agents with a budget share: a depot with many shelves, and what is said of their plans in the end."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

MODEL = "gpt-4o-mini"
WINDOW, RESERVE = 8_000, 800
INSTRUCTIONS = "You keep the depot. Look at each shelf and say what is missing."
QUESTION = "What is missing in the depot?"

GOODS = ("drill", "lamp", "kettle", "ladder", "blanket", "compass", "anchor", "rope", "lantern", "sail")


def shelf(number: int) -> str:
    """A shelf's list, the same each time; some are long, and one in fifty is longer than a result may be."""
    chance = Random(number)
    rows = 2_000 if number % 50 == 7 else chance.randrange(2, 60)
    return "\n".join(
        f"#W{number:04d}{row:04d}: {chance.choice(GOODS)}, {chance.randrange(1, 90)} pieces" for row in range(rows)
    )


def summary(plans: Sequence[Any], answer: str, error: float | None) -> dict[str, Any]:
    """The plans in numbers, for the test that started this."""
    return {
        "turns": len(plans),
        "most": max(plan.tokens for plan in plans),
        "limit": plans[-1].limit,
        "recut": sum(plan.recut for plan in plans),
        "cuts": len(plans[-1].cuts),
        "answer": answer,
        "error": error,
    }
