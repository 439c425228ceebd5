"""The core beside what people use instead: false alarms a month, and sessions until a change is found, on the same data.

    python benchmarks/stats_peers.py [--months 20] [--changes 40]

One fleet: 40 cohorts with 5 failure metrics each, 14,400 sessions a month in a cohort (20 an hour). Two worlds: *ideal*
(independent sessions, known rates) and *noise* (intraclass correlation .05 in blocks of ten, 5 % fleet and 5 % cohort day
effects, rates known from 5,000 sessions). Two changes: *diffuse* (.10 → .16, .05 → .07, .08 → .104 in every cohort) and
*one cohort* (.10 → .25), at a random hour of a day. Every method sees the same sessions.

- `hourly +5 points`: an hour's failure rate of a cohort is five points above the usual one.
- `hourly`, `daily`: a cohort's z-score beyond a threshold; `hourly, pooled too`: the same on cohorts and on the whole
  fleet. Thresholds are calibrated on other months of the same world to one false alarm a month: no user has those.
- `ADWIN`: river's, as it comes, on every cohort and pooled stream (`pip install river==0.26.1`; left out without it).
- `plug-in`: the same e-values as ours, session by session, against the rate of 5,000 sessions, no blocks, no tolerance.
- `quarterdeck`: pooled and cohort streams under one budget; in noise with blocks of ten and a tolerance of 10 %.

Prints one JSON document; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from scipy.stats import chi2

from quarterdeck.stats import DetectorBank, alarm_threshold

COHORTS, HOUR, DAY = 40, 20, 480
MONTH = 30 * DAY
RATES = np.array([0.10, 0.05, 0.08, 0.02, 0.20])
DIFFUSE = np.array([0.16, 0.07, 0.104, 0.02, 0.20])
ONE_COHORT = np.broadcast_to(RATES, (COHORTS, 5)).copy()
ONE_COHORT[0, 0] = 0.25
HISTORY = 5_000
SHAPE = (COHORTS, 5)


class World:
    """Sessions of a fleet, one of each cohort and metric a round: (months, 40, 5) of 0 and 1."""

    def __init__(self, months: int, seed: int, *, noise: bool) -> None:
        self.rng, self.months, self.noise = np.random.default_rng(seed), months, noise
        self.at = 0
        self._p = np.broadcast_to(RATES, (months, *SHAPE))
        self._day = np.ones((months, *SHAPE))

    def history(self) -> np.ndarray:
        """Failures among the 5,000 sessions before, exact in the ideal world."""
        shape = (self.months, *SHAPE)
        if not self.noise:
            return np.broadcast_to(RATES * 1e9, shape)
        return self.rng.binomial(HISTORY, np.broadcast_to(RATES, shape)).astype(float)

    @property
    def history_n(self) -> float:
        return HISTORY if self.noise else 1e9

    def round(self, rates: np.ndarray) -> np.ndarray:
        shape = (self.months, *SHAPE)
        if not self.noise:
            self.at += 1
            return (self.rng.random(shape) < rates).astype(float)
        if self.at % DAY == 0:
            fleet = np.exp(self.rng.normal(0, 0.05, (self.months, 1, 5)) - 0.05**2 / 2)
            self._day = fleet * np.exp(self.rng.normal(0, 0.05, shape) - 0.05**2 / 2)
        if self.at % 10 == 0:
            p = np.clip(rates * self._day, 1e-9, 1 - 1e-9)
            self._p = self.rng.beta(p * 19, (1 - p) * 19)
        self.at += 1
        return (self.rng.random(shape) < self._p).astype(float)


class Method(Protocol):
    """Takes rounds; answers how many alarms each fleet raised in this one."""

    def round(self, x: np.ndarray) -> np.ndarray: ...


class Lattice:
    """Ours: the whole fleet and each cohort, one budget."""

    def __init__(self, world: World, *, block: int, tolerance: float, learn: bool) -> None:
        seen, n = world.history(), world.history_n
        self._block, self._sum, self._rounds = block, np.zeros((world.months, *SHAPE)), 0
        per_month = MONTH / block
        own = alarm_threshold(per_month, 1.0, 0.3 / (COHORTS * 5))
        whole = alarm_threshold(per_month * COHORTS, 1.0, 0.3 / 5)
        self._own = DetectorBank(np.full(seen.shape, own), seen / block, n / block, tolerance=tolerance, learn=learn)
        pooled = seen.sum(axis=1) / block
        self._whole = DetectorBank(
            np.full(pooled.shape, whole), pooled, n * COHORTS / block, tolerance=tolerance, learn=learn
        )

    def round(self, x: np.ndarray) -> np.ndarray:
        self._sum += x
        self._rounds += 1
        if self._rounds % self._block:
            return np.zeros(len(x), dtype=int)
        mean, self._sum = self._sum / self._block, np.zeros_like(self._sum)
        alarms = self._own.update(mean).sum(axis=(1, 2))
        for cohort in range(COHORTS):
            alarms = alarms + self._whole.update(mean[:, cohort]).sum(axis=1)
        return alarms


class Windows:
    """A z-score over whole windows, of cohorts and (`pooled`) of the fleet. `threshold` None: collects scores instead."""

    def __init__(self, world: World, size: int, threshold: float | None, *, pooled: bool = False) -> None:
        self._usual = (world.history() + 0.5) / (world.history_n + 1)
        self._size, self._threshold, self._pooled = size, threshold, pooled
        self._sum, self._rounds = np.zeros_like(self._usual), 0
        self.scores: list[np.ndarray] = []

    def round(self, x: np.ndarray) -> np.ndarray:
        self._sum += x
        self._rounds += 1
        if self._rounds % self._size:
            return np.zeros(len(x), dtype=int)
        scores = self._z()
        self._sum[:] = 0
        if self._threshold is None:
            self.scores.append(scores.ravel())
            return np.zeros(len(x), dtype=int)
        return (scores > self._threshold).sum(axis=1)

    def _z(self) -> np.ndarray:
        n, p = self._size, self._usual
        own = (self._sum - n * p) / np.sqrt(n * p * (1 - p))
        flat = own.reshape(len(own), -1)
        if not self._pooled:
            return flat
        whole = (self._sum - n * p).sum(axis=1) / np.sqrt((n * p * (1 - p)).sum(axis=1))
        return np.concatenate([flat, whole], axis=1)


class FivePoints(Windows):
    """An hour's rate five points above the usual one."""

    def _z(self) -> np.ndarray:
        return (self._sum / self._size - self._usual).reshape(len(self._sum), -1)


