"""What is left of a task, in words that an agent can read in each turn.

Pure. Refuses: more than three sentences, and a number that nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.control.tasks.amounts import Amounts, said
from quarterdeck.model.estimates import Quantity

_LOW = 0.2
"""Below this share of any ceiling the agent is told to come to an end."""


def remaining_words(ceilings: Amounts, left: Mapping[Quantity, float], spent: Amounts) -> str:
    """`left` has the quantities of `ceilings`. "" without a ceiling."""
    if not ceilings:
        return ""
    parts = ", ".join(f"{said(name, max(left[name], 0.0))} of {said(name, ceilings[name])}" for name in ceilings)
    words = f"Left for this task: {parts}."
    calls = _calls_left(ceilings, left, spent)
    if calls is not None:
        words += f" At the pace so far that is about {calls:,.0f} more model call{'' if round(calls) == 1 else 's'}."
    if min(left[name] / ceilings[name] for name in ceilings) < _LOW:
        words += " Come to an end now: deliver what you have, and say what is missing."
    return words


def _calls_left(ceilings: Amounts, left: Mapping[Quantity, float], spent: Amounts) -> float | None:
    steps = spent.get("steps", 0.0)
    if steps <= 0:
        return None
    paces = {name: spent.get(name, 0.0) / steps for name in ceilings}
    return min((max(left[name], 0.0) // pace for name, pace in paces.items() if pace > 0), default=None)
