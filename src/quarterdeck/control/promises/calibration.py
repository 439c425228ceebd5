"""Were the promises true? What runs took against what was promised of them, per cohort (agent × model).

What for: the share of runs at or below each promised quantile, with its interval; the cost of being wrong (pinball
loss) beside that of a constant; and whether the newest runs leave what was promised (drift). Pure.
Refuses: to score a run that is known only from below, or one whose promise knew later runs.
Source: pinball loss and its constant as in the `estimate backtest` figures; intervals are Wilson's.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quarterdeck.control.promises.features import is_whole
from quarterdeck.model.estimates import Promise, Quantity, Spread
from quarterdeck.model.runs import Run
from quarterdeck.stats import wilson

SCORED = (0.5, 0.9, 0.99)
HINDSIGHT = "runs that ended later were known when this was made"
"""A warning of such promises; they are shown and never scored."""

CONSTANT_MIN = 5
"""Runs before the constant (the quantile of all earlier ones) is worth comparing with."""
DRIFT_MIN = 50
DRIFT_CONFIDENCE = 0.999
"""Looked at often, so high."""
SLACK: Mapping[float, float] = {0.5: 0.1, 0.9: 0.05, 0.99: 0.03}
"""How far the share may lie from its level before it is called a drift, beyond what chance explains."""


class Share(NamedTuple):
    """The share of `n` runs that stayed at or below the promised quantile, with a 95 % interval; None without runs."""

    share: float | None
    low: float | None
    high: float | None
    n: int


class Drift(NamedTuple):
    """Of the newest `n` runs, `share` stayed below what `level` of them should: `low` to `high` with high confidence."""

    agent: str | None
    model: str | None
    level: float
    share: float
    low: float
    high: float
    n: int

    @property
    def why(self) -> str:
        """In words."""
        who = f"{self.agent or 'agent unknown'} on {self.model or 'model unknown'}"
        more = "more" if self.share < self.level else "less"
        return (
            f"{who} takes {more} than promised: {self.share:.0%} of its newest {self.n} runs stayed below "
            f"the promise that {self.level:.0%} should stay below"
        )

    @property
    def mend(self) -> str:
        """What is done and what can be."""
        return (
            "earlier runs of this cohort now count for little; where the agent itself changed, say so by "
            "quarterdeck.agent.version or quarterdeck.prompt.version, and tell repeats by quarterdeck.task.key"
        )


class Cohort(NamedTuple):
    """One cohort. `n`: scored runs; `censored`: known only from below; `unpromised`: this quantity was not promised.

    `pinball` and `pinball_constant` are mean losses per level over the same runs; None = too few.
    """

    agent: str | None
    model: str | None
    n: int
    censored: int
    unpromised: int
    coverage: Mapping[float, Share]
    pinball: Mapping[float, float | None]
    pinball_constant: Mapping[float, float | None]
    drift: Drift | None


CohortKey = tuple[str | None, str | None]
_Scored = tuple[float, Spread]
"""What was spent, and what was promised."""


def calibrate(runs: Sequence[Run], quantity: Quantity, *, window: int) -> list[Cohort]:
    """Cohorts with most scored runs first. `runs`: over, with their promises, in order of start. `window`: newest runs for drift."""
    groups: dict[CohortKey, list[Run]] = {}
    for run in runs:
        groups.setdefault((run.agent, run.model), []).append(run)
    found = [_cohort(key, mine, quantity, window) for key, mine in groups.items()]
    return sorted(found, key=lambda row: (-row.n, -row.censored, row.agent or "", row.model or ""))


def _cohort(key: CohortKey, runs: Sequence[Run], quantity: Quantity, window: int) -> Cohort:
    promised = [(run, spread) for run in runs if (spread := _promised(run.estimate, quantity)) is not None]
    scored = [
        (spent, spread) for run, spread in promised if is_whole(run) and (spent := run.spent.get(quantity)) is not None
    ]
    ours, constant = _losses(scored)
    return Cohort(
        *key,
        n=len(scored),
        censored=len(promised) - len(scored),
        unpromised=len(runs) - len(promised),
        coverage={level: _share(scored, level) for level in SCORED},
        pinball=ours,
        pinball_constant=constant,
        drift=drift_of(key, scored[-window:]),
    )


def _promised(promise: Promise | None, quantity: Quantity) -> Spread | None:
    if promise is None or HINDSIGHT in promise.estimate.warnings:
        return None
    return promise.estimate.spreads.get(quantity)


def drift_of(key: CohortKey, newest: Sequence[_Scored]) -> Drift | None:
    """The level that is farthest off beyond chance and slack; None while all hold, or too few are known."""
    if len(newest) < DRIFT_MIN:
        return None
    found = []
    for level in SCORED:
        below = _below(newest, level)
        low, high = wilson(below, len(newest), DRIFT_CONFIDENCE)
        if high < level - SLACK[level] or low > min(level + SLACK[level], 1.0):
            found.append(Drift(*key, level, below / len(newest), low, high, len(newest)))
    return max(found, key=lambda row: abs(row.share - row.level), default=None)


def _share(scored: Sequence[_Scored], level: float) -> Share:
    if not scored:
        return Share(None, None, None, 0)
    below = _below(scored, level)
    return Share(below / len(scored), *wilson(below, len(scored)), len(scored))


def _below(scored: Sequence[_Scored], level: float) -> int:
    return sum(spent <= at_level(spread, level) for spent, spread in scored)


def at_level(spread: Spread, level: float) -> float:
    return {0.1: spread.q10, 0.5: spread.q50, 0.9: spread.q90, 0.99: spread.q99}[level]


def _losses(scored: Sequence[_Scored]) -> tuple[dict[float, float | None], dict[float, float | None]]:
    """Mean pinball loss per level of the promises and of the constant, over runs that have both."""
    ours, theirs = dict.fromkeys(SCORED, 0.0), dict.fromkeys(SCORED, 0.0)
    seen: list[float] = []
    for spent, spread in scored:
        if len(seen) >= CONSTANT_MIN:
            for level in SCORED:
                ours[level] += pinball(spent, at_level(spread, level), level)
                theirs[level] += pinball(spent, seen[min(len(seen) - 1, int(level * len(seen)))], level)
        insort(seen, spent)
    n = len(scored) - CONSTANT_MIN
    return _means(ours, n), _means(theirs, n)


def _means(sums: Mapping[float, float], n: int) -> dict[float, float | None]:
    return {level: total / n if n > 0 else None for level, total in sums.items()}


def pinball(value: float, quantile: float, level: float) -> float:
    return max(level * (value - quantile), (level - 1) * (value - quantile))
