"""Incidents as the API shows them: everything that is recorded, what is computed from it, and what closing still takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.common import RateOut, rate
from quarterdeck.api.wire.signals import keys_dict
from quarterdeck.model.incidents import (
    ActionItem,
    Clock,
    Exposure,
    Facts,
    FieldName,
    FieldSource,
    Given,
    Incident,
    IncidentState,
    RootCause,
    Running,
    Seen,
    Sureness,
    Triage,
    TriageFinding,
    TriageStep,
)
from quarterdeck.observe.incidents.life import missing, rate_assumed, recomputes, replays_for
from quarterdeck.observe.incidents.rubric import Rubric

_HOUR_NS = 3_600 * 10**9


class SeenOut(BaseModel):
    """How often it was seen."""

    events: int
    trials: int


class HarmOut(BaseModel):
    """One harm."""

    type: str
    actual: bool
    reversible: str
    magnitude: str


class FactsOut(BaseModel):
    """What is known; null = unknown."""

    id: str
    title: str
    harms: list[HarmOut]
    rate: SeenOut | None
    traffic_per_day: float | None
    affected_users: int | None
    autonomy: str
    caught_by: str
    undetected_hours: float | None
    domain: str
    ongoing: bool
    confidence: Sureness


class GivenOut(BaseModel):
    """A grade as it was given. `recomputes`: it follows from its facts; null = given under another rubric."""

    severity: int = Field(ge=0, le=4)
    rubric_version: str
    rubric_digest: str
    because: list[str]
    facts: FactsOut
    by: str
    at: str
    approver: str | None
    recomputes: bool | None


class ExposureOut(BaseModel):
    """Who was in the slice and window. Users and tenants count where runs name them."""

    runs: int
    failing: RateOut | None
    sessions: int
    users: int
    tenants: int
    per_day: float | None


class WindowOut(BaseModel):
    """From when to when; null = not known, goes on."""

    from_: str | None = Field(alias="from")
    to: str | None


class ReplayPlanOut(BaseModel):
    """Replays that show a fault of this rate once, with 95 %; how many were made, and in how many it was seen."""

    rate: float
    n: int
    done: int
    seen: int


class TriageOut(BaseModel):
    """What one step of the walk found."""

    step: TriageStep
    finding: TriageFinding
    evidence: str
    by: str
    at: str


class FieldOut(BaseModel):
    """One of the six fields."""

    value: str
    source: FieldSource
    by: str


class CauseOut(BaseModel):
    """Why it happened."""

    kind: Literal["single", "distributional"]
    text: str
    rate: SeenOut | None
    share: RateOut | None
    factors: list[str]
    confidence: Sureness


class ActionOut(BaseModel):
    """What is to be done."""

    action_id: str
    text: str
    owner: str
    due: str | None
    done_at: str | None


class ClockOut(BaseModel):
    """A duty to report. Not running until somebody starts it; confirm with counsel."""

    code: str
    title: str
    starts: str
    because: str
    hours: float
    started_at: str | None
    due_at: str | None
    left_hours: float | None
    stopped_at: str | None
    note: str | None


class ReviewOut(BaseModel):
    """Why a structural review is required, and what it found."""

    why: str
    earlier: list[str]
    found: str | None


class EventOut(BaseModel):
    """One thing that happened."""

    at: str
    what: str
    words: str
    by: str


class ResponseOut(BaseModel):
    """What the rubric asks for at this grade."""

    respond_within_minutes: int | None
    containment: str
    tell: str
    legal: bool


class IncidentOut(BaseModel):
    """An incident. `severity` is the newest grade's, 0 is the worst; null = not graded yet. `to_close`: what is missing."""

    incident_id: str
    title: str
    state: IncidentState
    severity: int | None
    grades: list[GivenOut]
    facts: FactsOut | None
    response: ResponseOut | None
    alert_ids: list[str]
    signature: str
    where: dict[str, str | None]
    window: WindowOut
    exposure: ExposureOut | None
    replay_plan: ReplayPlanOut
    triage: list[TriageOut]
    fields: dict[FieldName, FieldOut]
    root_cause: CauseOut | None
    actions: list[ActionOut]
    clocks: list[ClockOut]
    review_required: ReviewOut | None
    timeline: list[EventOut]
    to_close: list[str]
    opened_at: str
    closed_at: str | None
    by: str


class IncidentsOut(BaseModel):
    """A page of incidents, newest first. A page may be empty of what a filter leaves out, and go on."""

    items: list[IncidentOut]
    next_cursor: str | None


