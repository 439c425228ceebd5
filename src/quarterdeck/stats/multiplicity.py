"""Many questions at once: which of them have an answer, at a stated error rate.

Sources: Wang and Ramdas, "False discovery rate control with e-values", JRSS-B 84 (2022), for `ebh`; Vovk and Wang,
Annals of Statistics 49 (2021), for `merge`; Holm, Scandinavian Journal of Statistics 6 (1979), for `holm`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quarterdeck.stats.bets import Floats


def ebh(e: ArrayLike, alpha: float) -> NDArray[np.int64]:
    """Positions of the e-values that are named, strongest first; at most `alpha` of them false in expectation.

    The largest k with e_(k) >= K/(α·k), K = how many there are. Valid under any dependence.
    """
    values = _evidence(e)
    _rate(alpha)
    order = np.argsort(-values, kind="stable")
    ranks = np.arange(1, len(values) + 1)
    reached = np.nonzero(values[order] * alpha * ranks >= len(values))[0]
    return order[: int(reached[-1]) + 1 if len(reached) else 0].astype(np.int64)


def merge(e: ArrayLike, weights: ArrayLike | None = None) -> float:
    """One e-value out of several about the same question: their weighted mean, valid under any dependence."""
    values = _evidence(e)
    if len(values) == 0:
        msg = "nothing to merge"
        raise ValueError(msg)
    shares = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != values.shape or bool(np.any(shares < 0)) or shares.sum() <= 0:
        msg = "expected one weight >= 0 for each e-value, not all 0"
        raise ValueError(msg)
    return float(np.average(values, weights=shares))


def holm(p: ArrayLike) -> Floats:
    """Adjusted p-values, in the order given: reject those at or below α; any false rejection has chance α at most."""
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not bool(np.all((values >= 0) & (values <= 1))):
        msg = "expected a list of p-values in 0..1"
        raise ValueError(msg)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def _evidence(e: ArrayLike) -> Floats:
    values = np.asarray(e, dtype=np.float64)
    if values.ndim != 1 or not bool(np.all(values >= 0)):
        msg = "expected a list of e-values >= 0"
        raise ValueError(msg)
    return values


def _rate(alpha: float) -> None:
    if not 0 < alpha < 1:
        msg = f"alpha must lie between 0 and 1, got {alpha}"
        raise ValueError(msg)
