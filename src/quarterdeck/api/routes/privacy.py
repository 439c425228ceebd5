"""`GET privacy`, `DELETE sessions/{id}`, `DELETE users/{user}`: what is not stored, and what is removed on demand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import upkeep_of
from quarterdeck.api.wire.upkeep import ErasureOut, PrivacyOut, erasure_dict, privacy_dict
from quarterdeck.model.erasure import Erasure
from quarterdeck.observe.privacy.counts import PrivacyCounts
from quarterdeck.observe.privacy.options import PrivacyOptions

router = APIRouter(tags=["privacy"])

_EXAMPLE = privacy_dict(PrivacyOptions(), "default", PrivacyCounts({"provider_key": 3}, 1_204, 0, 0), 2)
_ERASED = erasure_dict(Erasure("default", "session", sessions=1, traces=2, runs=2, spans=61, bodies=118))


@router.get("/privacy", response_model=PrivacyOut, responses=answers(_EXAMPLE))
async def get_privacy(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Rules in force, content capture, and counts since the start."""
    upkeep = upkeep_of(ctx.services)
    return await ctx.answer(
        request, lambda: privacy_dict(upkeep.privacy, project, upkeep.tally.of(project), upkeep.tombstones())
    )


@router.delete("/sessions/{session_id:path}", response_model=ErasureOut, responses=answers(_ERASED, missing=True))
async def erase_session(
    request: Request, ctx: Ctx, project: Project, session_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Remove all of a session: spans, texts, runs. Answers when it is gone; late spans of it are refused."""
    eraser = upkeep_of(ctx.services).eraser
    return await ctx.answer(request, lambda: erasure_dict(eraser.session(project, session_id)))


@router.delete(
    "/users/{user:path}", response_model=ErasureOut, responses=answers(_ERASED | {"kind": "user"}, missing=True)
)
async def erase_user(
    request: Request, ctx: Ctx, project: Project, user: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Remove all of a user, named by the raw id or by `user_hash`. Answers when it is gone."""
    eraser = upkeep_of(ctx.services).eraser
    return await ctx.answer(request, lambda: erasure_dict(eraser.user(project, user)))
