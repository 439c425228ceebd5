"""What is remembered of each task, agent and version: a mean and its weight for every quantity, in a bounded table.

Refuses: growing. When the table is full the cell not heard of for longest is forgotten, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quarterdeck.control.estimate.rules import Rules
from quarterdeck.model.estimates import QUANTITIES

KINDS = ("a", "m", "v", "k", "t", "c")
"""agent; its model; its version; kin (feature, task class); task; task of one cohort."""
EVERYTHING = ("g",)
Key = tuple[str | None, ...]
_N = len(QUANTITIES)


class Cell:
    """Means of logarithms (less what other rungs explain), by quantity. `n` runs, `censored` of them known only from below."""

    __slots__ = ("censored", "means", "moved", "n", "odd", "odd_n", "weights")

    def __init__(self) -> None:
        self.means = [0.0] * _N
        self.weights = [0.0] * _N
        self.moved = [0.0] * _N
        self.odd = [0.0] * _N
        self.odd_n = [0.0] * _N
        self.n = 0
        self.censored = 0

    def add(self, quantity: int, value: float, weight: float, memory: float) -> None:
        """One observation of a quantity; the mean remembers `memory` runs."""
        total = min(self.weights[quantity] + weight, memory)
        self.weights[quantity] = total
        self.means[quantity] += (value - self.means[quantity]) * weight / total

    def dump(self) -> list[Any]:
        """As JSON would have it."""
        lists = (self.means, self.weights, self.moved, self.odd, self.odd_n)
        return [self.n, self.censored, *([round(value, 5) for value in values] for values in lists)]

    @classmethod
    def load(cls, told: list[Any]) -> Cell:
        """The cell that `dump` told of."""
        cell = cls()
        cell.n, cell.censored = int(told[0]), int(told[1])
        cell.means, cell.weights, cell.moved, cell.odd, cell.odd_n = (
            [float(v) for v in values] for values in told[2:7]
        )
        return cell


class Cells:
    """Cells by key. `forgotten`: how many had to go."""

    def __init__(self, rules: Rules) -> None:
        self._cells: dict[Key, Cell] = {}
        self._max = rules.cells_max
        self.get = self._cells.get
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[tuple[Key, Cell]]:
        return iter(self._cells.items())

    def touch(self, key: Key) -> Cell:
        """The cell of a key, made when new, and the youngest from now on."""
        cell = self._cells.pop(key, None)
        if cell is None:
            cell = Cell()
            if len(self._cells) >= self._max:
                self._forget_oldest()
        self._cells[key] = cell
        return cell

    def put(self, key: Key, cell: Cell) -> None:
        """A cell told of by a dump, in the order of the dump."""
        if len(self._cells) >= self._max:
            self._forget_oldest()
        self._cells[key] = cell

    def _forget_oldest(self) -> None:
        del self._cells[next(iter(self._cells))]
        self.forgotten += 1
