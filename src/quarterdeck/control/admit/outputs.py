"""How long answers will be: quantiles by model and kind of step, else by lane and tenant, learned from settled calls.

Another can take this place through the protocol `OutputGuess`. Refuses: a quantile from fewer than 30 answers; until then
a multiple of the longest stands for it, from four on.
"""

from __future__ import annotations

import math
from typing import Protocol

from quarterdeck.control.admit.sketch import TokenSketch, bin_of

KNOWN_AT = 30
_CAPPED_AT = 8
_GUESSED_AT = 4
_SURE_AT = 100
"""Below this many answers the 0.99 quantile is not known; a multiple of the longest stands for it, less with each answer."""
_ROOM = 1.5
"""Over the longest answer of a kind that is not sure yet, where the wider cell's cap is lower."""
_CELLS_MAX = 10_000
_SAMPLED_AT = 1_000
"""From here on a cell that is looked at only where a nearer one is unknown learns from every fourth answer."""
_RENEW_SHARE = 0.02
_RENEW_AFTER = 4
"""A quantile is computed again when this share more answers have come, and this many."""
_STEP = 0.0005
"""Step of the online correction (Gibbs and Candès, NeurIPS 2021): a cut answer raises the level by almost this much."""
_LEVELS = (0.95, 0.998)
"""Bounds of the corrected level."""


_Key = tuple[str, str, str]
"""Model, group, kind; "" where a cell is for all."""


class OutputGuess(Protocol):
    """What a gate asks about answers: how long at a quantile, where to cut, and what was learned from the end.

    `group`: lane and tenant. `kind`: agent and step, "" where it was not said.
    """

    def quantile(self, model: str, group: str, q: float, kind: str = "") -> float | None:
        """Output tokens that share `q` of answers stays below; None when too little is known."""
        ...

    def cap(self, model: str, group: str, kind: str = "") -> float | None:
        """Where an answer may be cut so that few are; None when too little is known."""
        ...

    def learn(self, model: str, group: str, output: float, *, cut_at: float | None = None, kind: str = "") -> None:
        """One answer. `cut_at`: it ended at this cap, so it would have been longer."""
        ...


class _Cell:
    __slots__ = ("_asked", "_known", "level", "sketch")

    def __init__(self, level: float) -> None:
        self.sketch = TokenSketch()
        self.level = level
        self._known: dict[float, float] = {}
        self._asked = 0

    def quantile(self, q: float) -> float | None:
        if self.sketch.n >= self._asked * (1 + _RENEW_SHARE) + _RENEW_AFTER:
            self._known.clear()
            self._asked = self.sketch.n
        value = self._known.get(q)
        if value is None:
            value = self.sketch.quantile(q)
            if value is not None:
                self._known[q] = value
        return value


class OutputBook:
    """Cells by model and kind of step, behind them by model and group (lane and tenant), behind them the model's own.

    `cut_share`: of answers.
    """

    def __init__(self, *, cut_share: float = 0.009) -> None:
        self._cut_share = cut_share
        self._cells: dict[_Key, _Cell] = {}
        self._seen = 0

    def quantile(self, model: str, group: str, q: float, kind: str = "") -> float | None:
        keys = _keys(model, group, kind)
        cell = self._known(keys, KNOWN_AT) or self._known(keys, _GUESSED_AT)
        if cell is None:
            return None
        return cell.quantile(q) if cell.sketch.n >= KNOWN_AT else _generous(cell.sketch)

    def cap(self, model: str, group: str, kind: str = "") -> float | None:
        keys = _keys(model, group, kind)
        cell = self._known(keys, _CAPPED_AT)
        if cell is None:
            return None
        if cell.sketch.n >= _SURE_AT:
            return _ceiling(cell)
        wider = self._known(keys, _SURE_AT)
        generous = _generous(cell.sketch)
        if wider is None:
            return math.ceil(generous)
        return min(math.ceil(generous), max(_ceiling(wider), math.ceil(_ROOM * cell.sketch.largest)))

    def learn(self, model: str, group: str, output: float, *, cut_at: float | None = None, kind: str = "") -> None:
        # What was cut is known to be longer, not how much: it is counted as twice the cap.
        seen = output if cut_at is None else max(output, cut_at) * 2
        moved = _STEP * ((0.0 if cut_at is None else 1.0) - self._cut_share)
        bin_at = bin_of(seen)
        self._seen += 1
        nearest = True
        for key in _keys(model, group, kind):
            cell = self._cells.get(key)
            if cell is None:
                if len(self._cells) >= _CELLS_MAX and (key[1] or key[2]):
                    continue
                cell = self._cells[key] = _Cell(1 - self._cut_share)
            if not nearest and cell.sketch.n > _SAMPLED_AT and self._seen & 3:
                continue
            nearest = False
            cell.sketch.add(seen, bin_at)
            level = cell.level + moved
            cell.level = level if _LEVELS[0] < level < _LEVELS[1] else cell.level

    def _known(self, keys: tuple[_Key, ...], at: int) -> _Cell | None:
        for key in keys:
            cell = self._cells.get(key)
            if cell is not None and cell.sketch.n >= at:
                return cell
        return None


def _keys(model: str, group: str, kind: str) -> tuple[_Key, ...]:
    """From the nearest: the step's, the group's, the model's own."""
    if kind:
        return (
            ((model, "", kind), (model, group, ""), (model, "", "")) if group else ((model, "", kind), (model, "", ""))
        )
    return ((model, group, ""), (model, "", "")) if group else ((model, "", ""),)


def _ceiling(cell: _Cell) -> int:
    return math.ceil(cell.quantile(round(cell.level, 4)) or 0.0)


def _generous(sketch: TokenSketch) -> float:
    """What few answers stay below, when only a few are known."""
    return sketch.largest * (1.5 + 20 / sketch.n)
