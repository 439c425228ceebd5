"""`GET rejections`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import PageQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.audit import RejectionsOut, rejection_dict
from quarterdeck.api.wire.common import listing

router = APIRouter(tags=["health"])


@router.get("/rejections", response_model=RejectionsOut, responses=answers())
async def list_rejections(
    request: Request, ctx: Ctx, project: Project, query: Annotated[PageQuery, Query()]
) -> Response:
    """Spans and requests that were refused, newest first."""

    def make() -> object:
        page = ctx.services.store.rejections(project, cursor=query.cursor, limit=query.limit)
        return listing([rejection_dict(item) for item in page.items], page.next_cursor)

    return await ctx.answer(request, make)
