"""`POST incidents`, `GET incidents`, `GET incidents/{incident_id}`, `/affected`, `GET incidents/verify`: harm, open to closed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import PageQuery, ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.routes.incident_example import EXAMPLE
from quarterdeck.api.services import ApiServices, alerts_of, incidents_of
from quarterdeck.api.times import parse_instant, rfc3339
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.incident import IncidentOut, IncidentsOut, incident_dict
from quarterdeck.api.wire.incident_in import OpenIn
from quarterdeck.model.incidents import Incident, IncidentState
from quarterdeck.observe.incidents.desk import Checked
from quarterdeck.observe.incidents.exposure import Affected
from quarterdeck.observe.incidents.opening import Draft

router = APIRouter(tags=["incidents"])

_CHECKED = {"records": 12, "head": {"seq": 12, "hash": "9c1f" * 16}, "broken": None}
_LINE = '{"session": "s-4711", "user_hash": "1f0c9a", "tenant": "acme", "runs": 3, "failing": 2, "first": "2026-11-24T06:10:00.000000Z", "last": "2026-11-24T06:40:00.000000Z"}\n'  # fmt: skip


class IncidentsQuery(PageQuery):
    """Which incidents."""

    state: Annotated[
        list[IncidentState], Field(default_factory=list, max_length=3, description="Repeatable; default all.")
    ]
    severity: Annotated[
        list[Annotated[int, Field(ge=0, le=4)]],
        Field(default_factory=list, max_length=5, description="0 is the worst; repeatable; default all."),
    ]


class AffectedQuery(ProjectQuery):
    """How the list is written."""

    format: Annotated[Literal["jsonl", "csv"], Field(description="One JSON object a line, or CSV with a head.")] = (
        "jsonl"
    )


class HeadOut(BaseModel):
    """Where the chain ends; noted elsewhere it proves later that nothing was cut off."""

    seq: int
    hash: str


class BrokenOut(BaseModel):
    """The first place that does not hold."""

    seq: int
    because: str


class CheckedOut(BaseModel):
    """What a walk of the chain found; `broken` null = everything holds."""

    records: int
    head: HeadOut
    broken: BrokenOut | None


@router.post("/incidents", response_model=IncidentOut, responses=answers(EXAMPLE, missing=True))
async def open_incident(
    request: Request,
    ctx: Ctx,
    project: Project,
    asked: Annotated[OpenIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Open an incident, by hand or from an alert. A second one of a signature within 90 days asks for a structural review."""
    desk = incidents_of(ctx.services)
    return await ctx.answer(
        request, lambda: shown(ctx.services, desk.open(project, _draft(ctx.services, project, asked)))
    )


@router.get("/incidents", response_model=IncidentsOut, responses=answers(listing([EXAMPLE])))
async def list_incidents(
    request: Request, ctx: Ctx, project: Project, query: Annotated[IncidentsQuery, Query()]
) -> Response:
    """Incidents, the newest first."""
    desk = incidents_of(ctx.services)

    def make() -> dict[str, Any]:
        found, cursor = desk.list_incidents(
            project, query.state, query.severity, cursor=query.cursor, limit=query.limit
        )
        return listing([shown(ctx.services, one) for one in found], cursor)

    return await ctx.answer(request, make)


@router.get("/incidents/verify", response_model=CheckedOut, responses=answers(_CHECKED))
async def verify_incidents(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Walk the chain of records, and hold every incident against the last record about it."""
    desk = incidents_of(ctx.services)
    return await ctx.answer(request, lambda: _checked(desk.verify(project)))


@router.get("/incidents/{incident_id}", response_model=IncidentOut, responses=answers(EXAMPLE, missing=True))
async def get_incident(
    request: Request, ctx: Ctx, project: Project, incident_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One incident as it stands, and what closing it still takes."""
    desk = incidents_of(ctx.services)
    return await ctx.answer(request, lambda: shown(ctx.services, desk.get(project, incident_id)))


@router.get(
    "/incidents/{incident_id}/affected",
    response_class=StreamingResponse,
    responses=answers(missing=True) | {200: {"content": {"application/jsonl": {"example": _LINE}, "text/csv": {}}}},
)
async def affected(ctx: Ctx, project: Project, incident_id: Id, query: Annotated[AffectedQuery, Query()]) -> Response:
    """Who was in the slice and window, one line a session, most failing runs first."""
    desk = incidents_of(ctx.services)
    found = await ctx.threads.run(lambda: list(desk.affected(project, incident_id)))
    lines, media = (_csv, "text/csv") if query.format == "csv" else (_jsonl, "application/jsonl")
    name = f'attachment; filename="affected.{query.format}"'
    headers = {"cache-control": "no-store", "content-disposition": name}
    return StreamingResponse(lines(found), headers=headers, media_type=media)


def shown(services: ApiServices, incident: Incident) -> dict[str, Any]:
    """As `IncidentOut`, now."""
    return incident_dict(incident, incidents_of(services).rubric, services.clock.now_ns())


def _draft(services: ApiServices, project: str, asked: OpenIn) -> Draft:
    now_ns = services.clock.now_ns()
    since, until = (
        None if text is None else parse_instant(text, now_ns=now_ns, name=name)
        for name, text in (("since", asked.since), ("until", asked.until))
    )
    alert = None if asked.alert_id is None else alerts_of(services).get_alert(project, asked.alert_id)
    return Draft(asked.by, asked.title, alert, asked.facts, tuple(asked.where.items()), since, until)


def _checked(found: Checked) -> dict[str, Any]:
    broken = None if found.broken is None else found.broken._asdict()
    return {"records": found.records, "head": found.head._asdict(), "broken": broken}


def _row(one: Affected) -> dict[str, Any]:
    return {
        "session": one.session,
        "user_hash": one.user_hash,
        "tenant": one.tenant,
        "runs": one.runs,
        "failing": one.failing,
        "first": rfc3339(one.first_ns),
        "last": rfc3339(one.last_ns),
    }


def _jsonl(found: list[Affected]) -> Iterator[str]:
    return (json.dumps(_row(one), ensure_ascii=False) + "\n" for one in found)


def _csv(found: list[Affected]) -> Iterator[str]:
    yield "session,user_hash,tenant,runs,failing,first,last\r\n"
    for one in found:
        line = io.StringIO()
        csv.writer(line).writerow("" if value is None else value for value in _row(one).values())
        yield line.getvalue()
