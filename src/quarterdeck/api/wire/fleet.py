"""Fleet: the population now and over a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from quarterdeck.api.concentration import Concentration, of_dollars, of_tokens
from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.common import RateOut, rate
from quarterdeck.api.wire.signals import (
    MeasuredOut,
    PromiseOut,
    StreamOut,
    measured_dict,
    promise_dict,
    stream_dict,
)
from quarterdeck.model.runs import Lifecycle
from quarterdeck.model.signals import Promise, StreamNow
from quarterdeck.observe.signals.mix import MixShift
from quarterdeck.stats.estimate import Estimate
from quarterdeck.stats.weighted import total_of_weights
from quarterdeck.store.interface import FleetMinute, FleetNow
from quarterdeck.store.spending import CohortSpending
from quarterdeck.store.weights import RunWeights

LIFECYCLES = ("running", "waiting", "stalled", "lost", "finished")


class TotalTokensOut(BaseModel):
    """Tokens of the runs that reported them."""

    total: int | None
    runs_known: int


class TotalCostOut(BaseModel):
    """Dollars of the runs whose cost is known."""

    total: float | None
    runs_known: int


class MinuteOut(BaseModel):
    """Runs that started in one minute."""

    minute: str
    runs: int
    failed: int
    scored: int
    tokens_total: int
    cost_usd: float
    model_calls: int


class EstimatedRunsOut(BaseModel):
    """How many runs there were before head sampling: those of known weight, each counted for what it stands for.

    `interval` is null when fewer than five sampled runs are known; `weight_unknown` runs were sampled by nobody knows
    what odds and are in neither number.
    """

    runs: float | None
    interval: list[float] | None
    n: int
    weight_unknown: int


class TopCohortOut(BaseModel):
    """A cohort and its share of everything."""

    keys: dict[str, str | None]
    share: float


class ConcentrationOut(BaseModel):
    """The `cohorts` largest of the `of` cohorts that spent anything make `share_80` of it: 80 % or a little more."""

    cohorts: int
    of: int
    share_80: float
    top: list[TopCohortOut]


class ConcentrationsOut(BaseModel):
    """By agent, prompt version and model; null where nothing is known of it."""

    tokens: ConcentrationOut | None
    cost_usd: ConcentrationOut | None


class OpenAlertsOut(BaseModel):
    """Alerts that are open now, whatever the window."""

    firing: int
    pending: int


class MixShiftOut(BaseModel):
    """The share of one kind of runs among all, now and before. It is no regression: no rate of that kind moved."""

    where: dict[str, str | None]
    now: MeasuredOut
    before: MeasuredOut


class FleetOut(BaseModel):
    """Live runs by lifecycle whatever the window; `finished` and all else within it.

    `moved` are at most ten streams whose evidence rises or has reached its threshold. They, `alerts`, `promise` and `mix`
    are of now, and null on a server that watches nothing.
    """

    since: str
    until: str
    now: str
    lifecycle: dict[Lifecycle, int]
    runs: int
    failing: RateOut | None
    tokens: TotalTokensOut
    cost_usd: TotalCostOut
    estimated: EstimatedRunsOut
    concentration: ConcentrationsOut
    alerts: OpenAlertsOut | None
    promise: PromiseOut | None
    moved: list[StreamOut] | None
    mix: list[MixShiftOut] | None
    minutes: list[MinuteOut]
    in_words: str


class WatchedNow(NamedTuple):
    """What the watch says of now."""

    firing: int
    pending: int
    promise: Promise
    moved: Sequence[StreamNow]
    mix: Sequence[MixShift]


def fleet_dict(
    fleet: FleetNow,
    weights: RunWeights,
    spending: Sequence[CohortSpending],
    watched: WatchedNow | None,
    *,
    since_ns: int,
    until_ns: int,
    now_ns: int,
    in_words: str,
) -> dict[str, Any]:
    """`spending`: of each cohort in the window."""
    return {
        "since": rfc3339(since_ns),
        "until": rfc3339(until_ns),
        "now": rfc3339(now_ns),
        "lifecycle": {name: fleet.lifecycle.get(name, 0) for name in LIFECYCLES},
        "runs": fleet.runs,
        "failing": rate(fleet.failed, fleet.scored),
        "tokens": total(fleet.tokens_total, fleet.tokens_known),
        "cost_usd": total(fleet.cost_usd, fleet.cost_known),
        "estimated": estimated_dict(weights),
        "concentration": concentration_dict(spending),
        **watched_dict(watched),
        "minutes": [_minute_dict(minute) for minute in fleet.minutes],
        "in_words": in_words,
    }


def watched_dict(watched: WatchedNow | None) -> dict[str, Any]:
    if watched is None:
        return dict.fromkeys(("alerts", "promise", "moved", "mix"))
    return {
        "alerts": {"firing": watched.firing, "pending": watched.pending},
        "promise": promise_dict(watched.promise),
        "moved": [stream_dict(one) for one in watched.moved],
        "mix": [
            {"where": dict(one.where), "now": measured_dict(one.now), "before": measured_dict(one.before)}
            for one in watched.mix
        ],
    }


def concentration_dict(rows: Sequence[CohortSpending]) -> dict[str, Any]:
    """From what each cohort spent in the window."""
    return {"tokens": _concentration(of_tokens(rows)), "cost_usd": _concentration(of_dollars(rows))}


def _concentration(found: Concentration | None) -> dict[str, Any] | None:
    return None if found is None else found._asdict() | {"top": [top._asdict() for top in found.top]}


def estimated_dict(weights: RunWeights) -> dict[str, Any]:
    """Null instead of a number when no run has a known weight."""
    answer = total_of_weights(weights.total, weights.excess, known=weights.known, sampled=weights.sampled)
    interval = [answer.low, answer.high] if isinstance(answer, Estimate) else None
    return {
        "runs": weights.total if weights.known else None,
        "interval": interval,
        "n": weights.known,
        "weight_unknown": weights.unknown,
    }


def total(value: float, runs_known: int) -> dict[str, Any]:
    """A sum with the number of runs behind it; null when no run knows."""
    return {"total": value if runs_known else None, "runs_known": runs_known}


def _minute_dict(minute: FleetMinute) -> dict[str, Any]:
    return {
        "minute": rfc3339(minute.minute_ns),
        "runs": minute.runs,
        "failed": minute.failed,
        "scored": minute.scored,
        "tokens_total": minute.tokens_total,
        "cost_usd": minute.cost_usd,
        "model_calls": minute.model_calls,
    }
