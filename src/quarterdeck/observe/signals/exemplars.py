"""Which runs to open: the most typical bad one, the worst, the one nearest to healthy, and healthy ones like them.

Pure and deterministic: the same runs in any order give the same choice. A run is compared by few light features: how
much it used (tokens, dollars, seconds, calls, as ratios), which tools, which error. Refuses: to call a run typical
that is the only one, and to choose a control without saying in what it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.model.runs import Run
from quarterdeck.stats.bets import Floats
from quarterdeck.store.measures import cost_usd

Role = Literal["medoid", "boundary", "worst", "healthy"]

RUNS_MAX = 150
"""Runs of either side that are compared: distances grow with the square."""
_ALIKE = ("agent", "task_class", "model")
"""What a control must share, given up from the end when no healthy run has it."""
_FAR = 4.0
"""Standard deviations from which on a feature is simply different."""
_SPREAD_MIN = 0.1
"""A feature in which all runs lie within ten per cent of each other tells none apart."""


class Exemplar(NamedTuple):
    """A run to open, its part, and why this one, in words."""

    role: Role
    run_id: str
    because: str


class _Amount(NamedTuple):
    """The amount by which runs are ranked: its name, and the value of each run (NaN = unknown)."""

    name: str
    values: Floats


def choose(bad: Sequence[Run], healthy: Sequence[Run]) -> tuple[Exemplar, ...]:
    """At most five runs, each once: medoid, its healthy control, worst, boundary, and the healthy run nearest to that.

    The newest RUNS_MAX of either side are looked at. () without bad runs.
    """
    ill, well = _newest(bad), _newest(healthy)
    if not ill:
        return ()
    distance = _distances(ill, [*ill, *well])
    inner, outer = distance[:, : len(ill)], distance[:, len(ill) :]
    typical = int(np.argmin(inner.sum(axis=1)))
    found = [Exemplar("medoid", ill[typical].run_id, _typical(len(ill)))]
    control = _control(ill[typical], well, outer[typical])
    if control is not None:
        found.append(control)
    found += _worst(ill, well, {one.run_id for one in found})
    found += _boundary(ill, well, outer, {one.run_id for one in found})
    return tuple(found)


def _newest(runs: Sequence[Run]) -> list[Run]:
    """Each run once, the newest of them in the order of their ids, so that ties fall the same way whatever the order."""
    unique = sorted({run.run_id: run for run in runs}.values(), key=lambda run: (-run.started_at_ns, run.run_id))
    return sorted(unique[:RUNS_MAX], key=lambda run: run.run_id)


def _typical(n: int) -> str:
    return "the only run of this kind" if n == 1 else f"the most typical of {n:,} such runs: least unlike all others"


def _distances(ill: Sequence[Run], runs: Sequence[Run]) -> Floats:
    """How unlike the first runs are to all, (ill, runs): a sum with one part a feature. `runs` begin with `ill`."""
    n = len(ill)
    errors = np.array([run.error_class or "" for run in runs])
    total: Floats = _unlike_tools(runs, n) + (errors[:n, None] != errors[None, :])
    for column in np.array([_amounts(run) for run in runs]).T:
        unknown = np.isnan(column)
        known = column[~unknown]
        spread = max(_SPREAD_MIN, float(np.std(known))) if len(known) else 1.0
        filled = np.where(unknown, 0.0, column)
        apart = np.minimum(np.abs(filled[:n, None] - filled[None, :]) / spread, _FAR)
        both = ~unknown[:n, None] & ~unknown[None, :]
        total += np.where(both, apart, unknown[:n, None] != unknown[None, :])
    return total


def _amounts(run: Run) -> list[float]:
    """Logarithms, so that twice as much is as far at any size; NaN = unknown."""
    amounts = (run.tokens.total, cost_usd(run), run.duration_s, run.model_calls + run.tool_calls)
    return [
        float("nan") if value is None else float(np.log1p(value * unit))
        for value, unit in zip(amounts, _UNITS, strict=True)
    ]


_UNITS = (1.0, 1e4, 1e3, 1.0)
"""Dollars and seconds in pieces so small that log1p is a logarithm."""


def _unlike_tools(runs: Sequence[Run], n: int) -> Floats:
    """1 less the share of common tools (Jaccard) of the first `n` and all; 0 for two runs without any."""
    names = sorted({tool for run in runs for tool in run.tools})
    at = {name: place for place, name in enumerate(names)}
    used: NDArray[np.float64] = np.zeros((len(runs), len(names)))
    for row, run in enumerate(runs):
        used[row, [at[tool] for tool in run.tools]] = 1.0
    both = used[:n] @ used.T
    either = used[:n].sum(axis=1)[:, None] + used.sum(axis=1)[None, :] - both
    return np.where(either > 0, 1 - both / np.maximum(either, 1), 0.0)


def _control(run: Run, healthy: Sequence[Run], distance: Floats) -> Exemplar | None:
    """The healthy run most like `run` among those of its agent, task class and model, as far as there are any."""
    for kept in range(len(_ALIKE), -1, -1):
        alike = [at for at, other in enumerate(healthy) if _same(run, other, _ALIKE[:kept])]
        if alike:
            chosen = healthy[min(alike, key=lambda at: (distance[at], healthy[at].run_id))]
            return Exemplar("healthy", chosen.run_id, _control_words(run, chosen, len(alike)))
    return None


def _same(run: Run, other: Run, names: Sequence[str]) -> bool:
    return all(getattr(run, name) == getattr(other, name) for name in names)


def _control_words(run: Run, chosen: Run, n: int) -> str:
    same = [name.replace("_", " ") for name in _ALIKE if _same(run, chosen, [name])]
    other = [name.replace("_", " ") for name in _ALIKE if not _same(run, chosen, [name])]
    text = f"healthy and most like the typical one, of {n:,}"
    if same:
        text += f" with the same {_listed(same)}"
    return text + (f"; none had the same {_listed(other)}" if other else "")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _worst(ill: Sequence[Run], well: Sequence[Run], taken: set[str]) -> list[Exemplar]:
    """The bad run that used most, by dollars, else tokens, else seconds: whichever most of them report."""
    amount = _amount_of(ill)
    left = [at for at, run in enumerate(ill) if run.run_id not in taken and not np.isnan(amount.values[at])]
    if not left:
        return []
    at = max(left, key=lambda place: (amount.values[place], ill[place].run_id))
    usual = _usual(amount.name, well)
    text = f"took most {amount.name} of the {len(ill):,}: {_amount_words(amount.name, float(amount.values[at]))}"
    return [Exemplar("worst", ill[at].run_id, text + (f", healthy runs {usual} (median)" if usual else ""))]


def _amount_of(runs: Sequence[Run]) -> _Amount:
    for name in ("dollars", "tokens"):
        values = _values(name, runs)
        if np.isnan(values).mean() <= 0.5:
            return _Amount(name, values)
    return _Amount("time", _values("time", runs))


def _values(name: str, runs: Sequence[Run]) -> Floats:
    return np.array([np.nan if (value := _READ[name](run)) is None else float(value) for run in runs])


_READ: dict[str, Callable[[Run], float | None]] = {
    "dollars": cost_usd,
    "tokens": lambda run: run.tokens.total,
    "time": lambda run: run.duration_s,
}


def _usual(name: str, runs: Sequence[Run]) -> str | None:
    values = _values(name, runs)
    known = values[~np.isnan(values)]
    return _amount_words(name, float(np.median(known))) if len(known) else None


def _amount_words(name: str, value: float) -> str:
    if name == "dollars":
        return f"${value:,.2f}" if value >= 1 else f"${value:.4f}"
    return f"{value:,.0f} tokens" if name == "tokens" else f"{value:,.1f} s"


def _boundary(ill: Sequence[Run], well: Sequence[Run], distance: Floats, taken: set[str]) -> list[Exemplar]:
    """The bad run that is nearest to any healthy one, and that one if it is not shown already."""
    left = [at for at, run in enumerate(ill) if run.run_id not in taken]
    if not left or not well:
        return []
    at, other = min(
        ((at, int(np.argmin(distance[at]))) for at in left),
        key=lambda pair: (distance[pair], ill[pair[0]].run_id, well[pair[1]].run_id),
    )
    found = [
        Exemplar("boundary", ill[at].run_id, f"nearest to a healthy run ({well[other].run_id}): what differs is small")
    ]
    if well[other].run_id not in taken:
        found.append(
            Exemplar("healthy", well[other].run_id, "the healthy run that the one at the boundary is nearest to")
        )
    return found
