"""Approvals in memory, for tests: as the SQL store answers, gone with the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from quarterdeck.errors import NotFound
from quarterdeck.model.approvals import Approval, Decision
from quarterdeck.store.approvals import ApprovalFilter
from quarterdeck.store.cursors import decode_approval_cursor, encode_approval_cursor


class MemoryApprovalStore:
    """An `ApprovalStore`."""

    def __init__(self) -> None:
        self._approvals: dict[tuple[str, str], Approval] = {}
        self._lock = Lock()

    def ask_approval(self, approval: Approval) -> Approval:
        with self._lock:
            return self._approvals.setdefault((approval.project, approval.approval_id), approval)

    def decide_approval(
        self, project: str, approval_id: str, decision: Decision, *, by: str, reason: str | None, at_ns: int
    ) -> bool:
        with self._lock:
            found = self._approvals.get((project, approval_id))
            if found is None or found.state(at_ns) != "pending":
                return False
            decided = replace(found, decision=decision, by=by, reason=reason, decided_ns=at_ns)
            self._approvals[project, approval_id] = decided
            return True

    def get_approval(self, project: str, approval_id: str) -> Approval:
        with self._lock:
            found = self._approvals.get((project, approval_id))
        if found is None:
            msg = f"no approval has the id {approval_id!r} in project {project!r}"
            raise NotFound(msg)
        return found

    def list_approvals(
        self, where: ApprovalFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Approval], str | None]:
        found = sorted((one for one in self._all(where.project) if _matches(one, where)), key=_place, reverse=True)
        if cursor is not None:
            after = decode_approval_cursor(cursor)
            found = [one for one in found if _place(one) < after]
        page = found[:limit]
        return page, encode_approval_cursor(*_place(page[-1])) if len(found) > limit else None

    def pending_approvals(self, project: str, now_ns: int) -> int:
        return sum(one.state(now_ns) == "pending" for one in self._all(project))

    def prune_approvals(self, *, before_ns: int) -> int:
        with self._lock:
            old = [key for key, one in self._approvals.items() if one.expires_ns < before_ns]
            for key in old:
                del self._approvals[key]
        return len(old)

    def _all(self, project: str) -> list[Approval]:
        with self._lock:
            return [one for one in self._approvals.values() if one.project == project]


def _place(approval: Approval) -> tuple[int, str]:
    return approval.asked_ns, approval.approval_id


def _matches(approval: Approval, where: ApprovalFilter) -> bool:
    return not where.states or approval.state(where.now_ns) in where.states
