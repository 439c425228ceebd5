"""`GET alerts`, `GET alerts/{alert_id}`: what got worse, one alert for each cause, and how it stands with the people on call."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.exemplars import exemplar_list, exemplars_of_alert
from quarterdeck.api.oncall import standing_of, urgency_of
from quarterdeck.api.queries import ProjectQuery, WindowQuery, window
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices, alerts_of
from quarterdeck.api.wire.alert import State, alert_dict, alert_row
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.oncall import InboxAlertOut, InboxOut, Standing, standing_fields
from quarterdeck.errors import BadInput
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.measured import Measured
from quarterdeck.model.oncall import Action, Paging
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
_STANDS = standing_fields(
    Standing(
        "capability",
        Paging("page", "firing, and somebody can act"),
        Action("Probe the worst run on v7 and v6; roll back prompt version v7 if it fails on the new one only."),
        "the prompt (v6 to v7)",
    )
)
SHOWN = alert_dict(_ALERT, _EXEMPLARS) | _STANDS
"""The alert that the documents show, and below it as a row of a list."""
INBOX_ROW = alert_row(_ALERT) | _STANDS
URGENT_READ_MAX = 500
"""Alerts of which the most urgent are chosen."""


class AlertsQuery(WindowQuery):
    """Which alerts; the window is that of their opening."""

    state: Annotated[list[State], Field(default_factory=list, max_length=3, description="Repeatable; default all.")]
    kind: Annotated[
        list[FindingKind], Field(default_factory=list, max_length=5, description="Repeatable; default all.")
    ]
    order: Annotated[
        Literal["newest", "urgency"],
        Field(description="`urgency`: what pages first, then by class, then who waits longest; open ones by default."),
    ] = "newest"
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


@router.get("/alerts", response_model=InboxOut, responses=answers(listing([INBOX_ROW])))
async def list_alerts(request: Request, ctx: Ctx, project: Project, query: Annotated[AlertsQuery, Query()]) -> Response:
    """Alerts, the newest or the most urgent first; in a list each shows the finding that leads it."""
    alerts_of(ctx.services)
    since_ns, until_ns = window(query, ctx.services.clock.now_ns())
    where = AlertFilter(project, tuple(query.state), tuple(query.kind), since_ns=since_ns, until_ns=until_ns)
    if query.order == "urgency":
        if query.cursor is not None:
            raise BadInput("cursor: found one, expected none with order=urgency", mend="ask for more with limit")
        return await ctx.answer(request, lambda: _urgent(ctx.services, where, query.limit))
    return await ctx.answer(request, lambda: _newest(ctx.services, where, query.cursor, query.limit))


@router.get("/alerts/{alert_id}", response_model=InboxAlertOut, responses=answers(SHOWN, missing=True))
async def get_alert(
    request: Request, ctx: Ctx, project: Project, alert_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One alert with all its findings, its events, how it stands and at most five runs to open."""
    alerts = alerts_of(ctx.services)
    return await ctx.answer(request, lambda: whole_alert(ctx.services, alerts.get_alert(project, alert_id)))


def whole_alert(services: ApiServices, alert: Alert) -> dict[str, Any]:
    """As `InboxAlertOut`."""
    exemplars = exemplar_list(exemplars_of_alert(services.store, alert))
    return alert_dict(alert, exemplars) | standing_fields(standing_of(services, alert))


def inbox_row(services: ApiServices, alert: Alert) -> dict[str, Any]:
    """As `InboxRowOut`."""
    return alert_row(alert) | standing_fields(standing_of(services, alert))


def _newest(services: ApiServices, where: AlertFilter, cursor: str | None, limit: int) -> dict[str, Any]:
    found, cursor = alerts_of(services).list_alerts(where, cursor=cursor, limit=limit)
    return listing([inbox_row(services, alert) for alert in found], cursor)


def _urgent(services: ApiServices, where: AlertFilter, limit: int) -> dict[str, Any]:
    open_ones = replace(where, states=where.states or ("firing", "pending"))
    found, _ = alerts_of(services).list_alerts(open_ones, cursor=None, limit=URGENT_READ_MAX)
    first = sorted(found, key=lambda alert: urgency_of(services, alert))[:limit]
    return listing([inbox_row(services, alert) for alert in first])
