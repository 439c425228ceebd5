"""Approvals in the operational state: questions of agents, and at most one answer to each.

Refuses: changing an answer. Who asks again with the same id gets the question that is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.model.approvals import Approval, ApprovalState, Decision


@dataclass(frozen=True, slots=True)
class ApprovalFilter:
    """Which approvals, as they stand at `now_ns`. `states`: () = all."""

    project: str
    now_ns: int
    states: tuple[ApprovalState, ...] = ()


class ApprovalStore(Protocol):
    """Approvals by id; the newest first."""

    def ask_approval(self, approval: Approval) -> Approval:
        """Write a question; answers the one that is there when its id is taken. Durable on return."""
        ...

    def decide_approval(
        self, project: str, approval_id: str, decision: Decision, *, by: str, reason: str | None, at_ns: int
    ) -> bool:
        """Write the answer. False: there is no such question, it has an answer, or it had expired at `at_ns`."""
        ...

    def get_approval(self, project: str, approval_id: str) -> Approval:
        """Raises NotFound."""
        ...

    def list_approvals(
        self, where: ApprovalFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Approval], str | None]:
        """Newest `asked_ns` first; the cursor of the next page, None at the end. Raises BadInput for a foreign cursor."""
        ...

    def pending_approvals(self, project: str, now_ns: int) -> int:
        """How many wait for an answer."""
        ...

    def prune_approvals(self, *, before_ns: int) -> int:
        """Remove those that expired before `before_ns`; answers how many."""
        ...
