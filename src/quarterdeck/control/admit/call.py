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
    """Waits, then is out. `due`: its place inside its tenant; `gone`: cancelled, to be skipped; `hold` 0: nothing is held;
    `planned`: the version of what was known when it was planned."""

    # Defaults stand here, so that what most calls never need is not set for each.
    scopes: tuple[str, ...] = ()
    reason: Reason = "room"
    planned = 0
    gone = False
    parked = False
    told = False
    hold = 0
    first_at: float | None = None
    sent_at = 0.0
    due = 0.0

    def __init__(self, ticket: int, ask: Ask, plan: Plan, charge: Charge, now: float) -> None:
        self.ticket = ticket
        self.ask = ask
        self.plan = plan
        self.charge = charge
        self.cost = cost_of(charge)
        self.queued_at = now


def cost_of(charge: Charge) -> float:
    """What a call weighs in fairness: input + 2 × output, or its share of the pool; at least 1."""
    tokens = charge[1] + OUTPUT_WEIGHT * charge[2] or charge[3]
    return tokens if tokens > 1.0 else 1.0
