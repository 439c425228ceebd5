"""How far runs fall from where they were expected, and what a cohort takes at all: the curves behind a quantile.

Curves of narrow groups are believed as far as they are long, the rest comes from wider groups and in the end from a normal
curve. Refuses: where the middle is; that is the work of the rungs.
"""

from __future__ import annotations

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
_BEYOND = 0.1
"""How far past all others a run is put that was cut beyond them; twice that in standard deviations."""
_SEEN_AT = 10
_OWN_AT = 2
_SHAPE_AT = 20
_COHORTS_MAX = 500
_STANDS: tuple[Stand, ...] = tuple((known, at) for known in (False, True) for at in (0, 1, 2))


class Fallen(NamedTuple):
    """A run that is over: its logarithm, its cohort's level, and how far it fell from what was expected."""

    value: float
    level: float
    residual: float
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
        self.around = Window(rules.residuals_max)
        """Logarithms less their cohort's level."""
        self._known = {known: Window(rules.residuals_max) for known in (False, True)}
        self._stands = {stand: Window(rules.residuals_max) for stand in _STANDS}
        self._cohorts: dict[Cohort, _Own] = {}
        self._cut = 0.0
        self._owed = 0.0

    def residual(self, share: float, cohort: Cohort, stand: Stand) -> float:
        """The residual that `share` of runs stays below, in standard deviations."""
        rules, n = self._rules, self.all.n
        value = _NORMAL.inv_cdf(share) * _WIDER
        if n >= 8:
            value += n / (n + rules.to_normal) * (self.all.quantile(share) - value)
        for window, at in ((self._known[stand[0]], rules.to_class), (self._stands[stand], rules.to_class)):
            if window.n >= _SEEN_AT:
                value += window.n / (window.n + at) * (window.quantile(share) - value)
        own = self._cohorts.get(cohort)
        if own is not None and own.residuals.n >= _SEEN_AT:
            value += own.residuals.n / (own.residuals.n + rules.to_cohort) * (own.residuals.quantile(share) - value)
        return value

    def own(self, share: float, cohort: Cohort) -> tuple[float, float]:
        """The cohort's own quantile as (constant, factor of its level): a logarithm is constant + factor × level."""
        around = self.around.quantile(share) if self.around.n >= _SHAPE_AT else _NORMAL.inv_cdf(share) * _LEVEL_WIDE
        own = self._cohorts.get(cohort)
        if own is None or own.values.n < _OWN_AT:
            return around, 1.0
        weight = own.values.n / (own.values.n + self._rules.to_own)
        return weight * own.values.quantile(share) + (1 - weight) * around, 1 - weight

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
        for window in (self.all, self._known[stand[0]], self._stands[stand], mine.residuals):
            _put(window, run.residual, finished=run.finished, step=2 * _BEYOND)
        _put(mine.values, run.value, finished=run.finished, step=_BEYOND)
        _put(self.around, run.value - run.level, finished=run.finished, step=_BEYOND)

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
            "around": self.around.dump(),
            "known": [window.dump() for window in self._known.values()],
            "stands": [window.dump() for window in self._stands.values()],
            "cohorts": [
                [*cohort, mine.seen, mine.cut, mine.residuals.dump(), mine.values.dump()]
                for cohort, mine in self._cohorts.items()
            ],
            "cut": [self._cut, self._owed],
        }

    @classmethod
    def load(cls, rules: Rules, told: dict[str, Any]) -> Shape:
        """The shape that `dump` told of."""
        shape = cls(rules)
        most, few = rules.residuals_max, rules.cohort_residuals_max
        shape.all, shape.around = Window.load(most, told["all"]), Window.load(most, told["around"])
        shape._known = _named((False, True), told["known"], most)
        shape._stands = _named(_STANDS, told["stands"], most)
        for agent, model, seen, cut, residuals, values in told["cohorts"]:
            own = _Own(Window.load(few, residuals), Window.load(few, values), int(seen), float(cut))
            shape._cohorts[(agent, model)] = own
        shape._cut, shape._owed = (float(value) for value in told["cut"])
        return shape


def _named(names: Iterable[Any], told: list[list[float]], limit: int) -> dict[Any, Window]:
    return {name: Window.load(limit, values) for name, values in zip(names, told, strict=True)}


def _put(window: Window, value: float, *, finished: bool, step: float) -> None:
    if finished:
        window.add(value)
    else:
        window.add_beyond(value, step=step)
