"""`POST alerts/{id}/snooze`, `/wake`, `/forecast`: what is done with an alert before anybody knows what it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.oncall import desk_of
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.alerts import _ALERT, SHOWN, whole_alert
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices, alerts_of
from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.oncall import ByIn, ForecastIn, ForecastOut, InboxAlertOut, forecast_dict
from quarterdeck.model.oncall import Forecast

router = APIRouter(tags=["on call"])

_UNTIL = rfc3339(_ALERT.updated_ns + 14 * 86_400 * 10**9)
_FORECAST = Forecast("default", _ALERT.alert_id, "ann", 0.8, _ALERT.updated_ns)


@router.post(
    "/alerts/{alert_id}/snooze",
    response_model=InboxAlertOut,
    responses=answers(SHOWN | {"snoozed_until": _UNTIL}, missing=True),
)
async def snooze_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[ByIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Let an alert sleep until the version of its cohort is another one."""
    desk = desk_of(ctx.services)

    def make() -> dict[str, Any]:
        desk.snooze(project, alert_id, asked.by)
        return _now(ctx.services, project, alert_id)

    return await ctx.answer(request, make)


@router.post("/alerts/{alert_id}/wake", response_model=InboxAlertOut, responses=answers(SHOWN, missing=True))
async def wake_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[ByIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Wake an alert before its time."""
    desk = desk_of(ctx.services)

    def make() -> dict[str, Any]:
        desk.wake(project, alert_id, asked.by)
        return _now(ctx.services, project, alert_id)

    return await ctx.answer(request, make)


@router.post(
    "/alerts/{alert_id}/forecast", response_model=ForecastOut, responses=answers(forecast_dict(_FORECAST), missing=True)
)
async def forecast_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[ForecastIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Say at triage how probable it is that an alert is real. What turns out is held against it, of the team."""
    desk = desk_of(ctx.services)
    return await ctx.answer(
        request, lambda: forecast_dict(desk.forecast(project, alert_id, asked.by, asked.probability))
    )


def _now(services: ApiServices, project: str, alert_id: str) -> dict[str, Any]:
    return whole_alert(services, alerts_of(services).get_alert(project, alert_id))
