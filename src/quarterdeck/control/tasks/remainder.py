"""What is left of a run that goes on: how many steps, how they end, and what they take, as masses.

Pure arithmetic over `Paths`. Refuses: a run without end; where the history ends, its last hazard goes on for a bounded time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.control.tasks.paths import Pace, Paths, Step, tokens_ahead
from quarterdeck.model.estimates import LEVELS, Spread

Floats = NDArray[np.float64]

_FADE = 0.9
"""Of what the state of now tells about each further step."""
_HORIZON = 200
_TAIL = 1e-3
_NODES = np.array([-1.6, -0.8, -0.25, 0.25, 0.8, 1.6])
"""Normal scores at six equal masses, near enough; the tails are those of the number of steps."""
_PRIOR_POINTS = 40


class Remainder(NamedTuple):
    """`steps`: 1, 2, …; `mass`: odds that so many remain; `p_success` of the run, None where no outcome was ever known."""

    steps: Floats
    mass: Floats
    p_success: float | None


def remainder(paths: Paths, group: str, steps: Sequence[Step], task: str | None) -> Remainder:
    """Of a run that made these steps and makes one more at least."""
    state = paths.states(group, steps or [Step(0.0, 0.0)])[-1]
    factor = paths.task_factor(task)
    alive, success, weight, mass = 1.0, 0.0, 1.0 if steps else 0.0, []
    for ahead in range(1, _HORIZON + 1):
        weight *= _FADE
        end, good = paths.odds(group, len(steps) + ahead, state, weight)
        odds = good / max(1.0 - good, 1e-9) * factor
        mass.append(alive * end)
        success += alive * end * odds / (1.0 + odds)
        alive *= 1.0 - end
        if alive < _TAIL:
            break
    mass[-1] += alive
    found = np.array(mass)
    known = paths.outcomes() > 0
    return Remainder(np.arange(1.0, len(mass) + 1.0), found / found.sum(), success / (1.0 - alive) if known else None)


def tokens_of(
    left: Remainder, steps: Sequence[Step], pace: Pace
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """(values, masses) of the input tokens and of the output tokens that are left, with the error of their prediction."""
    more = np.exp(pace.log_bias + pace.log_sd * _NODES)
    ahead = [tokens_ahead(steps, pace, float(n)) for n in left.steps]
    masses = np.repeat(left.mass / len(_NODES), len(_NODES))
    first, second = (np.outer([pair[which] for pair in ahead], more).ravel() for which in (0, 1))
    return (first, masses), (second, masses)


def of_spread(spread: Spread, spent: float) -> tuple[Floats, Floats] | None:
    """(values, masses) of what is left by the estimate of the whole, where more than `spent` is certain. None: it is spent."""
    levels = (np.arange(_PRIOR_POINTS) + 0.5) / _PRIOR_POINTS
    points = np.exp(np.interp(levels, LEVELS, np.log(np.maximum(spread, 1e-9))))
    points = points[points > spent] - spent
    return None if not len(points) else (points, np.full(len(points), 1.0 / len(points)))


def mixed(
    own: tuple[Floats, Floats] | None, other: tuple[Floats, Floats] | None, weight: float
) -> tuple[Floats, Floats] | None:
    """`weight` is that of the other; one alone counts whole."""
    if own is None or other is None:
        return own or other
    values = np.concatenate([own[0], other[0]])
    return values, np.concatenate([own[1] * (1.0 - weight), other[1] * weight])


def spread_of(values: Floats, masses: Floats, spent: float) -> Spread:
    """Of the whole: what is spent and what is left."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(masses[order])
    places = np.minimum(np.searchsorted(reached, np.array(LEVELS) * reached[-1]), len(order) - 1)
    return Spread(*(spent + float(value) for value in values[order][places]))


def within(values: Floats, masses: Floats, left: float) -> float:
    """Odds that no more than `left` is needed."""
    return float(masses[values <= left].sum() / masses.sum())
