"""The peers of benchmarks/estimate.py, run by the Python of their own environment: a table in, four quantiles a row out.

    python estimate_peer_models.py TABLE.npz OUT.npz

Each block of rows is predicted by models that were fitted on what had ended before the block began. Targets are logarithms.
Refuses: looking ahead; a row is known from the block on that begins after its end.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from crepes import ConformalPredictiveSystem
from lightgbm import LGBMRegressor
from mapie.regression import ConformalizedQuantileRegressor
from numpy.typing import NDArray

warnings.filterwarnings("ignore")
logging.disable(logging.INFO)

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
LEVELS = (0.1, 0.5, 0.9, 0.99)
LEAST = 50
"""Ended rows before the first fit."""
RECENT_SHARE = 0.25
"""Of what is known, the newest part calibrates and is not fitted."""
MAPIE_LEAST = 110
"""It refuses a 98 % interval from fewer; until then its trees are taken as they are."""


def _trees(alpha: float, n: int) -> LGBMRegressor:
    """As shipped, but for leaves that a few hundred rows can fill."""
    least = max(min(20, n // 20), 2)
    return LGBMRegressor(
        objective="quantile", alpha=alpha, min_child_samples=least, verbose=-1, n_jobs=1, random_state=7
    )


def raw(x: Floats, y: Floats) -> Predict:
    models = [_trees(alpha, len(y)).fit(x, y) for alpha in LEVELS]
    return lambda rows: np.column_stack([model.predict(rows) for model in models])


def _split(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    at = len(y) - max(int(len(y) * RECENT_SHARE), min(MAPIE_LEAST, len(y) // 2))
    return x[:at], y[:at], x[at:], y[at:]


def mapie(x: Floats, y: Floats) -> Predict:
    """Two central intervals (80 %, 98 %), whose ends are the quantiles; the median is the trees' own."""
    x_fit, y_fit, x_new, y_new = _split(x, y)
    if len(y_new) < MAPIE_LEAST:
        return raw(x, y)
    made = []
    for level in (0.8, 0.98):
        alphas = ((1 - level) / 2, (1 + level) / 2, 0.5)
        parts = [_trees(alpha, len(y_fit)).fit(x_fit, y_fit) for alpha in alphas]
        made.append(ConformalizedQuantileRegressor(parts, level, prefit=True).conformalize(x_new, y_new))

    def predict(rows: Floats) -> Floats:
        middle, central = made[0].predict_interval(rows, allow_infinite_bounds=True)
        _, outer = made[1].predict_interval(rows, allow_infinite_bounds=True)
        found = np.column_stack([central[:, 0, 0], middle, central[:, 1, 0], outer[:, 1, 0]])
        return np.minimum(found, y.max() + 1.0)

    return predict


def crepes(x: Floats, y: Floats) -> Predict:
    """A normalised conformal predictive system over the mean's trees; trees over the residuals say how hard a row is."""
    x_fit, y_fit, x_new, y_new = _split(x, y)
    least = max(min(20, len(y_fit) // 20), 2)
    centre = LGBMRegressor(min_child_samples=least, verbose=-1, n_jobs=1, random_state=7).fit(x_fit, y_fit)
    off = np.log(np.abs(y_new - centre.predict(x_new)) + 0.05)
    hard = LGBMRegressor(min_child_samples=least, verbose=-1, n_jobs=1, random_state=7, n_estimators=30).fit(x_new, off)
    system = ConformalPredictiveSystem().fit(y_new - centre.predict(x_new), sigmas=np.exp(hard.predict(x_new)))

    def predict(rows: Floats) -> Floats:
        found: Floats = system.predict_percentiles(
            centre.predict(rows),
            np.exp(hard.predict(rows)),
            higher_percentiles=[100 * q for q in LEVELS],
            y_max=y.max() + 1.0,
        )
        return found

    return predict


PEERS: dict[str, Callable[[Floats, Floats], Predict]] = {"lightgbm": raw, "mapie": mapie, "crepes": crepes}


def predictions(name: str, table: Any, x: Floats) -> tuple[Floats, float]:
    """(log quantiles of every row, NaN before the first fit; microseconds of one row asked alone, median)."""
    y, started, ended, known = table["y"], table["started"], table["ended"], table["known"]
    found = np.full((len(y), len(LEVELS)), np.nan)
    block, took = int(table["refit"]), []
    for begin in range(0, len(y), block):
        rows = np.arange(begin, min(begin + block, len(y)))
        past = np.flatnonzero(known & (ended < started[begin]))
        if len(past) < LEAST:
            continue
        past = past[np.argsort(ended[past], kind="stable")][-20_000:]
        predict = PEERS[name](x[past], y[past])
        found[rows] = predict(x[rows])
        for row in rows[:3]:
            before = time.perf_counter_ns()
            predict(x[row : row + 1])
            took.append((time.perf_counter_ns() - before) / 1e3)
    return np.sort(found, axis=1), float(np.median(took)) if took else float("nan")


def main() -> None:
    table = np.load(sys.argv[1])
    out: dict[str, Any] = {}
    for name in PEERS:
        for features in ("shipped", "history"):
            found, us = predictions(name, table, table[features])
            out[f"{name}|{features}"], out[f"{name}|{features}|us"] = found, us
            print(f"  {name} {features}: {us:.0f} us a row", file=sys.stderr, flush=True)
    np.savez(sys.argv[2], **out)


if __name__ == "__main__":
    main()