class Adwin:
    """river's ADWIN as it comes; a drift upwards is an alarm."""

    def __init__(self, world: World, make: Callable[[], Any]) -> None:
        self._rng = np.random.default_rng(5)
        self._own = [[make() for _ in range(COHORTS * 5)] for _ in range(world.months)]
        self._whole = [[make() for _ in range(5)] for _ in range(world.months)]
        for month in range(world.months):
            for at, stream in enumerate(self._own[month]):
                for value in self._rng.random(HISTORY) < RATES[at % 5]:
                    stream.update(bool(value))
            for at, stream in enumerate(self._whole[month]):
                for value in self._rng.random(HISTORY) < RATES[at]:
                    stream.update(bool(value))

    def round(self, x: np.ndarray) -> np.ndarray:
        return np.array([self._month(month, x[month]) for month in range(len(x))])

    def _month(self, month: int, x: np.ndarray) -> int:
        alarms = 0
        for stream, value in zip(self._own[month], x.ravel().tolist(), strict=True):
            alarms += _rose(stream, value)
        for cohort in x.tolist():
            for stream, value in zip(self._whole[month], cohort, strict=True):
                alarms += _rose(stream, value)
        return alarms


def _rose(stream: Any, value: float) -> bool:
    before = stream.estimation
    stream.update(value)
    return bool(stream.drift_detected and stream.estimation > before)


