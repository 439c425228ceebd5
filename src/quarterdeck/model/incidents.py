"""Incidents: something that harmed or could have harmed, the facts that are known of it, and the grades that it was given.

Frozen. A grade is a pure function of facts and a rubric, so anybody can compute it again. Unknown is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from quarterdeck.model.signals import Keys

HarmType = Literal[
    "safety", "medical", "legal", "financial", "privacy", "security",
    "data_loss", "discrimination", "misinformation", "quality",
]  # fmt: skip
Reversible = Literal["yes", "partly", "no"]
Magnitude = Literal["none", "minor", "moderate", "serious", "catastrophic"]
Autonomy = Literal["suggested", "advised", "acted"]
CaughtBy = Literal["validation", "human_before_effect", "human_after_effect", "outsider", "nobody"]
Domain = Literal[
    "general", "legal", "medical", "financial", "employment", "government", "children", "safety_critical"
]  # fmt: skip
Sureness = Literal["low", "medium", "high"]


class Harm(NamedTuple):
    """One harm. `actual`: it happened; False: a hazard, it could have. `magnitude`: for one affected person or party."""

    type: HarmType
    actual: bool
    reversible: Reversible
    magnitude: Magnitude


class Seen(NamedTuple):
    """How often it was seen: `events` in `trials` answers, runs or replays."""

    events: int
    trials: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident. `traffic_per_day`: how many such answers or runs there are a day.

    `rate` and `affected_users` are None when nobody counted.
    """

    id: str
    title: str
    harms: tuple[Harm, ...]
    rate: Seen | None
    traffic_per_day: float | None
    affected_users: int | None
    autonomy: Autonomy
    caught_by: CaughtBy
    undetected_hours: float | None
    domain: Domain
    ongoing: bool
    confidence: Sureness


class Clock(NamedTuple):
    """A duty to report that these facts may start. Dated data, to be confirmed with counsel."""

    code: str
    title: str
    hours: float
    starts: str
    because: str


@dataclass(frozen=True, slots=True)
class Grade:
    """`severity` 0 (worst) to 4. `because`: every step that led there, in words, the deciding harm first."""

    severity: int
    rubric_version: str
    because: tuple[str, ...]
    clocks: tuple[Clock, ...] = ()


IncidentState = Literal["open", "contained", "closed"]
TriageStep = Literal["retrieval", "generation", "routing", "upstream"]
TriageFinding = Literal["cause", "ruled_out", "unknown"]
FieldName = Literal[
    "prompt_revision", "model_route", "judge_configuration", "retrieval_index_state", "tool_schema_versions", "traffic_mix"
]  # fmt: skip
FieldSource = Literal["runs", "typed", "not_applicable"]

TRIAGE_STEPS: tuple[TriageStep, ...] = ("retrieval", "generation", "routing", "upstream")
FIELD_NAMES: tuple[FieldName, ...] = (
    "prompt_revision", "model_route", "judge_configuration", "retrieval_index_state", "tool_schema_versions", "traffic_mix"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """A grade as it was given: with the facts it was computed from, by whom, and who approved a downgrade."""

    grade: Grade
    rubric_digest: str
    facts: Facts
    by: str
    at_ns: int
    approver: str | None = None


class Triage(NamedTuple):
    """What one step of the walk found."""

    step: TriageStep
    finding: TriageFinding
    evidence: str
    by: str
    at_ns: int


class FieldValue(NamedTuple):
    """One of the six fields. `value` says why where it does not apply."""

    name: FieldName
    value: str
    source: FieldSource
    by: str


@dataclass(frozen=True, slots=True)
class RootCause:
    """`distributional`: it happens at a rate, from factors together, and no single thing broke."""

    kind: Literal["single", "distributional"]
    text: str
    confidence: Sureness
    rate: Seen | None = None
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionItem:
    """What is to be done. `due_ns` and `done_ns` are None when not set, not done."""

    action_id: str
    text: str
    owner: str
    due_ns: int | None = None
    done_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A duty to report that somebody started: due `hours` later, until it is stopped with a note."""

    clock: Clock
    started_ns: int
    stopped_ns: int | None = None
    note: str | None = None

    @property
    def due_ns(self) -> int:
        return self.started_ns + int(self.clock.hours * 3_600e9)


class Exposure(NamedTuple):
    """Who was in the slice and window. `failing` of `judged` runs; users and tenants only where runs say them."""

    runs: int
    failing: int
    judged: int
    sessions: int
    users: int
    tenants: int
    per_day: float | None


class Event(NamedTuple):
    """One thing that happened, in words."""

    at_ns: int
    what: str
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that harmed or could have harmed, as it stands. Its grades and events only ever grow.

    `signature` is the first alert's; "" for one that was opened by hand. `from_ns`, `to_ns`: the window, to_ns None = it goes on.
    `review`: why a structural review is required, "" when it is not; `reviewed` what it found.
    """

    project: str
    incident_id: str
    title: str
    state: IncidentState
    opened_ns: int
    by: str
    signature: str = ""
    where: Keys = ()
    from_ns: int | None = None
    to_ns: int | None = None
    alert_ids: tuple[str, ...] = ()
    grades: tuple[Given, ...] = ()
    exposure: Exposure | None = None
    replays: Seen | None = None
    triage: tuple[Triage, ...] = ()
    fields: tuple[FieldValue, ...] = ()
    root_cause: RootCause | None = None
    actions: tuple[ActionItem, ...] = ()
    clocks: tuple[Running, ...] = ()
    review: str = ""
    reviewed: str | None = None
    earlier: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    closed_ns: int | None = None

    @property
    def severity(self) -> int | None:
        """Of the newest grade; None before the first."""
        return self.grades[-1].grade.severity if self.grades else None
