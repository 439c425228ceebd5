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
from quarterdeck.observe.doctor.billing import Reconciliation

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
    return ctx.doctor.take_bill(project, text)
