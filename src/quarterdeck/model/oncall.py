"""On call: how an alert may page, with what it was closed, what is muted, and what operators expected of it.

Frozen. Times are ns since the epoch; None = not known, or without an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from quarterdeck.model.signals import Keys

AlertClass = Literal["policy", "infrastructure", "capability", "shift", "wobble"]
DispositionKind = Literal["normal_swing", "accepted_change", "duplicate", "harmless", "wobble", "fixed"]
PageWhat = Literal["page", "batch", "hold", "list"]
"""`page`: people are told now; `batch`: with the shift's digest; `hold`: decided again when what holds it ends; `list`: shown only."""


class Action(NamedTuple):
    """What to do first, in words, and where."""

    text: str
    link: str | None = None


class Paging(NamedTuple):
    """Whether an alert pages, and why. `defect`: it should be able to page, and its quality keeps it from it."""

    what: PageWhat
    reason: str
    defect: bool = False


class Evidence(NamedTuple):
    """The statistic that a dismissal rests on: `signal` was `value` in [`low`, `high`], from `n` observations over `window_s`."""

    signal: str
    value: float
    low: float
    high: float
    n: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Disposition:
    """With what an alert was closed: one parameter changed, for a time, at a price, while it keeps being tested.

    `tolerance`: of `normal_swing`; `other_alert_id`: of `duplicate`; `probe_id`, `incident_id`: what was found out before.
    `ended_ns` and `ended_because` when it expired, was undone or was refuted.
    """

    project: str
    disposition_id: str
    alert_id: str
    signature: str
    signals: tuple[str, ...]
    where: Keys
    kind: DispositionKind
    reason: str
    by: str
    at_ns: int
    expires_ns: int | None
    evidence: Evidence | None
    price: str
    tolerance: float | None = None
    other_alert_id: str | None = None
    probe_id: str | None = None
    incident_id: str | None = None
    approver: str | None = None
    ended_ns: int | None = None
    ended_because: str | None = None

    @property
    def standing(self) -> bool:
        """Whether it still changes its parameter."""
        return self.ended_ns is None


@dataclass(frozen=True, slots=True)
class Mute:
    """Pages are held, detection goes on. `signal` None = every signal of the slice; `where` () = the whole fleet."""

    project: str
    mute_id: str
    signal: str | None
    where: Keys
    owner: str
    reason: str
    at_ns: int
    until_ns: int
    ended_ns: int | None = None
    ended_because: str | None = None


class Snooze(NamedTuple):
    """An alert sleeps until the version of its cohort is another one, `until_ns` at the latest."""

    project: str
    alert_id: str
    version: Keys
    by: str
    at_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was expected at triage: the probability that it is real. `real` when it turned out."""

    project: str
    alert_id: str
    by: str
    probability: float
    at_ns: int
    real: bool | None = None
    decided_ns: int | None = None
    decided_because: str | None = None
