"""What is said about an incident: one body for each act. A key that is not here is an error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from quarterdeck.model.incidents import FieldName, Sureness, TriageFinding, TriageStep

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Time = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0, le=10**9)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Name = Field(description="Who says so.")


class SeenIn(BaseModel):
    """Seen `events` times in `trials`."""

    model_config = ConfigDict(extra="forbid")

    events: Count
    trials: Annotated[int, Field(ge=1, le=10**9)]


class OpenIn(_Said):
    """An incident: by hand with a title, or from an alert, which brings slice, window and rate. With facts it is graded at once."""

    title: Annotated[str | None, Field(max_length=2_000, description="One sentence; an alert brings its own.")] = None
    alert_id: Name | None = None
    facts: dict[str, Any] | None = Field(
        None, description="Keys as in docs/how-to/incidents.md; id, title, rate and traffic are filled in where known."
    )
    where: dict[Name, str | None] = Field(default_factory=dict, max_length=20, description="Slice of runs, by hand.")
    since: Time | None = Field(None, description="Begin of the window: RFC 3339, epoch milliseconds or `-6h`.")
    until: Time | None = Field(None, description="End of the window; without it, it goes on.")


class GradeIn(_Said):
    """Facts to grade by. A milder grade takes an approver and replays whose bound is low enough."""

    facts: dict[str, Any]
    approver: Name | None = None
    replays: SeenIn | None = None


class TriageIn(_Said):
    """One step of the walk."""

    step: TriageStep
    finding: TriageFinding
    evidence: Text


class FieldIn(_Said):
    """One of the six fields: typed, or why it does not apply."""

    name: FieldName
    value: Text
    source: Literal["typed", "not_applicable"] = "typed"


class CauseIn(_Said):
    """Why it happened. A distributional cause takes a rate and factors."""

    kind: Literal["single", "distributional"]
    text: Text
    confidence: Sureness = "medium"
    rate: SeenIn | None = None
    factors: list[Name] = Field(default_factory=list, max_length=50)


class ActionIn(_Said):
    """Something to do."""

    text: Text
    owner: Name
    due: Time | None = None


class ByIn(_Said):
    """Only who."""


class ClockIn(_Said):
    """Start a duty to report, or stop it with an answer."""

    do: Literal["start", "stop"]
    at: Time | None = Field(None, description="When it started; default now.")
    note: Annotated[str | None, Field(max_length=20_000, description="To stop: what was reported, or why not.")] = None


class NoteIn(_Said):
    """A line of the timeline, or what a structural review found."""

    text: Text


class TimelineIn(NoteIn):
    """A line of the timeline. What went well or badly has its own part in the post-mortem."""

    kind: Literal["note", "went_well", "went_badly"] = "note"


class ContainIn(_Said):
    """What was done so that it does no more harm."""

    how: Text


class ReplaysIn(_Said):
    """Replays that were made; they add up."""

    events: Count
    trials: Annotated[int, Field(ge=1, le=10**9)]


class AlertIn(_Said):
    """One more alert of the same cause."""

    alert_id: Name


class CloseIncidentIn(_Said):
    """Close. `not_reproduced` asks for the replays that the rate demands."""

    not_reproduced: bool = False
