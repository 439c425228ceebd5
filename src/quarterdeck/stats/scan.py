"""Which slice of the traffic got worse: every value of every attribute, and every pair of values of two.

The score is evidence (a log e-value against each item's own baseline), so a small slice with a large change and a large
one with a small change can be compared; a raw rate would always name the smallest slice. Unlike the evidence of a
process it is not capped: slices that all exceed a cap could not be told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quarterdeck.stats.bets import Floats, Side, log_bet

N_MIN = 5
"""Smaller slices are not looked at: they cannot reach any threshold that is worth a page."""

Value = str | None | tuple[str, ...]
"""What one item has of an attribute: one value (None = unknown), or, in columns of tuples, any number of them."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: what it is, how many items, their mean, the mean that was expected, and the evidence.

    `score` is the log e-value less log(number of slices looked at): above 0 it is more than searching would give.
    """

    where: Mapping[str, str | None]
    n: int
    mean: float
    expected: float
    score: float


class Items(NamedTuple):
    """What is sliced: how much each item weighs, the sums of its values and of what was normal, its growth under each bet.

    `growth` has shape (bets, items), so that one bet of all items lies together.
    """

    weight: Floats
    total: Floats
    normal: Floats
    growth: Floats


class Cut(NamedTuple):
    """All slices of one attribute or of one pair, those with enough items. Arrays are in step; `where` names slice i."""

    names: tuple[str, ...]
    levels: tuple[Sequence[str | None], ...]
    codes: NDArray[np.int64]
    n: Floats
    mean: Floats
    expected: Floats
    evidence: Floats

    def where(self, at: int) -> dict[str, str | None]:
        """Attribute → value of the slice at this place."""
        code, found = int(self.codes[at]), []
        for name, levels in zip(reversed(self.names), reversed(self.levels), strict=True):
            code, level = divmod(code, len(levels))
            found.append((name, levels[level]))
        return dict(reversed(found))


def scan(
    x: ArrayLike,
    m: ArrayLike,
    attributes: Mapping[str, Sequence[Value]],
    *,
    side: Side = "upper",
    ways: int = 2,
    n_min: int = N_MIN,
    repeats: ArrayLike | None = None,
) -> list[Slice]:
    """All slices of up to `ways` (1 or 2) attributes with at least `n_min` items, strongest first.

    `x` (n,) in [0, 1]; `m` (n,) or one number: what was normal for each item; `attributes`: a name and n values each;
    `repeats` as in `items_of`. Raises ValueError for shapes that do not agree.
    """
    items = items_of(x, m, side=side, repeats=repeats)
    found = list(cuts(items, attributes, ways=ways, n_min=n_min))
    penalty = float(np.log(max(1, sum(len(cut.codes) for cut in found))))
    slices = [one for cut in found for one in _slices(cut, penalty)]
    return sorted(
        slices, key=lambda one: (-one.score, sorted((name, value or "") for name, value in one.where.items()))
    )


def items_of(x: ArrayLike, m: ArrayLike, *, side: Side = "upper", repeats: ArrayLike | None = None) -> Items:
    """Items with their growth. With `repeats` (n,) item i stands for so many yes-or-no items, a share x[i] of them yes.

    Raises ValueError for values outside [0, 1], `m` outside (0, 1), or shapes that do not agree.
    """
    values = np.asarray(x, dtype=np.float64)
    means = np.broadcast_to(np.asarray(m, dtype=np.float64), values.shape)
    if repeats is None:
        growth = log_bet(values, means, side=side)
        return Items(np.ones(values.shape), values, means, np.ascontiguousarray(growth.T))
    weight = np.asarray(repeats, dtype=np.float64)
    if weight.shape != values.shape:
        msg = f"expected {len(values)} repeats, got {len(weight)}"
        raise ValueError(msg)
    yes = (weight * values)[:, None] * log_bet(np.ones(values.shape), means, side=side)
    no = (weight * (1 - values))[:, None] * log_bet(np.zeros(values.shape), means, side=side)
    return Items(weight, weight * values, weight * means, np.ascontiguousarray((yes + no).T))


def log_evidence(growth: Floats) -> Floats:
    """Log of the mean wealth over the bets: `growth` (bets, slices) → (slices,)."""
    top = np.max(growth, axis=0)
    return np.asarray(top + np.log(np.mean(np.exp(growth - top), axis=0)))


def cuts(items: Items, attributes: Mapping[str, Sequence[Value]], *, ways: int, n_min: int = N_MIN) -> Iterator[Cut]:
    """Each attribute, then (`ways` 2) each pair of which at least one has a single value an item. Raises ValueError."""
    count = len(items.weight)
    if ways not in (1, 2) or any(len(column) != count for column in attributes.values()):
        msg = f"expected ways 1 or 2 and {count} values for each attribute"
        raise ValueError(msg)
    if count == 0:
        return
    columns = [_column(name, values) for name, values in attributes.items()]
    for column in columns:
        yield _cut(column, items, n_min)
    for first, second in combinations(columns, 2) if ways == 2 else ():
        if first.items is None or second.items is None:
            yield _cut(_pair(first, second), items, n_min)


class _Coded(NamedTuple):
    """Values of one attribute or of a pair as numbers. `items`: whose each code is; None = item i has code i, no other."""

    names: tuple[str, ...]
    levels: tuple[Sequence[str | None], ...]
    items: NDArray[np.int64] | None
    codes: NDArray[np.int64]


def _column(name: str, values: Sequence[Value]) -> _Coded:
    if not isinstance(values[0], tuple):  # a column is all tuples or has none
        return _coded(name, cast(Sequence[str | None], values), None)
    several = cast(Sequence[tuple[str, ...]], values)
    flat = [value for each in several for value in each]
    return _coded(name, flat, np.repeat(np.arange(len(several)), [len(each) for each in several]))


def _coded(name: str, values: Sequence[str | None], items: NDArray[np.int64] | None) -> _Coded:
    numbers = {value: at for at, value in enumerate(dict.fromkeys(values))}
    codes = np.fromiter(map(numbers.__getitem__, values), np.int64, len(values))
    return _Coded((name,), (list(numbers),), items, codes)


def _pair(first: _Coded, second: _Coded) -> _Coded:
    at = first.items if second.items is None else second.items
    ones = first.codes if first.items is not None or at is None else first.codes[at]
    twos = second.codes if second.items is not None or at is None else second.codes[at]
    codes = ones * len(second.levels[0]) + twos
    return _Coded(first.names + second.names, first.levels + second.levels, at, codes)


def _cut(coded: _Coded, items: Items, n_min: int) -> Cut:
    """The sums of each slice. Slices that are too small are dropped before anything else is summed."""
    at = coded.items
    known, codes = np.unique(coded.codes, return_inverse=True)
    sizes = np.bincount(codes, weights=items.weight if at is None else items.weight[at], minlength=len(known))
    large = sizes >= n_min
    stays = np.nonzero(large[codes])[0]
    codes = (np.cumsum(large) - 1)[codes[stays]]
    chosen = stays if at is None else at[stays]
    count = int(large.sum())

    def summed(values: Floats) -> Floats:
        return np.bincount(codes, weights=values[chosen], minlength=count).astype(np.float64)

    n = summed(items.weight)
    evidence = log_evidence(np.stack([summed(row) for row in items.growth])) if count else np.zeros(0)
    return Cut(coded.names, coded.levels, known[large], n, summed(items.total) / n, summed(items.normal) / n, evidence)


def _slices(cut: Cut, penalty: float) -> Iterator[Slice]:
    for at in range(len(cut.codes)):
        figures = float(cut.mean[at]), float(cut.expected[at]), float(cut.evidence[at]) - penalty
        yield Slice(cut.where(at), round(float(cut.n[at])), *figures)
