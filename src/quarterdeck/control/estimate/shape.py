"""How far runs fall from where they were expected, and what a cohort takes at all: the curves behind a quantile.

Curves of narrow groups are believed as far as they are long, the rest comes from wider groups and in the end from a normal
curve. Refuses: where the middle is; that is the work of the rungs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

from quarterdeck.control.estimate.rules import Rules
from quarterdeck.control.estimate.window import Window

Cohort = tuple[str | None, str | None]
Stand = tuple[bool, int]
"""Whether the task has history, and whether it is expected below (0), at (1) or above (2) its cohort's level."""
_NORMAL = NormalDist()
_WIDER = 1.05
_LEVEL_WIDE = 0.7
"""Standard deviation of a cohort's logarithms before any was seen: between .6 and 1 on the recorded sets."""
_GOLDEN = 0.6180339887498949
"""Steps of the golden ratio fill 0 to 1 evenly, without chance."""
_SOME = 8
_SEEN_AT = 10
_OWN_AT = 2
_SHAPE_AT = 20
_COHORTS_MAX = 500
_STANDS: tuple[Stand, ...] = tuple((known, at) for known in (False, True) for at in (0, 1, 2))


class Common(NamedTuple):
    """What all cohorts have in common at one stand, `at` so many runs; the rest by level: where it is read, residuals, distances."""

    at: int
    at_levels: list[float]
    residuals: list[float]
    around: list[float]


class Fallen(NamedTuple):
    """A run that is over: its logarithm, its cohort's level, how far it fell from what was expected, and the unit of that."""

    value: float
    level: float
    residual: float
    sd: float
    finished: bool


@dataclass(slots=True)
class _Own:
    """Of one cohort: residuals, plain logarithms, runs seen and the share of late that was cut."""

    residuals: Window
    values: Window
    seen: int = 0
    cut: float = 0.0


