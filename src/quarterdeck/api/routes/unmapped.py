"""`GET unmapped`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import LimitQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.audit import UnmappedListOut, unmapped_dict
from quarterdeck.api.wire.common import listing

router = APIRouter(tags=["health"])


@router.get("/unmapped", response_model=UnmappedListOut, responses=answers())
async def list_unmapped(
    request: Request, ctx: Ctx, project: Project, query: Annotated[LimitQuery, Query()]
) -> Response:
    """Attribute keys of known families that no dialect reads, most frequent first."""

    def make() -> object:
        return listing([unmapped_dict(key) for key in ctx.services.store.unmapped(project, limit=query.limit)])

    return await ctx.answer(request, make)
