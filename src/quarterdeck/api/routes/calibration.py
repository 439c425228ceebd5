"""`GET calibration`: what the team expected at triage, against what turned out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.oncall import desk_of
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.calibration import CalibrationOut, calibration_dict
from quarterdeck.observe.oncall.calibration import Calibration, Tenth, calibration_of

router = APIRouter(tags=["on call"])

_EXAMPLE = Calibration(131, 112, 0, 0.14, (Tenth(0.8, 0.9, 24, 0.83, 0.79, 0.6, 0.91, "fits"),))


@router.get("/calibration", response_model=CalibrationOut, responses=answers(calibration_dict(_EXAMPLE)))
async def get_calibration(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """How right the team is about which alerts are real; said from 100 decided forecasts on. No names are ranked."""
    desk = desk_of(ctx.services)
    return await ctx.answer(request, lambda: calibration_dict(calibration_of(desk.forecasts(project))))
