"""`GET sessions/{session_id}`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.routes.examples import RUN
from quarterdeck.api.wire.session import SessionOut, session_dict
from quarterdeck.errors import NotFound

router = APIRouter(tags=["sessions"])


@router.get(
    "/sessions/{session_id:path}",
    response_model=SessionOut,
    responses=answers(session_dict("ticket-1841", [RUN]), missing=True),
)
async def get_session(
    request: Request, ctx: Ctx, project: Project, session_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """All runs of a session with their sums."""

    def make() -> dict[str, Any]:
        runs = ctx.services.store.session_runs(project, session_id)
        if not runs:
            msg = f"no session has the id {session_id[:64]!r} in project {project!r}"
            raise NotFound(msg)
        return session_dict(session_id, runs)

    return await ctx.answer(request, make)
