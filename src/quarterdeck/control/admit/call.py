"""One call from its asking to its end: what it wants, what is held for it, where it stands.

Mutable and private to a gate and its waiters; nothing of it leaves the room. Refuses: deciding anything.
"""

from __future__ import annotations

from quarterdeck.control.admit.ask import Ask, Reason
from quarterdeck.control.admit.charge import Charge
from quarterdeck.control.admit.plan import Plan

OUTPUT_WEIGHT = 2.0
"""An output token counts as this many of input in fairness (the weights of the VTC paper)."""


class Call:
    """Waits, then is out. `due`: its place inside its tenant; `gone`: cancelled, to be skipped; `hold` 0: nothing is held."""

    __slots__ = (
        "ask",
        "charge",
        "cost",
        "due",
        "first_at",
        "gone",
        "hold",
        "parked",
        "plan",
        "planned_at",
        "queued_at",
        "reason",
        "scopes",
        "sent_at",
        "ticket",
        "told",
    )

    def __init__(self, ticket: int, ask: Ask, plan: Plan, charge: Charge, now: float) -> None:
        self.ticket = ticket
        self.ask = ask
        self.plan = plan
        self.charge = charge
        self.cost = cost_of(charge)
        self.scopes: tuple[str, ...] = ()
        self.queued_at = self.due = now
        self.reason: Reason = "room"
        self.planned_at = 0
        self.gone = self.parked = self.told = False
        self.hold = 0
        self.sent_at = now
        self.first_at: float | None = None


def cost_of(charge: Charge) -> float:
    """What a call weighs in fairness: input + 2 × output, or its share of the pool; at least 1."""
    tokens = charge.input + OUTPUT_WEIGHT * charge.output
    return max(tokens or charge.total, 1.0)