def calibrated(months: int, seed: int, size: int, *, noise: bool, pooled: bool) -> float:
    """The z-score that `months` quiet months passed as often as there are months."""
    world = World(months, seed, noise=noise)
    windows = Windows(world, size, None, pooled=pooled)
    for _ in range(MONTH):
        windows.round(world.round(RATES))
    return float(np.sort(np.concatenate(windows.scores))[-months - 1])


def methods(noise: bool, months: int) -> Mapping[str, Callable[[World], Method]]:
    """By name; thresholds are calibrated once a world."""
    progress(f"calibrating windows, {'noise' if noise else 'ideal'}")
    z = {
        (size, pooled): calibrated(months, 77, size, noise=noise, pooled=pooled)
        for size, pooled in ((HOUR, False), (DAY, False), (HOUR, True))
    }
    found: dict[str, Callable[[World], Method]] = {
        "hourly +5 points": lambda w: FivePoints(w, HOUR, 0.05),
        "hourly, calibrated": lambda w: Windows(w, HOUR, z[HOUR, False]),
        "daily, calibrated": lambda w: Windows(w, DAY, z[DAY, False]),
        "hourly, calibrated, pooled too": lambda w: Windows(w, HOUR, z[HOUR, True], pooled=True),
        "plug-in, session by session": lambda w: Lattice(w, block=1, tolerance=0.0, learn=False),
        "quarterdeck": lambda w: Lattice(
            w, block=10 if noise else 1, tolerance=0.1 if noise else 0.0, learn=noise
        ),
    }  # fmt: skip
    try:
        adwin = importlib.import_module("river.drift").ADWIN
    except ImportError:
        progress("river is not installed: ADWIN is left out")
        return found
    return {**found, "ADWIN on each stream": lambda w: Adwin(w, adwin)}


def null(make: Callable[[World], Method], months: int, *, noise: bool) -> dict[str, float]:
    world = World(months, 1, noise=noise)
    method = make(world)
    alarms = sum(int(method.round(world.round(RATES)).sum()) for _ in range(MONTH))
    upper = float(chi2.ppf(0.95, 2 * (alarms + 1)) / 2 / months)
    return {"false_alarms_per_month": round(alarms / months, 2), "upper_95": round(upper, 2)}


def delay(
    make: Callable[[World], Method], changes: int, rates: np.ndarray, *, noise: bool, one_cohort: bool
) -> dict[str, object]:
    """Mean sessions from the change to the first alarm after it: of the fleet, or of the cohort. 30 days at most.

    A fleet that already alarmed goes on: what alarms all the time is "found" at once, and its false alarms say why.
    """
    world = World(changes, 2, noise=noise)
    method = make(world)
    lead = DAY + int(world.rng.integers(DAY))
    for _ in range(lead):
        method.round(world.round(RATES))
    waited = np.full(changes, np.nan)
    for at in range(MONTH):
        hit = (method.round(world.round(rates)) > 0) & np.isnan(waited)
        waited[hit] = (at + 1) * (1 if one_cohort else COHORTS)
        if not np.isnan(waited).any():
            break
    found = waited[~np.isnan(waited)]
    return {"sessions": round(float(found.mean())) if len(found) else None, "found": f"{len(found)} of {changes}"}


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=20, help="quiet months for each method")
    parser.add_argument("--changes", type=int, default=40, help="fleets in which the change happens")
    arguments = parser.parse_args()
    results: dict[str, dict[str, object]] = {}
    for noise in (False, True):
        for name, make in methods(noise, arguments.months).items():
            began = time.perf_counter()
            few = name.startswith("ADWIN")
            months = max(1, arguments.months // 4) if few else arguments.months
            changes = max(2, arguments.changes // 4) if few else arguments.changes
            row: dict[str, object] = {"months": months, **null(make, months, noise=noise)}
            if name != "hourly +5 points":
                row["diffuse"] = delay(make, changes, DIFFUSE, noise=noise, one_cohort=False)
                row["one cohort"] = delay(make, changes, ONE_COHORT, noise=noise, one_cohort=True)
            progress(f"{'noise' if noise else 'ideal'}: {name}: {row} in {time.perf_counter() - began:.0f} s")
            results.setdefault(name, {})["noise" if noise else "ideal"] = row
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
