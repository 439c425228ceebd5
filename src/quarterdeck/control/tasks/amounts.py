"""What a task may take, and what it took: one number for each quantity that has a ceiling.

Refuses: a ceiling that is no positive number; a quantity that nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import QUANTITIES, Quantity

Amounts = Mapping[Quantity, float]

LEDGER: tuple[Quantity, ...] = ("tokens_input", "tokens_output", "tokens_total", "steps", "cost_usd")
"""What is reserved and settled. Seconds pass by themselves."""


class Price(NamedTuple):
    """US dollars of a million tokens."""

    usd_per_million_input: float
    usd_per_million_output: float

    def of(self, tokens_input: float, tokens_output: float) -> float:
        """US dollars of one call."""
        return (tokens_input * self.usd_per_million_input + tokens_output * self.usd_per_million_output) / 1e6


def checked_ceilings(ceilings: Mapping[Quantity, float | None]) -> dict[Quantity, float]:
    """Those that are set. Raises BadInput for an unknown name or a number that is not positive and finite."""
    found: dict[Quantity, float] = {}
    for name, value in ceilings.items():
        if name not in QUANTITIES:
            msg = f"ceiling {name!r}: expected one of {', '.join(QUANTITIES)}"
            raise BadInput(msg)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value > 0):
            msg = f"ceiling {name}: expected a number above 0, got {value!r}"
            raise BadInput(msg)
        found[name] = float(value)
    return found


def call_amounts(tokens_input: float, tokens_output: float, cost_usd: float | None) -> dict[Quantity, float]:
    """One call as amounts; no dollars where nobody knows them."""
    found: dict[Quantity, float] = {
        "tokens_input": tokens_input,
        "tokens_output": tokens_output,
        "tokens_total": tokens_input + tokens_output,
        "steps": 1.0,
    }
    return found if cost_usd is None else found | {"cost_usd": cost_usd}


def checked_count(name: str, value: float, *, least: float = 0.0) -> float:
    """A count of tokens, dollars or seconds. Raises BadInput."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= least):
        msg = f"{name}: expected a number of {least:g} or more, got {value!r}"
        raise BadInput(msg)
    return float(value)


def said(quantity: Quantity, amount: float) -> str:
    """`38,200 tokens`, `12 model calls`, `$0.21`, `95 s`."""
    if quantity == "cost_usd":
        return f"${amount:,.4f}" if 0 < amount < 0.1 else f"${amount:,.2f}"
    if quantity == "seconds":
        return f"{amount:,.0f} s"
    if quantity == "steps":
        return f"{amount:,.0f} model call{'' if round(amount) == 1 else 's'}"
    kind = quantity.removeprefix("tokens_")
    return f"{amount:,.0f} {'' if kind == 'total' else kind + ' '}tokens"
