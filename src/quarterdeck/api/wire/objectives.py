"""Objectives: what was spent of a budget or a target, and how quickly it burns.

Refuses: a burn rate without the runs behind it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from quarterdeck.api.wire.signals import MeasuredOut, measured_dict
from quarterdeck.observe.signals.objectives import ObjectiveNow, PairNow


class BurnPairOut(BaseModel):
    """A long window and the short one beside it; `long` and `short` are burn rates: times what the budget allows.

    Somebody is told when both reach `factor`. `insufficient`: too few runs to judge, or nothing is known of their cost.
    """

    long_s: int
    short_s: int
    factor: float
    long: MeasuredOut
    short: MeasuredOut
    state: Literal["burning", "ok", "insufficient"]


class ObjectiveOut(BaseModel):
    """`spent` of `budget` in the last 30 days, both in `unit`; of a target the share of runs that was bad, and may be.

    `used` is spent ÷ budget. `exhausted_in_s`: when the budget is gone at the pace of the last 6 hours; 0 = it is gone,
    null = not in sight, or not known.
    """

    name: str
    quantity: str
    unit: str
    match: dict[str, str]
    target: float | None
    budget: float
    spent: MeasuredOut
    used: float | None
    exhausted_in_s: float | None
    state: Literal["burning", "exhausted", "ok", "insufficient"]
    windows: list[BurnPairOut]


class ObjectivesOut(BaseModel):
    """Objectives of the project, in the order of the settings."""

    items: list[ObjectiveOut]
    next_cursor: str | None


def objective_dict(now: ObjectiveNow) -> dict[str, Any]:
    objective = now.objective
    return {
        "name": objective.name,
        "quantity": objective.quantity,
        "unit": now.unit,
        "match": {str(name): value for name, value in objective.match.items()},
        "target": objective.target,
        "budget": now.budget,
        "spent": measured_dict(now.spent),
        "used": now.used,
        "exhausted_in_s": now.exhausted_in_s,
        "state": now.state,
        "windows": [_pair(pair) for pair in now.pairs],
    }


def _pair(now: PairNow) -> dict[str, Any]:
    return {
        "long_s": now.pair.long_ns // 10**9,
        "short_s": now.pair.short_ns // 10**9,
        "factor": now.pair.factor,
        "long": measured_dict(now.long),
        "short": measured_dict(now.short),
        "state": now.state,
    }
