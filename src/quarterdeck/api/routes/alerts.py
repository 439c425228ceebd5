"""`GET alerts`, `GET alerts/{alert_id}`, `POST alerts/{alert_id}/close`: what got worse, one alert for each cause."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.exemplars import exemplar_list, exemplars_of_alert
from quarterdeck.api.queries import ProjectQuery, WindowQuery, window
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices, alerts_of, watch_of
from quarterdeck.api.wire.alert import AlertOut, AlertsOut, CloseIn, State, alert_dict, alert_row
from quarterdeck.api.wire.common import listing
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Deploy, Finding, FindingKind, SliceScore
from quarterdeck.store.alerts import AlertFilter

router = APIRouter(tags=["alerts"])

_AT = 1_795_503_600_000_000_000
_SECOND = 10**9
_COHORT = (("agent", "support-agent"), ("environment", "production"))
_V7 = Deploy(_COHORT, "prompt_version", "v6", "v7", _AT - 75 * _SECOND)
_FINDING = Finding(
    project="default", kind="regression", state="reached", signal="failing", title="failing runs", unit="share of runs",
    lane="deploy", cohort=_COHORT, stream_id="5b1c9a40f3e2d788", evidence=31_020.0, threshold=12_000.0, at_ns=_AT, n=212,
    now=Measured(0.31, 0.26, 0.36, 212, "wilson"), before=Measured(0.12, 0.1, 0.14, 905, "wilson"), where=_V7.where,
    slices=(SliceScore(_V7.where, 212, 0.31, 0.12, 14.2),), deploy=_V7, run_ids=("9f86d081884c7d659a2feaa0c55ad015",),
    wasted_usd=4.2,
)  # fmt: skip
_TITLE = (
    "support-agent in production with prompt v7 fails more than v6: 31 % against 12 % "
    "(+14 to +24 points, 212 runs, evidence 31,000 over a threshold of 12,000)"
)
_ALERT = Alert(
    project="default", alert_id="0d4f2b7a91c35e68", signature="c1d8a0b4f7e92365c1d8a0b4f7e92365", kind="regression",
    state="firing", title=_TITLE, where=_V7.where, findings=(_FINDING,), opened_ns=_AT - 20 * _SECOND, updated_ns=_AT,
    fired_ns=_AT, wasted_usd=4.2,
    events=(
        AlertEvent(_AT - 20 * _SECOND, "pending", "evidence rises: failing runs: 27 % against 12 %"),
        AlertEvent(_AT, "firing", f"fired: {_TITLE}"),
        AlertEvent(_AT + _SECOND, "notified", "firing to webhook hooks.example.com: HTTP 200"),
    ),
)  # fmt: skip
_EXEMPLARS = [
    {"role": "worst", "run_id": "9f86d081884c7d659a2feaa0c55ad015", "because": "the longest of 65 failed runs"}
]
_CLOSED = alert_dict(_ALERT) | {"state": "resolved", "resolution": "v7 was rolled back"}


class AlertsQuery(WindowQuery):
    """Which alerts; the window is that of their opening."""

    state: Annotated[list[State], Field(default_factory=list, max_length=3, description="Repeatable; default all.")]
    kind: Annotated[
        list[FindingKind], Field(default_factory=list, max_length=5, description="Repeatable; default all.")
    ]
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


@router.get("/alerts", response_model=AlertsOut, responses=answers(listing([alert_row(_ALERT)])))
async def list_alerts(request: Request, ctx: Ctx, project: Project, query: Annotated[AlertsQuery, Query()]) -> Response:
    """Alerts, the newest first; in a list each shows the finding that leads it."""
    alerts = alerts_of(ctx.services)
    since_ns, until_ns = window(query, ctx.services.clock.now_ns())
    where = AlertFilter(project, tuple(query.state), tuple(query.kind), since_ns=since_ns, until_ns=until_ns)

    def make() -> dict[str, Any]:
        found, cursor = alerts.list_alerts(where, cursor=query.cursor, limit=query.limit)
        return listing([alert_row(alert) for alert in found], cursor)

    return await ctx.answer(request, make)


@router.get(
    "/alerts/{alert_id}", response_model=AlertOut, responses=answers(alert_dict(_ALERT, _EXEMPLARS), missing=True)
)
async def get_alert(
    request: Request, ctx: Ctx, project: Project, alert_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One alert with all its findings, its events and at most five runs to open."""
    alerts = alerts_of(ctx.services)
    return await ctx.answer(request, lambda: _whole(ctx.services, alerts.get_alert(project, alert_id)))


@router.post("/alerts/{alert_id}/close", response_model=AlertOut, responses=answers(_CLOSED, missing=True))
async def close_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[CloseIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Resolve an alert for a reason, which stays with it. The streams that it rests on do not open it again for a day."""
    watch = watch_of(ctx.services)
    return await ctx.answer(
        request, lambda: _whole(ctx.services, watch.close_alert(project, alert_id, asked.reason, asked.by))
    )


def _whole(services: ApiServices, alert: Alert) -> dict[str, Any]:
    return alert_dict(alert, exemplar_list(exemplars_of_alert(services.store, alert)))
