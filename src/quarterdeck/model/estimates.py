"""What a task is expected to take, what was promised of a run, and what was known when it ended.

Frozen. Refuses arithmetic: who estimates is `control/estimate`, who keeps promises is the store. Unknown is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Quantity = Literal["tokens_input", "tokens_output", "tokens_total", "steps", "cost_usd", "seconds"]
"""`steps`: model calls of the run."""

QUANTITIES: tuple[Quantity, ...] = ("tokens_input", "tokens_output", "tokens_total", "steps", "cost_usd", "seconds")
LEVELS = (0.1, 0.5, 0.9, 0.99)
"""Of every estimate; `Spread` has them in this order."""

Confidence = Literal["low", "medium", "high"]
Rung = Literal["task", "similar", "agent_model", "agent", "everything", "prior"]
"""Where history was found, from the nearest to the farthest."""


class Spread(NamedTuple):
    """Quantiles of one quantity: the share of runs that stays at or below each."""

    q10: float
    q50: float
    q90: float
    q99: float


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of an agent. `key`: the same text for repeats of one task; `text`: what the user wrote, used for likeness only."""

    key: str | None = None
    text: str | None = None
    task_class: str | None = None
    feature: str | None = None
    tenant: str | None = None


class Identity(NamedTuple):
    """The version identity that will do it."""

    agent: str | None = None
    model: str | None = None
    agent_version: str | None = None
    prompt_version: str | None = None
    toolset_hash: str | None = None
    config_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over, as history: what it took.

    `spent` lacks what was not reported. `finished` False: it was cut (a cap, a timeout, a crash): `spent` is a lower bound.
    Times are seconds since the epoch.
    """

    task: Task
    identity: Identity
    spent: Mapping[Quantity, float]
    finished: bool = True
    started_at_s: float | None = None
    ended_at_s: float | None = None


class Basis(NamedTuple):
    """One rung that an estimate stands on: `n` runs (`censored` of them known only from below), `weight` of 1."""

    rung: Rung
    name: str
    n: int
    censored: int
    weight: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a task will probably take. `spreads` lacks a quantity that no history tells of.

    `cold`: nothing of this agent or model is known, and the spreads are a published prior, wide. `why` in words.
    """

    spreads: Mapping[Quantity, Spread]
    confidence: Confidence
    cold: bool
    basis: tuple[Basis, ...]
    why: str
    warnings: tuple[str, ...] = field(default=())


class Promise(NamedTuple):
    """What was estimated for a run before its end was known. `source`: "agent" (its own spans said it) or "server".

    `made_at_ns`: when; never after the run's end. A promise is written once and stays.
    """

    project: str
    run_id: str
    made_at_ns: int
    source: str
    estimate: Estimate
