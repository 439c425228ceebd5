"""`POST approvals`, `GET approvals`, `GET approvals/{approval_id}`, `POST approvals/{approval_id}/decide`: agents ask, people answer."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices, approvals_of
from quarterdeck.api.wire.approval import ApprovalOut, ApprovalsOut, AskIn, DecideIn, approval_dict
from quarterdeck.api.wire.common import listing
from quarterdeck.control.tasks.asking import Ask, approval_of
from quarterdeck.errors import AlreadyDecided, BadInput, Overloaded
from quarterdeck.model.approvals import Approval, ApprovalState
from quarterdeck.store.approvals import ApprovalFilter

router = APIRouter(tags=["approvals"])

_DAY_NS = 86_400 * 10**9
_AT = 1_795_503_600_000_000_000
_APPROVAL = Approval(
    project="default", approval_id="8d1c2f40b7a9553e8d1c2f40b7a9553e", tool="refund_payment",
    arguments="order #W2378156, $129.90",
    why="nine in ten of such tasks take up to 140,000 tokens_total, over the ceiling of 100,000",
    asked_ns=_AT, expires_ns=_AT + 900 * 10**9, task_id="ticket-4711", run_id="9f86d081884c7d659a2feaa0c55ad015",
    agent="support-agent", quantity="tokens_total", q90=140_000.0, ceiling=100_000.0, spent=62_000.0,
)  # fmt: skip
_DECIDED = replace(_APPROVAL, decision="approve", decided_ns=_AT + 60 * 10**9, by="ann", reason="the order is right")


class ApprovalsQuery(ProjectQuery):
    """Which approvals."""

    state: Annotated[
        list[ApprovalState], Field(default_factory=list, max_length=4, description="Repeatable; default all.")
    ]
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


@router.post("/approvals", response_model=ApprovalOut, responses=answers(approval_dict(_APPROVAL, _AT)))
async def ask_approval(
    request: Request,
    ctx: Ctx,
    project: Project,
    asked: Annotated[AskIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Ask whether a withheld tool may be used. A question with the `key` of an earlier one is that one."""
    approvals_of(ctx.services)
    return await ctx.answer(request, lambda: _ask(ctx.services, project, asked))


@router.get(
    "/approvals",
    response_model=ApprovalsOut,
    responses=answers(listing([approval_dict(_APPROVAL, _AT)]) | {"pending_n": 1}),
)
async def list_approvals(
    request: Request, ctx: Ctx, project: Project, query: Annotated[ApprovalsQuery, Query()]
) -> Response:
    """Approvals, the newest first, and how many wait for an answer."""
    approvals = approvals_of(ctx.services)
    now_ns = ctx.services.clock.now_ns()

    def make() -> dict[str, Any]:
        where = ApprovalFilter(project, now_ns, tuple(query.state))
        found, cursor = approvals.list_approvals(where, cursor=query.cursor, limit=query.limit)
        listed = listing([approval_dict(one, now_ns) for one in found], cursor)
        return listed | {"pending_n": approvals.pending_approvals(project, now_ns)}

    return await ctx.answer(request, make)


@router.get(
    "/approvals/{approval_id}",
    response_model=ApprovalOut,
    responses=answers(approval_dict(_DECIDED, _AT), missing=True),
)
async def get_approval(
    request: Request, ctx: Ctx, project: Project, approval_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One approval as it stands: the agent that asked reads its answer here."""
    approvals, clock = approvals_of(ctx.services), ctx.services.clock
    return await ctx.answer(
        request, lambda: approval_dict(approvals.get_approval(project, approval_id), clock.now_ns())
    )


@router.post(
    "/approvals/{approval_id}/decide",
    response_model=ApprovalOut,
    responses=answers(approval_dict(_DECIDED, _AT), missing=True),
)
async def decide_approval(
    request: Request,
    ctx: Ctx,
    project: Project,
    approval_id: Id,
    asked: Annotated[DecideIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Answer a question. The first answer stays; a second one, or one after the expiry, is refused."""
    approvals_of(ctx.services)
    return await ctx.answer(request, lambda: _decide(ctx.services, project, approval_id, asked))


def _ask(services: ApiServices, project: str, asked: AskIn) -> dict[str, Any]:
    approvals, options, now_ns = approvals_of(services), services.options, services.clock.now_ns()
    approvals.prune_approvals(before_ns=now_ns - round(options.approvals_keep_days * _DAY_NS))
    approval = approval_of(Ask(**asked.model_dump()), project, now_ns=now_ns, chance=token_hex(16))
    waiting = approvals.pending_approvals(project, now_ns)
    if waiting >= options.approvals_pending_max:
        msg = f"{waiting} approvals of this project already wait for an answer"
        raise Overloaded(msg, mend="decide some: quarterdeck approvals list --state pending", retry_after_s=60.0)
    return approval_dict(approvals.ask_approval(approval), now_ns)


def _decide(services: ApiServices, project: str, approval_id: str, asked: DecideIn) -> dict[str, Any]:
    approvals, now_ns = approvals_of(services), services.clock.now_ns()
    reason = (asked.reason or "").strip() or None
    by = asked.by.strip()
    if not by:
        raise BadInput("by: expected who decides, got only blanks")
    if asked.decision == "refuse" and reason is None:
        raise BadInput("reason: expected why it is refused; the agent is told")
    if not approvals.decide_approval(project, approval_id, asked.decision, by=by, reason=reason, at_ns=now_ns):
        found = approvals.get_approval(project, approval_id)
        what = "expired before anybody decided" if found.decision is None else f"was decided by {found.by} already"
        raise AlreadyDecided(f"approval {approval_id} {what}", mend="the agent has to ask again")
    return approval_dict(approvals.get_approval(project, approval_id), now_ns)