class Shape:
    """Residuals, in standard deviations, and the plain logarithms of cohorts."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.all = Window(rules.residuals_max)
        self._around = Window(rules.residuals_max)
        """Logarithms less their cohort's level."""
        self._known = {known: Window(rules.residuals_max) for known in (False, True)}
        self._stands = {stand: Window(rules.residuals_max) for stand in _STANDS}
        self._cohorts: dict[Cohort, _Own] = {}
        self._cut = 0.0
        self._owed = 0.0
        self._place = 0.5

    def residual(self, share: float, stand: Stand) -> float:
        """The residual that `share` of all runs of this stand stays below, in standard deviations."""
        rules, n = self._rules, self.all.n
        value = _NORMAL.inv_cdf(share) * _WIDER
        if n >= _SOME:
            value += n / (n + rules.to_normal) * (self.all.quantile(share) - value)
        for window in (self._known[stand[0]], self._stands[stand]):
            if window.n >= _SEEN_AT:
                value += window.n / (window.n + rules.to_class) * (window.quantile(share) - value)
        return value

    def around(self, share: float) -> float:
        """How far above its cohort's level a run is that `share` of all stay below."""
        return self._around.quantile(share) if self._around.n >= _SHAPE_AT else _NORMAL.inv_cdf(share) * _LEVEL_WIDE

    def laid_over(self, common: Common, cohort: Cohort) -> tuple[list[float], list[tuple[float, float]], float]:
        """A cohort's own part laid over what all have in common, as far as it is long.

        Residuals, the cohort's own quantiles as (constant, factor of its level), and the logarithm that no quantile is put above.
        """
        own = self._cohorts.get(cohort)
        residuals, owns = common.residuals, [(around, 1.0) for around in common.around]
        if own is None:
            return residuals, owns, math.inf
        if own.residuals.n >= _SEEN_AT:
            weight = own.residuals.n / (own.residuals.n + self._rules.to_cohort)
            quantile = own.residuals.quantile
            residuals = [
                value + weight * (quantile(at) - value) for at, value in zip(common.at_levels, residuals, strict=True)
            ]
        if own.values.n >= _OWN_AT:
            weight = own.values.n / (own.values.n + self._rules.to_own)
            quantile = own.values.quantile
            owns = [
                (weight * quantile(at) + (1 - weight) * around, 1 - weight)
                for at, around in zip(common.at_levels, common.around, strict=True)
            ]
        whole = own.values.n >= self._rules.top_from and not self.cuts_count(cohort)
        return residuals, owns, own.values.values[-1] + self._rules.top_above if whole else math.inf

    def knows(self, cohort: Cohort) -> bool:
        """Whether it has quantiles of the cohort's own."""
        own = self._cohorts.get(cohort)
        return own is not None and own.values.n >= _OWN_AT

    def cuts_count(self, cohort: Cohort) -> float:
        """How much a lower bound counts, 0 to 1, by the share of the cohort's runs that are cut."""
        own = self._cohorts.get(cohort)
        share = self._cut if own is None else own.cut
        rules = self._rules
        return max(0.0, min(1.0, (share - rules.cut_from) / (rules.cut_full - rules.cut_from)))

    def add(self, run: Fallen, cohort: Cohort, stand: Stand) -> None:
        """A run that is over. Of cut runs as many are put in the curves as they count, evenly."""
        mine = self._touch(cohort)
        memory = max(self._rules.cut_memory, 1.0 / (mine.seen + 1))
        mine.seen += 1
        mine.cut += memory * ((not run.finished) - mine.cut)
        self._cut += self._rules.cut_memory * ((not run.finished) - self._cut)
        if not run.finished:
            self._owed += self.cuts_count(cohort)
            if self._owed < 1.0:
                return
            self._owed -= 1.0
        self._place = (self._place + _GOLDEN) % 1.0
        beyond = 0.0 if run.finished else _beyond(run.residual, self._place)
        for window in (self.all, self._known[stand[0]], self._stands[stand], mine.residuals):
            self._put(window, run.residual, beyond, finished=run.finished)
        self._put(mine.values, run.value, beyond * run.sd, finished=run.finished)
        self._put(self._around, run.value - run.level, beyond * run.sd, finished=run.finished)

    def _put(self, window: Window, value: float, beyond: float, *, finished: bool) -> None:
        if finished:
            window.add(value)
        else:
            window.add_beyond(value, self._place, beyond)

    def _touch(self, cohort: Cohort) -> _Own:
        mine = self._cohorts.pop(cohort, None)
        if mine is None:
            limit = self._rules.cohort_residuals_max
            mine = _Own(Window(limit), Window(limit))
            if len(self._cohorts) >= _COHORTS_MAX:
                del self._cohorts[next(iter(self._cohorts))]
        self._cohorts[cohort] = mine
        return mine

    def moved(self, cohort: Cohort, keep: int) -> None:
        """The cohort's level is another since `keep` runs: what it took before says little."""
        own = self._cohorts.get(cohort)
        if own is not None:
            own.values.forget(keep)

    def dump(self) -> dict[str, Any]:
        """As JSON would have it."""
        return {
            "all": self.all.dump(),
            "around": self._around.dump(),
            "known": [window.dump() for window in self._known.values()],
            "stands": [window.dump() for window in self._stands.values()],
            "cohorts": [
                [*cohort, mine.seen, mine.cut, mine.residuals.dump(), mine.values.dump()]
                for cohort, mine in self._cohorts.items()
            ],
            "cut": [self._cut, self._owed, self._place],
        }

    @classmethod
    def load(cls, rules: Rules, told: dict[str, Any]) -> Shape:
        """The shape that `dump` told of."""
        shape = cls(rules)
        most, few = rules.residuals_max, rules.cohort_residuals_max
        shape.all, shape._around = Window.load(most, told["all"]), Window.load(most, told["around"])
        shape._known = _named((False, True), told["known"], most)
        shape._stands = _named(_STANDS, told["stands"], most)
        for agent, model, seen, cut, residuals, values in told["cohorts"]:
            own = _Own(Window.load(few, residuals), Window.load(few, values), int(seen), float(cut))
            shape._cohorts[(agent, model)] = own
        shape._cut, shape._owed, shape._place = (float(value) for value in told["cut"])
        return shape


def _named(names: Iterable[Any], told: list[list[float]], limit: int) -> dict[Any, Window]:
    return {name: Window.load(limit, values) for name, values in zip(names, told, strict=True)}


def _beyond(residual: float, place: float) -> float:
    """How far past `residual` a run ends that was cut there, in standard deviations, by a normal curve; `place` of those beyond, 0 to 1."""
    left = max(1.0 - _NORMAL.cdf(residual), 1e-6)
    return max(_NORMAL.inv_cdf(1.0 - left * max(1.0 - place, 1e-3)) - residual, 0.0)
