"""`POST incidents/{incident_id}/...`: grade, triage, fields, cause, actions, clocks, replays, alerts, review, note, contain, close."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.problems import MEDIA_TYPE, problem
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.routes.incident_example import EXAMPLE
from quarterdeck.api.routes.incidents import shown
from quarterdeck.api.services import alerts_of, incidents_of
from quarterdeck.api.times import parse_instant
from quarterdeck.api.wire.common import ProblemOut
from quarterdeck.api.wire.incident import IncidentOut
from quarterdeck.api.wire.incident_in import (
    ActionIn,
    AlertIn,
    ByIn,
    CauseIn,
    ClockIn,
    CloseIncidentIn,
    ContainIn,
    FieldIn,
    GradeIn,
    NoteIn,
    ReplaysIn,
    SeenIn,
    TimelineIn,
    TriageIn,
)
from quarterdeck.errors import DowngradeRefused, IncidentIncomplete, QuarterdeckError
from quarterdeck.model.incidents import ActionItem, FieldValue, Incident, RootCause, Seen, Triage
from quarterdeck.observe.incidents import follow_up, life
from quarterdeck.observe.incidents.desk import Act, IncidentDesk

router = APIRouter(tags=["incidents"])

_DOWNGRADE = DowngradeRefused("a milder grade takes a named approver")
_INCOMPLETE = IncidentIncomplete("it cannot be closed without the field model route, a root cause")


def _responses(refused: QuarterdeckError | None = None) -> dict[int | str, dict[str, Any]]:
    found = answers(EXAMPLE, missing=True)
    if refused is not None:
        example = {"content": {MEDIA_TYPE: {"example": problem(refused)}}}
        found[refused.http_status] = {"model": ProblemOut, "description": type(refused).__doc__} | example
    return found


class At:
    """The incident that a request is about, and how its answer is written."""

    def __init__(
        self,
        request: Request,
        ctx: Ctx,
        project: Project,
        incident_id: Id,
        _query: Annotated[ProjectQuery, Query()],
    ) -> None:
        self._request, self._project, self._id = request, project, incident_id
        self.ctx: ApiContext = ctx

    async def act(self, by: str, act: Act) -> Response:
        """One act, and the incident after it."""
        return await self._answer(lambda desk: desk.act(self._project, self._id, by, act))

    async def grade(self, asked: GradeIn) -> Response:
        """As `act`, with the desk's rubric."""
        return await self._answer(
            lambda desk: desk.grade(
                self._project,
                self._id,
                asked.facts,
                by=asked.by,
                approver=asked.approver,
                replays=_seen(asked.replays),
            )
        )

    async def measure(self, by: str) -> Response:
        """As `act`, counted in the store."""
        return await self._answer(lambda desk: desk.measure(self._project, self._id, by))

    def alert_title(self, alert_id: str) -> str:
        return alerts_of(self.ctx.services).get_alert(self._project, alert_id).title

    def instant(self, text: str, name: str, now_ns: int) -> int:
        return parse_instant(text, now_ns=now_ns, name=name)

    async def _answer(self, do: Any) -> Response:
        desk: IncidentDesk = incidents_of(self.ctx.services)
        return await self.ctx.answer(self._request, lambda: shown(self.ctx.services, do(desk)))


One = Annotated[At, Depends()]


@router.post("/incidents/{incident_id}/grade", response_model=IncidentOut, responses=_responses(_DOWNGRADE))
async def grade_incident(at: One, asked: Annotated[GradeIn, Body()]) -> Response:
    """Grade again. Grades are appended; a milder one takes an approver and a rate bound below what the grade before rests on."""
    return await at.grade(asked)


@router.post("/incidents/{incident_id}/triage", response_model=IncidentOut, responses=_responses())
async def triage_incident(at: One, asked: Annotated[TriageIn, Body()]) -> Response:
    """One step of the walk: retrieval, generation, routing, upstream data."""

    def act(incident: Incident, now_ns: int) -> Incident:
        return life.triaged(incident, Triage(asked.step, asked.finding, asked.evidence, asked.by, now_ns))

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/fields", response_model=IncidentOut, responses=_responses())
async def field_of_incident(at: One, asked: Annotated[FieldIn, Body()]) -> Response:
    """One of the six fields, typed or not applicable because. A later value replaces it; the timeline keeps both."""

    def act(incident: Incident, now_ns: int) -> Incident:
        return life.with_field(incident, FieldValue(asked.name, asked.value, asked.source, asked.by), now_ns)

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/measure", response_model=IncidentOut, responses=_responses())
async def measure_incident(at: One, asked: Annotated[ByIn, Body()]) -> Response:
    """Count again who is exposed, and take from the runs the fields that nobody typed."""
    return await at.measure(asked.by)


