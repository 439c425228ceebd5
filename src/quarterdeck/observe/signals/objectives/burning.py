"""How quickly a budget burns: windows in, state out. Pure.

A burn rate of 1 spends the budget in exactly 30 days. Three pairs of windows, as in the SRE workbook (Beyer et al., 2018,
chapter "Alerting on SLOs", table 5-8): 2 % of the budget in 1 h, 5 % in 6 h, 10 % in 3 days; the short window says that it
still goes on. Both must exceed the factor. Refuses: to judge a share from too few runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from quarterdeck.model.measured import Measured
from quarterdeck.observe.signals.objectives.options import Objective
from quarterdeck.stats.intervals import wilson
from quarterdeck.store.spending import Spent

HOUR_NS = 3_600_000_000_000
PERIOD_NS = 30 * 24 * HOUR_NS
"""Budgets are for 30 days that end now."""


class Pair(NamedTuple):
    """A long window, the short one beside it, and the burn rate from which somebody is told."""

    long_ns: int
    short_ns: int
    factor: float


PAIRS = (
    Pair(HOUR_NS, HOUR_NS // 12, 14.4),
    Pair(6 * HOUR_NS, HOUR_NS // 2, 6.0),
    Pair(72 * HOUR_NS, 6 * HOUR_NS, 1.0),
)
PAIRED_NS = tuple(sorted({window for pair in PAIRS for window in pair[:2]}))
"""The windows that decide whether something burns, shortest first."""

WINDOWS_NS = (*PAIRED_NS, PERIOD_NS)
"""Every window that there is, shortest first."""

PairState = Literal["burning", "ok", "insufficient"]
ObjectiveState = Literal["burning", "exhausted", "ok", "insufficient"]


class PairNow(NamedTuple):
    """One pair as it stands; `long` and `short` are burn rates (times the rate that the budget allows)."""

    pair: Pair
    long: Measured
    short: Measured
    state: PairState


class ObjectiveNow(NamedTuple):
    """An objective as it stands. `spent`: dollars or tokens of the last 30 days, or the share of them that was bad;

    `budget` in the same unit. `used` is spent ÷ budget. `exhausted_in_s`: when the budget is gone at the pace of the last
    6 hours; 0 = it is gone, None = not in sight or not known.
    """

    objective: Objective
    project: str
    unit: str
    spent: Measured
    budget: float
    used: float | None
    exhausted_in_s: float | None
    pairs: Sequence[PairNow]
    state: ObjectiveState


_NOT_READ = Measured(None, None, None, 0, reason="not read")

_CERTAIN = 0.8
"""A loose target cannot burn quickly: with 90 % as the target, all runs failing burn 10 times too fast. The factor is at most

this part of the greatest burn rate that there can be, so that an outage is told within minutes whatever the target.
"""


def stand(objective: Objective, project: str, windows: Sequence[Spent], now_ns: int, *, runs_min: int) -> ObjectiveNow:
    """How the objective stands. `windows` are those of WINDOWS_NS that end now, in any order.

    Without the one of 30 days (it is the dearest to read) only the pairs are known.
    """
    by_length = {now_ns - window.since_ns: window for window in windows}
    rates = {length: _rate(objective, window, length) for length, window in by_length.items()}
    whole = by_length.get(PERIOD_NS)
    spent = _NOT_READ if whole is None else _spent(objective, whole)
    budget = objective.budget if objective.budget is not None else 1 - (objective.target or 0.0)
    used = None if spent.value is None else spent.value / budget
    pairs = [_pair(objective, pair, rates, runs_min) for pair in PAIRS]
    return ObjectiveNow(
        objective=objective,
        project=project,
        unit=_unit(objective),
        spent=spent,
        budget=budget,
        used=used,
        exhausted_in_s=_exhausted_in_s(used, rates[PAIRS[1].long_ns].value),
        pairs=pairs,
        state=_state(pairs, used),
    )


def factor_of(objective: Objective, pair: Pair) -> float:
    """The burn rate from which this pair tells."""
    if objective.target is None:
        return pair.factor
    return min(pair.factor, max(1.0, _CERTAIN / (1 - objective.target)))


def _unit(objective: Objective) -> str:
    units = {"cost_usd": "US dollars", "tokens_total": "tokens", "failing": "share of runs"}
    return units.get(objective.quantity, "1 - score")


def _spent(objective: Objective, window: Spent) -> Measured:
    """What a window cost, in the objective's unit."""
    if objective.is_amount:
        value, known = _amount(objective, window)
        if window.runs and not known:
            what = "cost" if objective.quantity == "cost_usd" else "number of tokens"
            return Measured(None, None, None, 0, reason=f"none of {window.runs:,} runs has a known {what}")
        return Measured(value, None, None, known, "sum over the runs that report it")
    bad, n = (window.failed, window.scored) if objective.quantity == "failing" else (window.bad, window.scores)
    if n == 0:
        what = "no run ended" if objective.quantity == "failing" else "no outcome came"
        return Measured(None, None, None, 0, reason=f"{what} in this time")
    # A mean of numbers in 0..1 varies at most as a share does, so its interval is cautious.
    low, high = wilson(min(n, round(bad)), n)
    return Measured(bad / n, min(low, bad / n), max(high, bad / n), n, "Wilson interval")


def _amount(objective: Objective, window: Spent) -> tuple[float, int]:
    if objective.quantity == "cost_usd":
        return window.usd, window.usd_known
    return window.tokens, window.tokens_known


def _rate(objective: Objective, window: Spent, length_ns: int) -> Measured:
    """The burn rate of one window: what it cost ÷ what the budget allows for it."""
    spent = _spent(objective, window)
    if objective.budget is not None:
        allowed = objective.budget * length_ns / PERIOD_NS
    else:
        allowed = 1 - (objective.target or 0.0)
    return spent._replace(
        value=_over(spent.value, allowed), low=_over(spent.low, allowed), high=_over(spent.high, allowed)
    )


def _over(value: float | None, allowed: float) -> float | None:
    return None if value is None else value / allowed


def _pair(objective: Objective, pair: Pair, rates: dict[int, Measured], runs_min: int) -> PairNow:
    pair = pair._replace(factor=factor_of(objective, pair))
    long, short = rates[pair.long_ns], rates[pair.short_ns]
    if not objective.is_amount and 0 < long.n < runs_min:
        reason = f"{long.n} of the {runs_min} that it takes to judge"
        long = long._replace(reason=reason, n_needed=runs_min)
        return PairNow(pair, long, short, "insufficient")
    if long.value is None or short.value is None:
        return PairNow(pair, long, short, "insufficient")
    exceeds = long.value >= pair.factor and short.value >= pair.factor
    clearly = objective.is_amount or (long.low is not None and long.low > 1)
    return PairNow(pair, long, short, "burning" if exceeds and clearly else "ok")


def _exhausted_in_s(used: float | None, burn: float | None) -> float | None:
    if used is not None and used >= 1:
        return 0.0
    if used is None or not burn:
        return None
    return (1 - used) / burn * PERIOD_NS / 1e9


def _state(pairs: Sequence[PairNow], used: float | None) -> ObjectiveState:
    states = {pair.state for pair in pairs}
    if "burning" in states:
        return "burning"
    if used is not None and used >= 1:
        return "exhausted" if states != {"insufficient"} else "insufficient"
    return "insufficient" if states == {"insufficient"} else "ok"
