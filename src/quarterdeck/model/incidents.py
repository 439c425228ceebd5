"""Incidents: something that harmed or could have harmed, the facts that are known of it, and the grades that it was given.

Frozen. A grade is a pure function of facts and a rubric, so anybody can compute it again. Unknown is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

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
