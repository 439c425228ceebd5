"""Approvals: what an agent asks, as it stands, and the one answer to it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.control.tasks.asking import WAIT_S, WAIT_S_MAX
from quarterdeck.model.approvals import Approval, ApprovalState
from quarterdeck.model.estimates import Quantity


class ApprovalOut(BaseModel):
    """A question of an agent. `expired`: nobody decided in time, which is a no for the agent.

    `q90`, `ceiling` and `spent` are in the unit of `quantity`.
    """

    approval_id: str
    state: ApprovalState
    tool: str
    arguments: str | None
    why: str
    task_id: str | None
    run_id: str | None
    agent: str | None
    quantity: Quantity | None
    q90: float | None
    ceiling: float | None
    spent: float | None
    asked_at: str
    expires_at: str
    decided_at: str | None
    by: str | None
    reason: str | None


class ApprovalsOut(BaseModel):
    """A page of approvals, newest first; `pending_n` counts all that wait."""

    items: list[ApprovalOut]
    next_cursor: str | None
    pending_n: int


class AskIn(BaseModel):
    """A question: which tool, and why it was withheld."""

    model_config = ConfigDict(extra="forbid")

    tool: str = Field(min_length=1, max_length=200, description="The tool's name.")
    why: str = Field(min_length=1, max_length=2000, description="Why it was withheld.")
    arguments: str | None = Field(None, max_length=2000, description="What it would be called with, in words.")
    task_id: str | None = Field(None, min_length=1, max_length=512, description="The task.")
    run_id: str | None = Field(None, min_length=1, max_length=512, description="The run, where it is known.")
    agent: str | None = Field(None, min_length=1, max_length=200, description="Who asks.")
    quantity: Quantity | None = Field(None, description="What `q90`, `ceiling` and `spent` count.")
    q90: float | None = Field(None, ge=0, allow_inf_nan=False, description="Nine in ten such tasks stay below.")
    ceiling: float | None = Field(None, ge=0, allow_inf_nan=False, description="What the task may spend.")
    spent: float | None = Field(None, ge=0, allow_inf_nan=False, description="What it has spent.")
    wait_s: float = Field(WAIT_S, gt=0, le=WAIT_S_MAX, description="After this many seconds it expires.")
    key: str | None = Field(None, min_length=1, max_length=512, description="The same for repeats of one question.")


class DecideIn(BaseModel):
    """The answer, and who gives it. A refusal needs a reason."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "refuse"]
    by: str = Field(min_length=1, max_length=200, description="Who decides.")
    reason: str | None = Field(None, min_length=1, max_length=1000, description="Why; needed for a refusal.")


def approval_dict(approval: Approval, now_ns: int) -> dict[str, Any]:
    """As `ApprovalOut`."""
    names = ("approval_id", "tool", "arguments", "why", "task_id", "run_id", "agent", "quantity", "q90", "ceiling")
    return {name: getattr(approval, name) for name in (*names, "spent", "by", "reason")} | {
        "state": approval.state(now_ns),
        "asked_at": rfc3339(approval.asked_ns),
        "expires_at": rfc3339(approval.expires_ns),
        "decided_at": rfc3339_or_none(approval.decided_ns),
    }
