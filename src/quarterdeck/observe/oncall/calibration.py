"""What operators expected at triage, against what turned out. Of the team; nobody is ranked.

For each tenth of stated probability a one-shot test in each direction: is the true share below what was stated, or above? Each is flagged
at E >= 20, so one in twenty calibrated tenths ever is, a side.
Source: Ville's inequality.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from quarterdeck.model.oncall import Forecast
from quarterdeck.stats import EProcess, wilson

SAID_FROM = 100
"""Decided forecasts below which only their number is said: with fifty the standard error of a Brier score is .034."""
_FLAGGED_AT = 20.0
_EDGE = 0.01
_HALF = 0.5


class Tenth(NamedTuple):
    """Forecasts whose probability lay in [`low`, `high`): `stated` on average, `real` in fact, with a 95 % interval."""

    low: float
    high: float
    n: int
    stated: float
    real: float
    real_low: float
    real_high: float
    found: Literal["too high", "too low", "fits"]


class Calibration(NamedTuple):
    """`decided` forecasts of `stated` in all. `tenths` and `brier` are None below SAID_FROM."""

    stated: int
    decided: int
    needed: int
    brier: float | None
    tenths: tuple[Tenth, ...] | None


def calibration_of(forecasts: Iterable[Forecast]) -> Calibration:
    """In order of decision. A forecast that is not decided counts as stated only."""
    all_of = list(forecasts)
    decided = sorted((one for one in all_of if one.real is not None), key=lambda one: one.decided_ns or 0)
    if len(decided) < SAID_FROM:
        return Calibration(len(all_of), len(decided), SAID_FROM - len(decided), None, None)
    brier = sum((one.probability - bool(one.real)) ** 2 for one in decided) / len(decided)
    groups: dict[int, list[Forecast]] = {}
    for one in decided:
        groups.setdefault(min(int(one.probability * 10), 9), []).append(one)
    return Calibration(len(all_of), len(decided), 0, brier, tuple(_tenth(at, groups[at]) for at in sorted(groups)))


def _tenth(at: int, forecasts: list[Forecast]) -> Tenth:
    real = sum(bool(one.real) for one in forecasts)
    low, high = wilson(real, len(forecasts))
    stated = sum(one.probability for one in forecasts) / len(forecasts)
    return Tenth(at / 10, (at + 1) / 10, len(forecasts), stated, real / len(forecasts), low, high, _found(forecasts))


def _found(forecasts: list[Forecast]) -> Literal["too high", "too low", "fits"]:
    below, above = EProcess(_HALF, side="lower"), EProcess(_HALF)
    most_below = most_above = 0.0
    for one in forecasts:
        m = min(max(one.probability, _EDGE), 1 - _EDGE)
        most_below = max(most_below, below.update(float(bool(one.real)), m))
        most_above = max(most_above, above.update(float(bool(one.real)), m))
    if max(most_below, most_above) < _FLAGGED_AT:
        return "fits"
    return "too high" if most_below >= most_above else "too low"
