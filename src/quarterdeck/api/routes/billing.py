"""`POST billing`: a provider's export of billed calls (CSV) against the calls that are stored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.doctor import BillingOut, billing_dict
from quarterdeck.errors import BadFile, TooLarge
from quarterdeck.observe.doctor.bill_file import Bill, read_bill
from quarterdeck.observe.doctor.billing import Reconciliation, reconcile
from quarterdeck.store.interface import RunFilter

router = APIRouter(tags=["health"])

BODY_MAX = 64 * 1024 * 1024
"""Bytes of a bill."""

_BODY = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}


@router.post("/billing", response_model=BillingOut, responses=answers(), openapi_extra={"requestBody": _BODY})
async def post_billing(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Compare by hour (or day) and model. The result stays among the findings until the next import."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            msg = f"body: found more than {BODY_MAX:,} bytes, expected a CSV of at most that"
            raise TooLarge(msg, mend="export fewer days at once")
    return await ctx.answer(request, lambda: billing_dict(_compare(ctx, project, bytes(body))))


def _compare(ctx: ApiContext, project: str, body: bytes) -> Reconciliation:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("body", "it is not UTF-8; expected a CSV") from error
    result = _reconcile(ctx, project, read_bill(text, "body"))
    ctx.doctor.remember_bill(project, result)
    return result


def _reconcile(ctx: ApiContext, project: str, bill: Bill) -> Reconciliation:
    store, width = ctx.services.store, bill.width_ns
    since, until = bill.first_ns // width * width, bill.last_ns // width * width + width
    oldest = store.list_runs(RunFilter(project), sort="-started_at", cursor=None, limit=1).items
    return reconcile(
        bill,
        store.hourly_calls(project, since, until),
        now_ns=ctx.services.clock.now_ns(),
        first_span_ns=oldest[0].started_at_ns if oldest else None,
        known_ids=len(store.known_responses(project, bill.response_ids)) if bill.response_ids else 0,
    )
