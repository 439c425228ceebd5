"""`GET doctor`: what makes the telemetry doubtful, looked at anew."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.findings import WINDOW_H, producers_of
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.doctor import DoctorOut, finding_dict

router = APIRouter(tags=["health"])


@router.get("/doctor", response_model=DoctorOut, responses=answers())
async def get_doctor(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Findings about the telemetry of this project, each with its numbers and the setting that mends it."""

    def make() -> object:
        found, look = ctx.doctor.findings(project, producers_of(ctx.services, project), fresh=True)
        examined = {"runs": look.runs, "spans": look.spans, "hours": WINDOW_H}
        return {"findings": [finding_dict(finding) for finding in found], "examined": examined}

    return await ctx.answer(request, make)
