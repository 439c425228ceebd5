"""Runs of one session that count as one observation: gathered until there are ten, or until the session is silent.

Refuses: to hold more than a bounded number of open blocks; the one that was silent longest is closed early.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from quarterdeck.observe.signals.columns import Bools
from quarterdeck.stats.bets import Floats

OPEN_MAX = 4_000


class Item(NamedTuple):
    """One run's part: raw values, their places on 0..1, which columns belong to the block, factors of the season."""

    values: Floats
    places: Floats
    use: Bools
    scale: Floats


@dataclass(slots=True)
class Block:
    """Runs of one unit in one stratum."""

    stratum: int
    run_id: str
    at_ns: int
    items: list[Item] = field(default_factory=list)

    def mean(self, what: str) -> tuple[Floats, Bools]:
        """The mean of `places` or `scale` over the items that have each column, and which columns have any."""
        use = np.array([item.use for item in self.items])
        count = use.sum(axis=0)
        total = np.where(use, np.array([getattr(item, what) for item in self.items]), 0.0).sum(axis=0)
        return np.asarray(total / np.maximum(count, 1)), np.asarray(count > 0)


class Blocks:
    """Open blocks by (unit, stratum)."""

    def __init__(self, runs_max: int, silence_ns: int) -> None:
        self._runs_max = runs_max
        self._silence_ns = silence_ns
        self.open: OrderedDict[tuple[str, int], Block] = OrderedDict()

    def add(self, unit: str, stratum: int, run_id: str, at_ns: int, item: Item) -> Iterator[Block]:
        """One more run; answers blocks that are full."""
        key = (unit, stratum)
        block = self.open.setdefault(key, Block(stratum, run_id, at_ns))
        block.items.append(item)
        block.at_ns, block.run_id = max(block.at_ns, at_ns), run_id
        self.open.move_to_end(key)
        if len(block.items) >= self._runs_max:
            yield self.open.pop(key)
        elif len(self.open) > OPEN_MAX:
            yield self.open.popitem(last=False)[1]

    def silent(self, now_ns: int) -> Iterator[Block]:
        """Blocks without a run for long, the oldest first."""
        while self.open:
            key = next(iter(self.open))
            if self.open[key].at_ns + self._silence_ns > now_ns:
                return
            yield self.open.pop(key)
