"""Approvals in SQL: a question of an agent outlives a restart, and its answer is written by one statement, once.

Refuses: a second answer, also from two processes at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from quarterdeck.errors import NotFound
from quarterdeck.model.approvals import Approval, ApprovalState, Decision
from quarterdeck.store.approvals import ApprovalFilter
from quarterdeck.store.cursors import decode_approval_cursor, encode_approval_cursor
from quarterdeck.store.sql.failures import failures_named
from quarterdeck.store.sql.schema import approval as table


class SqlApprovalStore:
    """An `ApprovalStore` over an engine that `open_engine` opened; whoever opened it closes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask_approval(self, approval: Approval) -> Approval:
        with failures_named():
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(table).values(asdict(approval)))
            except IntegrityError:  # asked before, perhaps at this moment
                return self.get_approval(approval.project, approval.approval_id)
        return approval

    def decide_approval(
        self, project: str, approval_id: str, decision: Decision, *, by: str, reason: str | None, at_ns: int
    ) -> bool:
        statement = update(table).where(_is(project, approval_id), _in_state("pending", at_ns))
        with failures_named(), self._engine.begin() as connection:
            written = connection.execute(statement.values(decision=decision, by=by, reason=reason, decided_ns=at_ns))
            return written.rowcount == 1

    def get_approval(self, project: str, approval_id: str) -> Approval:
        with self._reading() as connection:
            row = connection.execute(select(table).where(_is(project, approval_id))).one_or_none()
        if row is None:
            msg = f"no approval has the id {approval_id!r} in project {project!r}"
            raise NotFound(msg)
        return Approval(**row._mapping)

    def list_approvals(
        self, where: ApprovalFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Approval], str | None]:
        query = _matching(where)
        if cursor is not None:
            asked_ns, approval_id = decode_approval_cursor(cursor)
            earlier = and_(table.c.asked_ns == asked_ns, table.c.approval_id < approval_id)
            query = query.where(or_(table.c.asked_ns < asked_ns, earlier))
        query = query.order_by(table.c.asked_ns.desc(), table.c.approval_id.desc()).limit(limit + 1)
        with self._reading() as connection:
            found = [Approval(**row._mapping) for row in connection.execute(query)]
        page, more = found[:limit], len(found) > limit
        return page, encode_approval_cursor(page[-1].asked_ns, page[-1].approval_id) if more else None

    def pending_approvals(self, project: str, now_ns: int) -> int:
        query = select(func.count()).select_from(table)
        with self._reading() as connection:
            return connection.execute(
                query.where(table.c.project == project, _in_state("pending", now_ns))
            ).scalar_one()

    def prune_approvals(self, *, before_ns: int) -> int:
        with failures_named(), self._engine.begin() as connection:
            return connection.execute(delete(table).where(table.c.expires_ns < before_ns)).rowcount

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with failures_named(), self._engine.connect() as connection:
            yield connection


def _is(project: str, approval_id: str) -> ColumnElement[bool]:
    return and_(table.c.project == project, table.c.approval_id == approval_id)


def _in_state(state: ApprovalState, now_ns: int) -> ColumnElement[bool]:
    if state == "pending":
        return and_(table.c.decision.is_(None), table.c.expires_ns > now_ns)
    if state == "expired":
        return and_(table.c.decision.is_(None), table.c.expires_ns <= now_ns)
    return table.c.decision == ("approve" if state == "approved" else "refuse")


def _matching(where: ApprovalFilter) -> Select[Any]:
    query = select(table).where(table.c.project == where.project)
    if where.states:
        query = query.where(or_(*(_in_state(state, where.now_ns) for state in where.states)))
    return query
