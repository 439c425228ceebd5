"""What the watch over the fleet passes on: findings about signals, the streams as they stand, and what the promise rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from quarterdeck.model.measured import Measured

Lane = Literal["pooled", "cohort", "deploy", "live", "burn"]
"""Where evidence is gathered. The first three share the budget of false alarms; `live` and `burn` are exact rules on facts."""

FindingState = Literal["rising", "reached", "fell", "recovered"]
"""`rising`: evidence passed the square root of its threshold; `fell`: it went back below; `reached`: the threshold itself;

`recovered`: evidence that what was reached is over.
"""

FindingKind = Literal["regression", "loop", "stuck", "runaway", "burn"]

Keys = tuple[tuple[str, str | None], ...]
"""(name of an attribute of runs, its value; None = unknown), in a fixed order. () = the whole fleet."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """One part of the version identity that has a new value, within one cohort. `opened_ns`: start of its first run."""

    cohort: Keys
    part: str
    old: str | None
    new: str
    opened_ns: int

    @property
    def where(self) -> Keys:
        """The runs of the new version: the cohort and the new value."""
        return (*self.cohort, (self.part, self.new))


class SliceScore(NamedTuple):
    """A slice of the runs that a finding rests on. `score`: log evidence less the price of searching; above 0 is more than chance."""

    where: Keys
    n: int
    mean: float
    expected: float
    score: float


@dataclass(frozen=True, slots=True)
class Finding:
    """This signal of these runs got worse (or is over). Values are in `unit`; `run_ids` are runs to open, worst first.

    `where` is the narrowest slice that explains it; `slices` are the candidates, best first. `stream_id` names the stream or
    test that it comes from. `wasted_usd`: dollars spent above the usual, None = unknown. `key` tells apart findings of one
    stream that are about different things (a run id, an objective); "" otherwise.
    """

    project: str
    kind: FindingKind
    state: FindingState
    signal: str
    title: str
    unit: str
    lane: Lane
    cohort: Keys
    stream_id: str
    evidence: float
    threshold: float
    at_ns: int
    n: int
    now: Measured
    before: Measured
    where: Keys = ()
    slices: tuple[SliceScore, ...] = ()
    deploy: Deploy | None = None
    run_ids: tuple[str, ...] = ()
    wasted_usd: float | None = None
    key: str = ""


class Point(NamedTuple):
    """One moment of a stream: evidence, and the mean (rate) or median (amount) of its newest observations with interval."""

    at_ns: int
    evidence: float
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class StreamNow:
    """A stream or a deploy's test as it stands.

    `runs`: observations so far. `runs_needed`: observations of the size of change that is looked for until the threshold
    would be reached (an expectation); `sees`: the smallest change that as many observations again would show, as a value in
    `unit`; None = cannot be said. `state`: `learning` until it may raise an alarm.
    """

    stream_id: str
    signal: str
    title: str
    unit: str
    kind: Literal["rate", "amount"]
    lane: Lane
    cohort: Keys
    deploy: Deploy | None
    state: Literal["learning", "quiet", "rising", "reached"]
    evidence: float
    threshold: float
    runs: int
    now: Measured
    before: Measured
    runs_needed: int | None
    sees: float | None


class Condition(NamedTuple):
    """One condition of the promise. `holds` is None while there is too little data to say; `because` says it in words."""

    name: str
    holds: bool | None
    because: str
    measured: Measured


class Promise(NamedTuple):
    """False alarms: what is allowed a month, and how many are expected since `since_ns` if nothing ever changed."""

    alarms_per_month: float
    expected_so_far: float
    since_ns: int
    conditions: tuple[Condition, ...]
