"""Which slice of the traffic got worse: every value of every attribute, and every pair of values of two.

The score is evidence (a log e-value against each item's own baseline), so a small slice with a large change and a large
one with a small change can be compared; a raw rate would always name the smallest slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quarterdeck.stats.bets import Floats, Side, log_bet
from quarterdeck.stats.processes import LOG_MAX

N_MIN = 5
"""Smaller slices are not looked at: they cannot reach any threshold that is worth a page."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: what it is, how many items, their mean, the mean that was expected, and the evidence.

    `score` is the log e-value less log(number of slices looked at): above 0 it is more than searching would give.
    """

    where: Mapping[str, str]
    n: int
    mean: float
    expected: float
    score: float


def scan(
    x: ArrayLike,
    m: ArrayLike,
    attributes: Mapping[str, Sequence[str]],
    *,
    side: Side = "upper",
    ways: int = 2,
    n_min: int = N_MIN,
) -> list[Slice]:
    """All slices of up to `ways` (1 or 2) attributes with at least `n_min` items, strongest first.

    `x` (n,) in [0, 1]; `m` (n,) or one number: what was normal for each item; `attributes`: a name and n values each.
    Raises ValueError for shapes that do not agree.
    """
    values = np.asarray(x, dtype=np.float64)
    means = np.broadcast_to(np.asarray(m, dtype=np.float64), values.shape)
    if ways not in (1, 2) or any(len(column) != len(values) for column in attributes.values()):
        msg = f"expected ways 1 or 2 and {len(values)} values for each attribute"
        raise ValueError(msg)
    if len(values) == 0:
        return []
    growth = log_bet(values, means, side=side)
    found = [one for cut in _cuts(attributes, ways) for one in _scored(cut, values, means, growth) if one.n >= n_min]
    penalty = float(np.log(max(1, len(found))))
    scored = [replace(one, score=one.score - penalty) for one in found]
    return sorted(scored, key=lambda one: (-one.score, sorted(one.where.items())))


class _Cut(NamedTuple):
    """One way to cut: what slice number i means, and the slice number of each item."""

    labels: list[dict[str, str]]
    codes: NDArray[np.int64]


def _cuts(attributes: Mapping[str, Sequence[str]], ways: int) -> Iterator[_Cut]:
    coded = {name: np.unique(np.asarray(column, dtype=str), return_inverse=True) for name, column in attributes.items()}
    for name, (levels, codes) in coded.items():
        yield _Cut([{name: str(level)} for level in levels], codes.astype(np.int64))
    if ways < 2:
        return
    for (first, (levels, codes)), (second, (others, more)) in combinations(coded.items(), 2):
        labels = [{first: str(a), second: str(b)} for a in levels for b in others]
        yield _Cut(labels, (codes * len(others) + more).astype(np.int64))


def _scored(cut: _Cut, x: Floats, m: Floats, growth: Floats) -> Iterator[Slice]:
    """Each slice with an item, its log evidence as the score."""
    count = len(cut.labels)
    sizes = np.bincount(cut.codes, minlength=count)
    columns = [np.bincount(cut.codes, weights=column, minlength=count) for column in growth.T]
    evidence = np.log(np.mean(np.exp(np.minimum(np.stack(columns, axis=1), LOG_MAX)), axis=1))
    sums = np.bincount(cut.codes, weights=x, minlength=count)
    expected = np.bincount(cut.codes, weights=m, minlength=count)
    for at in np.nonzero(sizes)[0]:
        n = int(sizes[at])
        yield Slice(cut.labels[at], n, float(sums[at] / n), float(expected[at] / n), float(evidence[at]))
