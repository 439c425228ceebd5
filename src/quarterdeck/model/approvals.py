"""A question of an agent to people: may this tool be used although the task may not be paid to its end?

Frozen. Refuses a second answer: a decision is written once. A question that nobody answered in time has expired, and
for the agent that is a no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quarterdeck.model.estimates import Quantity

Decision = Literal["approve", "refuse"]
ApprovalState = Literal["pending", "approved", "refused", "expired"]
APPROVAL_STATES: tuple[ApprovalState, ...] = ("pending", "approved", "refused", "expired")


@dataclass(frozen=True, slots=True)
class Approval:
    """One question. `arguments`: what the tool would be called with, in words. `why` it was withheld.

    `q90`, `ceiling` and `spent` are in the unit of `quantity`. Times are ns since the epoch; `decision` None: none yet.
    """

    project: str
    approval_id: str
    tool: str
    why: str
    asked_ns: int
    expires_ns: int
    arguments: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    agent: str | None = None
    quantity: Quantity | None = None
    q90: float | None = None
    ceiling: float | None = None
    spent: float | None = None
    decision: Decision | None = None
    decided_ns: int | None = None
    by: str | None = None
    reason: str | None = None

    def state(self, now_ns: int) -> ApprovalState:
        """As it stands at `now_ns`."""
        if self.decision is not None:
            return "approved" if self.decision == "approve" else "refused"
        return "expired" if now_ns >= self.expires_ns else "pending"
