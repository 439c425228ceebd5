"""Paired differences: evidence that they lean to one side.

Source: a mixture over exp(λd)/cosh(λd), which has mean 1 for every symmetric d, whatever its size
(de la Peña, Annals of Probability 27 (1999) 537-564).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from quarterdeck.stats.bets import Floats
from quarterdeck.stats.processes import LOG_MAX

SCALES: tuple[float, ...] = (0.1, 0.25, 0.5, 1.0, 2.0)
"""λ in units of the differences' own running size, on both sides."""


def signflip(d: ArrayLike, *, lambdas: Sequence[float] | None = None) -> float:
    """Evidence against "each difference is as likely as its negative", after all of `d` (shape (n,)), in order.

    `lambdas`: fixed bets, in one over the unit of `d`. None: ±SCALES over the root mean square of the differences
    before (the first has none and is skipped). Valid at any time and under any stopping rule.
    """
    values = np.asarray(d, dtype=np.float64)
    if values.ndim != 1 or not bool(np.all(np.isfinite(values))):
        msg = "expected a list of finite differences"
        raise ValueError(msg)
    bets = _running(values) if lambdas is None else np.tile(np.asarray(lambdas, np.float64), (len(values), 1))
    growth = bets * values[:, None]
    logs = np.minimum(np.sum(growth - _log_cosh(growth), axis=0), LOG_MAX)
    return float(np.mean(np.exp(logs)))


def _running(values: Floats) -> Floats:
    """λ before each difference, shape (n, 10): a bet may know the past only."""
    both = np.concatenate([np.asarray(SCALES), -np.asarray(SCALES)])
    squares = np.concatenate([[0.0], np.cumsum(values**2)[:-1]])
    counts = np.maximum(np.arange(len(values)), 1)
    size = np.sqrt(squares / counts)
    unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    return np.asarray(unit[:, None] * both[None, :])


def _log_cosh(x: Floats) -> Floats:
    """log cosh without overflow."""
    size = np.abs(x)
    return np.asarray(size + np.log1p(np.exp(-2 * size)) - np.log(2.0))
