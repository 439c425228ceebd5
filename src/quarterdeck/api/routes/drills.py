"""`POST drills`, `GET drills`, `GET drills/{drill_id}`: whether the watch finds what it should, and leaves noise alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.drills import drills_of, rates, readiness
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.drill import DrillIn, DrillOut, DrillsOut, drill_dict
from quarterdeck.model.drills import Drill

router = APIRouter(tags=["alerts"])

_AT = 1_795_503_600_000_000_000
_RUNNING = Drill("default", "5be0c1a2f934", "regression", 0.33, "running", "ann", _AT)
_FOUND = replace(
    _RUNNING, state="found", runs=60, found_ns=_AT + 12 * 10**9, detect_s=60.0, runs_until=60,
    title="drill-agent in drill with prompt v7 fails more than v6",
)  # fmt: skip


def _all(drills: Sequence[Drill], required_days: float | None, now_ns: int) -> dict[str, Any]:
    listed = listing([drill_dict(one) for one in drills])
    return listed | rates(drills) | {"readiness": readiness(drills, required_days, now_ns)}


@router.post("/drills", response_model=DrillOut, responses=answers(drill_dict(_RUNNING)))
async def begin_drill(
    request: Request,
    ctx: Ctx,
    project: Project,
    wanted: Annotated[DrillIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Send a known regression, or noise, through the real pipeline in a project of its own. Nobody is told of its alerts."""
    desk = drills_of(ctx.services)
    return await ctx.answer(
        request, lambda: drill_dict(desk.begin(project, kind=wanted.kind, size=wanted.size, by=wanted.by))
    )


@router.get("/drills", response_model=DrillsOut, responses=answers(_all([_FOUND], 90.0, _AT + 10**15)))
async def list_drills(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Drills, the newest first, and how many regressions were found and how much noise was not left alone."""
    desk = drills_of(ctx.services)

    def make() -> dict[str, Any]:
        found = desk.drills(project)
        return _all(found, desk.required_days, ctx.services.clock.now_ns())

    return await ctx.answer(request, make)


@router.get("/drills/{drill_id}", response_model=DrillOut, responses=answers(drill_dict(_FOUND), missing=True))
async def get_drill(
    request: Request, ctx: Ctx, project: Project, drill_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One drill as it stands."""
    desk = drills_of(ctx.services)
    return await ctx.answer(request, lambda: drill_dict(desk.get(project, drill_id)))