def incident_dict(incident: Incident, rubric: Rubric, now_ns: int) -> dict[str, Any]:
    """As `IncidentOut`."""
    newest = incident.grades[-1] if incident.grades else None
    return {
        "incident_id": incident.incident_id,
        "title": incident.title,
        "state": incident.state,
        "severity": incident.severity,
        "grades": [_given(one, rubric) for one in incident.grades],
        "facts": None if newest is None else facts_dict(newest.facts),
        "response": _response(newest, rubric),
        "alert_ids": list(incident.alert_ids),
        "signature": incident.signature,
        "where": keys_dict(incident.where),
        "window": {"from": rfc3339_or_none(incident.from_ns), "to": rfc3339_or_none(incident.to_ns)},
        "exposure": _exposure(incident.exposure),
        "replay_plan": _plan(incident),
        "triage": [_step(one) for one in incident.triage],
        "fields": {one.name: {"value": one.value, "source": one.source, "by": one.by} for one in incident.fields},
        "root_cause": _cause(incident.root_cause),
        "actions": [_action(one) for one in incident.actions],
        "clocks": _clocks(incident, now_ns),
        "review_required": _review(incident),
        "timeline": [
            {"at": rfc3339(one.at_ns), "what": one.what, "words": one.words, "by": one.by} for one in incident.events
        ],
        "to_close": [] if incident.state == "closed" else list(missing(incident)),
        "opened_at": rfc3339(incident.opened_ns),
        "closed_at": rfc3339_or_none(incident.closed_ns),
        "by": incident.by,
    }


def facts_dict(facts: Facts) -> dict[str, Any]:
    """The keys that `read_facts` reads."""
    return {
        "id": facts.id,
        "title": facts.title,
        "harms": [harm._asdict() for harm in facts.harms],
        "rate": _seen(facts.rate),
        "traffic_per_day": facts.traffic_per_day,
        "affected_users": facts.affected_users,
        "autonomy": facts.autonomy,
        "caught_by": facts.caught_by,
        "undetected_hours": facts.undetected_hours,
        "domain": facts.domain,
        "ongoing": facts.ongoing,
        "confidence": facts.confidence,
    }


def _given(given: Given, rubric: Rubric) -> dict[str, Any]:
    return {
        "severity": given.grade.severity,
        "rubric_version": given.grade.rubric_version,
        "rubric_digest": given.rubric_digest,
        "because": list(given.grade.because),
        "facts": facts_dict(given.facts),
        "by": given.by,
        "at": rfc3339(given.at_ns),
        "approver": given.approver,
        "recomputes": recomputes(given, rubric),
    }


def _response(given: Given | None, rubric: Rubric) -> Mapping[str, Any] | None:
    found = None if given is None else rubric.actions.get(given.grade.severity)
    return None if found is None else found.model_dump()


def _exposure(found: Exposure | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "runs": found.runs,
        "failing": rate(found.failing, found.judged),
        "sessions": found.sessions,
        "users": found.users,
        "tenants": found.tenants,
        "per_day": found.per_day,
    }


def _plan(incident: Incident) -> dict[str, Any]:
    made = incident.replays or Seen(0, 0)
    return {"rate": rate_assumed(incident), "n": replays_for(incident), "done": made.trials, "seen": made.events}


def _step(one: Triage) -> dict[str, Any]:
    return {
        "step": one.step,
        "finding": one.finding,
        "evidence": one.evidence,
        "by": one.by,
        "at": rfc3339(one.at_ns),
    }


def _cause(cause: RootCause | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {
        "kind": cause.kind,
        "text": cause.text,
        "rate": _seen(cause.rate),
        "share": None if cause.rate is None else rate(cause.rate.events, cause.rate.trials),
        "factors": list(cause.factors),
        "confidence": cause.confidence,
    }


def _action(action: ActionItem) -> dict[str, Any]:
    return {
        "action_id": action.action_id,
        "text": action.text,
        "owner": action.owner,
        "due": rfc3339_or_none(action.due_ns),
        "done_at": rfc3339_or_none(action.done_ns),
    }


def _clocks(incident: Incident, now_ns: int) -> list[dict[str, Any]]:
    """Those that were started, then those that the newest grade's facts may start."""
    running = [_running(one, now_ns) for one in incident.clocks]
    started = {one.clock.code for one in incident.clocks}
    offered = incident.grades[-1].grade.clocks if incident.grades else ()
    return running + [_offered(one) for one in offered if one.code not in started]


def _running(one: Running, now_ns: int) -> dict[str, Any]:
    left = None if one.stopped_ns is not None else round((one.due_ns - now_ns) / _HOUR_NS, 2)
    return _offered(one.clock) | {
        "started_at": rfc3339(one.started_ns),
        "due_at": rfc3339(one.due_ns),
        "left_hours": left,
        "stopped_at": rfc3339_or_none(one.stopped_ns),
        "note": one.note,
    }


def _offered(clock: Clock) -> dict[str, Any]:
    nothing = dict.fromkeys(("started_at", "due_at", "left_hours", "stopped_at", "note"))
    return {**clock._asdict(), **nothing}


def _review(incident: Incident) -> dict[str, Any] | None:
    if not incident.review:
        return None
    return {"why": incident.review, "earlier": list(incident.earlier), "found": incident.reviewed}


def _seen(seen: Seen | None) -> dict[str, int] | None:
    return None if seen is None else {"events": seen.events, "trials": seen.trials}
