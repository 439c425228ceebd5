"""`GET mutes`, `POST mutes`, `POST mutes/{mute_id}/end`: pages held for a time that ends, with a canary that is never muted."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.oncall import desk_of, held_by
from quarterdeck.api.queries import LimitQuery, ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.mute import EndMuteIn, MuteIn, MuteOut, MutesOut, mute_dict
from quarterdeck.model.oncall import Mute

router = APIRouter(tags=["on call"])

_AT = 1_795_503_600_000_000_000
_MUTE = Mute(
    "default", f"mute-{_AT}", "failing", (("agent", "support-agent"),), "ann", "the provider migrates tonight",
    _AT, _AT + 8 * 3_600 * 10**9,
)  # fmt: skip
_SHOWN = mute_dict(_MUTE, None, 2)


@router.get("/mutes", response_model=MutesOut, responses=answers(listing([_SHOWN])))
async def list_mutes(request: Request, ctx: Ctx, project: Project, query: Annotated[LimitQuery, Query()]) -> Response:
    """Mutes, the newest first, those that are over too."""
    desk = desk_of(ctx.services)
    return await ctx.answer(
        request, lambda: listing([_dict(ctx.services, one) for one in list(desk.mutes(project))[: query.limit]])
    )


@router.post("/mutes", response_model=MuteOut, responses=answers(_SHOWN))
async def add_mute(
    request: Request,
    ctx: Ctx,
    project: Project,
    asked: Annotated[MuteIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Hold the pages of a slice. Detection goes on; worse than now, it pages all the same."""
    desk = desk_of(ctx.services)

    def make() -> dict[str, Any]:
        where = tuple(asked.where.items())
        made = desk.mute(
            project, signal=asked.signal, where=where, owner=asked.owner, reason=asked.reason, hours=asked.hours
        )
        return _dict(ctx.services, made)

    return await ctx.answer(request, make)


@router.post("/mutes/{mute_id}/end", response_model=MuteOut, responses=answers(_SHOWN, missing=True))
async def end_mute(
    request: Request,
    ctx: Ctx,
    project: Project,
    mute_id: Id,
    asked: Annotated[EndMuteIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """End a mute before its time; what it held is decided again."""
    desk = desk_of(ctx.services)
    return await ctx.answer(request, lambda: _dict(ctx.services, desk.end_mute(project, mute_id, asked.by)))


def _dict(services: ApiServices, mute: Mute) -> dict[str, Any]:
    return mute_dict(mute, desk_of(services).test_of(mute.mute_id), held_by(services, mute))
