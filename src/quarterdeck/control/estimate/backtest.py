"""History replayed in time order, as if each run had been estimated when it began: were the quantiles right, were they sharp?

Pure; the clock that measures is an argument. Refuses: learning from a run before it had ended, and scoring a run whose end is not known.
"""

from __future__ import annotations

import heapq
import math
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from quarterdeck.control.estimate.estimator import Estimator
from quarterdeck.control.estimate.fits import unknown_quantity
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import LEVELS, QUANTITIES, Ended, Quantity, Spread

SCORED = (0.5, 0.9, 0.99)
WINDOW = 500


class Scored(NamedTuple):
    """One run whose end is known: what it took, what was said when it began, and what a constant would have said."""

    run: Ended
    took: float
    said: Spread
    constant: Spread


class Backtest(NamedTuple):
    """The answer of `quarterdeck estimate backtest`; `as_json` has its keys.

    `n` scored runs; `censored`: cut, or without the quantity; `unscored`: they began before anything had ended. Coverage by level,
    `worst` of any rolling 500 (None with fewer). Pinball losses are in the quantity's unit.
    """

    n: int
    censored: int
    unscored: int
    coverage: dict[str, float | None]
    worst: dict[str, float | None]
    pinball: dict[str, float | None]
    pinball_constant: dict[str, float | None]
    median_width_ratio: float | None
    predict_us_p50: float | None

    def as_json(self) -> dict[str, Any]:
        """With the keys of the contract."""
        found = self._asdict()
        found["coverage_worst_500"] = found.pop("worst")
        return found


def backtest(
    runs: Iterable[Ended],
    quantity: Quantity = "tokens_total",
    *,
    estimator: Estimator | None = None,
    now_ns: Callable[[], int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Replay runs in the order of `started_at_s`, learning each once its `ended_at_s` is before the next start.

    `now_ns` measures predictions; without it `predict_us_p50` is None. A run without `ended_at_s` counts as ended at its start.
    Raises BadInput for a quantity that does not exist, or a run without a start.
    """
    if quantity not in QUANTITIES:
        raise unknown_quantity(quantity)
    ordered = in_order(runs)
    lasted: list[int] = []
    scored = list(replay(ordered, quantity, estimator or Estimator(), _timer(now_ns, lasted), progress))
    exact = sum(_known(run, quantity) for run in ordered)
    return Backtest(
        n=len(scored),
        censored=len(ordered) - exact,
        unscored=exact - len(scored),
        coverage={str(level): _share(scored, level) for level in SCORED},
        worst={str(level): _worst(scored, level) for level in SCORED},
        pinball={str(level): _loss(scored, level, constant=False) for level in SCORED},
        pinball_constant={str(level): _loss(scored, level, constant=True) for level in SCORED},
        median_width_ratio=_width(scored),
        predict_us_p50=round(median(lasted) / 1_000, 2) if lasted else None,
    )


def in_order(runs: Iterable[Ended]) -> list[Ended]:
    """By start. Raises BadInput naming the first run that has none."""
    told = list(runs)
    for at, run in enumerate(told, start=1):
        if run.started_at_s is None:
            raise BadInput(f"run {at} has no started_at", mend="a backtest replays runs in the order of their starts")
    return sorted(told, key=lambda run: run.started_at_s or 0.0)


def replay(
    ordered: Sequence[Ended],
    quantity: Quantity,
    estimator: Estimator,
    timed: Callable[[Callable[[], Spread | None]], Spread | None] = lambda call: call(),
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Scored]:
    """Each run with a known end, once something had ended before it began. `ordered`: see `in_order`."""
    out: list[tuple[float, int]] = []
    seen: list[float] = []
    for at, run in enumerate(ordered):
        start = run.started_at_s or 0.0
        while out and out[0][0] < start:
            past = ordered[heapq.heappop(out)[1]]
            estimator.learn(past)
            if _known(past, quantity):
                insort(seen, past.spent[quantity])
        if seen and _known(run, quantity):
            said = timed(_asked(estimator, run, quantity))
            if said is not None:
                yield Scored(run, run.spent[quantity], said, Spread(*(_quantile(seen, level) for level in LEVELS)))
        heapq.heappush(out, (run.ended_at_s if run.ended_at_s is not None else start, at))
        if progress is not None:
            progress(at + 1, len(ordered))


def _asked(estimator: Estimator, run: Ended, quantity: Quantity) -> Callable[[], Spread | None]:
    return lambda: estimator.spread(run.task, run.identity, quantity)


def _timer(
    now_ns: Callable[[], int] | None, lasted: list[int]
) -> Callable[[Callable[[], Spread | None]], Spread | None]:
    if now_ns is None:
        return lambda call: call()

    def timed(call: Callable[[], Spread | None]) -> Spread | None:
        began = now_ns()
        said = call()
        lasted.append(now_ns() - began)
        return said

    return timed


def _known(run: Ended, quantity: Quantity) -> bool:
    return run.finished and run.spent.get(quantity, 0.0) > 0


def _quantile(ordered: list[float], level: float) -> float:
    """Between neighbours in proportion, as numpy's default."""
    at = level * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def _at(spread: Spread, level: float) -> float:
    return spread[LEVELS.index(level)]


def _share(scored: list[Scored], level: float) -> float | None:
    if not scored:
        return None
    return round(sum(run.took <= _at(run.said, level) for run in scored) / len(scored), 4)


def _worst(scored: list[Scored], level: float) -> float | None:
    """Coverage of the rolling window that is farthest from its level."""
    if len(scored) < WINDOW:
        return None
    under = [run.took <= _at(run.said, level) for run in scored]
    inside = sum(under[:WINDOW])
    worst = inside
    for at in range(WINDOW, len(under)):
        inside += under[at] - under[at - WINDOW]
        if abs(inside - level * WINDOW) > abs(worst - level * WINDOW):
            worst = inside
    return round(worst / WINDOW, 4)


def _loss(scored: list[Scored], level: float, *, constant: bool) -> float | None:
    if not scored:
        return None
    offs = [run.took - _at(run.constant if constant else run.said, level) for run in scored]
    return _significant(sum(max(level * off, (level - 1) * off) for off in offs) / len(offs))


def _width(scored: list[Scored]) -> float | None:
    ratios = [
        (run.said.q90 - run.said.q10) / (run.constant.q90 - run.constant.q10)
        for run in scored
        if run.constant.q90 > run.constant.q10
    ]
    return round(median(ratios), 4) if ratios else None


def _significant(value: float) -> float:
    """Six significant digits: losses of dollars are small."""
    return round(value, 5 - math.floor(math.log10(value))) if value > 0 else 0.0