@router.post("/incidents/{incident_id}/cause", response_model=IncidentOut, responses=_responses())
async def cause_of_incident(at: One, asked: Annotated[CauseIn, Body()]) -> Response:
    """The root cause: a single one, or a distribution with its rate and factors."""

    def act(incident: Incident, now_ns: int) -> Incident:
        cause = RootCause(asked.kind, asked.text, asked.confidence, _seen(asked.rate), tuple(asked.factors))
        return life.with_cause(incident, cause, by=asked.by, at_ns=now_ns)

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/actions", response_model=IncidentOut, responses=_responses())
async def action_of_incident(at: One, asked: Annotated[ActionIn, Body()]) -> Response:
    """Something to do, with its owner and when it is due."""

    def act(incident: Incident, now_ns: int) -> Incident:
        due = None if asked.due is None else at.instant(asked.due, "due", now_ns)
        action = ActionItem(token_hex(4), asked.text, asked.owner, due)
        return follow_up.with_action(incident, action, by=asked.by, at_ns=now_ns)

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/actions/{action_id}/done", response_model=IncidentOut, responses=_responses())
async def action_done(at: One, action_id: Id, asked: Annotated[ByIn, Body()]) -> Response:
    """An action is done."""
    return await at.act(asked.by, lambda one, now: follow_up.action_done(one, action_id, by=asked.by, at_ns=now))


@router.post("/incidents/{incident_id}/clocks/{code}", response_model=IncidentOut, responses=_responses())
async def clock_of_incident(at: One, code: Id, asked: Annotated[ClockIn, Body()]) -> Response:
    """Start a duty to report, or stop it with what was reported. Confirm with counsel."""

    def act(incident: Incident, now_ns: int) -> Incident:
        if asked.do == "stop":
            return follow_up.clock_stopped(incident, code, note=asked.note or "", by=asked.by, at_ns=now_ns)
        started = now_ns if asked.at is None else at.instant(asked.at, "at", now_ns)
        return follow_up.clock_started(incident, code, started_ns=started, by=asked.by, at_ns=now_ns)

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/replays", response_model=IncidentOut, responses=_responses())
async def replays_of_incident(at: One, asked: Annotated[ReplaysIn, Body()]) -> Response:
    """Replays that were made; they add up. "Not reproduced" takes as many as the rate demands."""

    def act(incident: Incident, now_ns: int) -> Incident:
        return follow_up.with_replays(incident, Seen(asked.events, asked.trials), by=asked.by, at_ns=now_ns)

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/alerts", response_model=IncidentOut, responses=_responses())
async def alert_of_incident(at: One, asked: Annotated[AlertIn, Body()]) -> Response:
    """One more alert of the same cause."""

    def act(incident: Incident, now_ns: int) -> Incident:
        title = at.alert_title(asked.alert_id)
        return follow_up.with_alert(incident, asked.alert_id, title, by=asked.by, at_ns=now_ns)

    return await at.act(asked.by, act)


@router.post("/incidents/{incident_id}/review", response_model=IncidentOut, responses=_responses())
async def review_of_incident(at: One, asked: Annotated[NoteIn, Body()]) -> Response:
    """What the structural review found that a second incident of a signature asks for."""
    return await at.act(asked.by, lambda one, now: follow_up.reviewed(one, asked.text, by=asked.by, at_ns=now))


@router.post("/incidents/{incident_id}/note", response_model=IncidentOut, responses=_responses())
async def note_on_incident(at: One, asked: Annotated[TimelineIn, Body()]) -> Response:
    """A line in the timeline."""
    return await at.act(
        asked.by, lambda one, now: follow_up.noted(one, asked.text, by=asked.by, at_ns=now, kind=asked.kind)
    )


@router.post("/incidents/{incident_id}/contain", response_model=IncidentOut, responses=_responses())
async def contain_incident(at: One, asked: Annotated[ContainIn, Body()]) -> Response:
    """It does no more harm, and how that was done. The grade stays."""
    return await at.act(asked.by, lambda one, now: life.contained(one, asked.how, by=asked.by, at_ns=now))


@router.post("/incidents/{incident_id}/close", response_model=IncidentOut, responses=_responses(_INCOMPLETE))
async def close_incident(at: One, asked: Annotated[CloseIncidentIn, Body()]) -> Response:
    """Close it. Refused with everything that is missing."""

    def act(incident: Incident, now_ns: int) -> Incident:
        return life.closed(incident, by=asked.by, at_ns=now_ns, not_reproduced=asked.not_reproduced)

    return await at.act(asked.by, act)


def _seen(said: SeenIn | None) -> Seen | None:
    return None if said is None else Seen(said.events, said.trials)
