"""`POST incidents/grade`: what facts would be graded as. Records nothing, so a form can grade while it is filled in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import incidents_of
from quarterdeck.observe.incidents.facts import read_facts
from quarterdeck.observe.incidents.grade import grade
from quarterdeck.observe.incidents.rubric import Rubric

router = APIRouter(tags=["incidents"])

_UNNAMED = {"id": "preview", "title": "preview"}
"""A grade does not rest on them, so a form need not name them yet."""
_EXAMPLE = {
    "severity": 3,
    "rubric_version": "2026-11",
    "because": ["quality, minor, happened: starts at 4", "12 of 200 runs at 4,000 a day: one step up"],
    "clocks": [],
}


class FactsIn(BaseModel):
    """Facts as `POST incidents/{incident_id}/grade` takes them."""

    model_config = ConfigDict(extra="forbid")

    facts: dict[str, Any] = Field(description="Keys as in docs/how-to/incidents.md; id and title may be left out.")


class OfferedClockOut(BaseModel):
    """A duty to report that these facts may start. Confirm with counsel."""

    code: str
    title: str
    hours: float
    starts: str
    because: str


class GradePreviewOut(BaseModel):
    """The grade that would be given, 0 is the worst, with every step that leads to it."""

    severity: int = Field(ge=0, le=4)
    rubric_version: str
    because: list[str]
    clocks: list[OfferedClockOut]


@router.post("/incidents/grade", response_model=GradePreviewOut, responses=answers(_EXAMPLE))
async def preview_grade(
    request: Request,
    ctx: Ctx,
    _project: Project,
    asked: Annotated[FactsIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Grade facts without a record of it."""
    rubric = incidents_of(ctx.services).rubric
    return await ctx.answer(request, lambda: _graded(asked.facts, rubric))


def _graded(facts: dict[str, Any], rubric: Rubric) -> dict[str, Any]:
    found = grade(read_facts(_UNNAMED | facts), rubric)
    clocks = [one._asdict() for one in found.clocks]
    return {
        "severity": found.severity,
        "rubric_version": found.rubric_version,
        "because": list(found.because),
        "clocks": clocks,
    }
