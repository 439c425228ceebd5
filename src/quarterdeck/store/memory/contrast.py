"""Two selections of runs counted by attribute, from the runs themselves.

The engine that counts in SQL must answer the same. Pure: runs in, counts out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from quarterdeck.model.runs import Run
from quarterdeck.store.contrast import LIST_KEYS, ContrastRow, ContrastRows, RowValue
from quarterdeck.store.interface import ContrastCell, ContrastCounts, RunFilter
from quarterdeck.store.memory.selection import matches


def contrast_of(
    runs: Iterable[Run], where: RunFilter, against: RunFilter, keys: Sequence[str], *, values_max: int
) -> ContrastCounts:
    """`keys` are known names, each once."""
    first: list[Run] = []
    second: list[Run] = []
    for run in runs:
        if matches(run, where):
            first.append(run)
        elif matches(run, against):
            second.append(run)
    cells: list[ContrastCell] = []
    left_out = 0
    for key in keys:
        found = _cells(key, first, second)
        cells += found[:values_max]
        left_out += max(0, len(found) - values_max)
    return ContrastCounts(len(first), len(second), cells, left_out)


def _cells(key: str, first: Sequence[Run], second: Sequence[Run]) -> list[ContrastCell]:
    ones, others = (Counter(value for run in side for value in _values(run, key)) for side in (first, second))
    cells = [ContrastCell(key, value, ones[value], others[value]) for value in ones | others]
    return sorted(cells, key=lambda cell: (-(cell.where + cell.against), cell.value is None, cell.value or ""))


def _values(run: Run, key: str) -> Iterable[str | None]:
    if key in ("tool", "tool_error"):
        return set(run.tools if key == "tool" else run.tool_errors)
    if key in ("flag", "dialect"):
        return set(run.flags if key == "flag" else run.dialects)
    return (getattr(run, key) or None,)


def rows_of(
    runs: Iterable[Run], where: RunFilter, against: RunFilter, keys: Sequence[str], *, runs_max: int
) -> ContrastRows:
    """`keys` are known names, each once."""
    first: list[Run] = []
    second: list[Run] = []
    for run in runs:
        if matches(run, where):
            first.append(run)
        elif matches(run, against):
            second.append(run)
    sides = [sorted(side, key=_draw)[:runs_max] for side in (first, second)]
    ones, others = (Counter(tuple(_row_value(run, key) for key in keys) for run in side) for side in sides)
    rows = [ContrastRow(values, ones[values], others[values]) for values in ones | others]
    return ContrastRows(len(sides[0]), len(sides[1]), rows)


def _draw(run: Run) -> str:
    return hashlib.md5(run.run_id.encode(), usedforsecurity=False).hexdigest()


def _row_value(run: Run, key: str) -> RowValue:
    values = _values(run, key)
    return tuple(sorted(value for value in values if value is not None)) if key in LIST_KEYS else next(iter(values))
