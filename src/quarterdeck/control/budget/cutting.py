"""When to cut, and how deep: rarely, and then enough.

A cut makes the provider write everything behind it anew. So one is made only when the window would overflow, or above
the soft mark when what it saves over the turns that are expected exceeds the rewrite and what will have to be fetched again.
Then it goes to the depth at which a turn costs least. Refuses to apply: it says how many steps to take.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from quarterdeck.control.budget.history import Line
from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.steps import Step

MARGIN = 0.05
"""A cut that is not forced must be expected to bring in what it costs, and this much more: forecasts err."""

TURNS_MIN = 8.0
TURNS_MAX = 200.0


def turns_ahead(done: int, told: float | None) -> float:
    """Turns that are expected: as told, else as many as have been (what lasted long goes on long), 8 to 200."""
    return max(1.0, told) if told is not None else min(max(TURNS_MIN, float(done)), TURNS_MAX)


class Outlook(NamedTuple):
    """The window now. `fixed`: tokens before the history; `growth`: tokens a turn; `turns`: expected from here on.

    `left_out`: tokens that the message about what was left out may still grow by, taken off at the first drop.
    """

    tokens: int
    fixed: int
    limit: int
    growth: float
    turns: float
    prices: CachePrices
    left_out: int


def choose(steps: Sequence[Step], lines: Sequence[Line], outlook: Outlook, must: int) -> int | None:
    """How many of the steps to take; 0 is none. None: all of them free less than `must` tokens."""
    depths = _depths(steps, lines, outlook)
    least = 0 if must <= 0 else next((n for n, depth in enumerate(depths) if depth.freed >= must), None)
    if least is None:
        return None
    tier = steps[least - 1].tier if least else 0
    possible = [n for n in range(max(least, 1), len(depths)) if steps[n - 1].tier <= tier]
    best = min(possible, key=lambda n: _cost(depths[n], outlook), default=least)
    return best if least or _pays(depths[0], depths[best], outlook) else 0


def _pays(none: _Depth, cut: _Depth, outlook: Outlook) -> bool:
    """A cut that is not forced: what it saves is more than what it costs at once, with a margin."""
    return _cost(none, outlook) - _cost(cut, outlook) >= MARGIN * (_rewrite(cut, outlook) + cut.loss) > 0


class _Depth(NamedTuple):
    freed: int
    prefix: int
    loss: float
    cut: bool


def _depths(steps: Sequence[Step], lines: Sequence[Line], outlook: Outlook) -> list[_Depth]:
    """What each number of steps frees, and where the unchanged beginning ends."""
    before = list(accumulate((line.placed.tokens for line in lines), initial=outlook.fixed))
    found = [_Depth(0, outlook.tokens, 0.0, cut=False)]
    freed, prefix, loss, drops = 0, outlook.tokens, 0.0, False
    for step in steps:
        freed += step.freed
        loss += step.loss
        if step.render is None and not drops:
            drops, prefix, freed = True, outlook.fixed, freed - outlook.left_out
        prefix = min(prefix, before[step.lines[0]])
        found.append(_Depth(freed, prefix, loss, cut=True))
    return found


def _rewrite(depth: _Depth, outlook: Outlook) -> float:
    """What it costs that all behind the first change is written anew."""
    read, write = outlook.prices
    return (write - read) * max(0, outlook.tokens - depth.freed - depth.prefix) if depth.cut else 0.0


def _cost(depth: _Depth, outlook: Outlook) -> float:
    """Expected cost of all turns ahead, in uncached-token equivalents, less what no choice changes."""
    read, write = outlook.prices
    tokens = outlook.tokens - depth.freed
    growth = max(outlook.growth, 1.0)
    until = min(max((outlook.limit - tokens) / growth, 0.0), outlook.turns)
    level = (outlook.limit + outlook.fixed) / 2  # what later cuts go down to, about
    later = outlook.turns - until
    cycle = max((outlook.limit - level) / growth, 1.0)
    reading = until * (tokens + growth * until / 2) + later * (outlook.limit + level) / 2
    return (
        _rewrite(depth, outlook)
        + depth.loss
        + read * reading
        + later / cycle * (write - read) * (level - outlook.fixed)
    )
