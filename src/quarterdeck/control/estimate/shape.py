"""How far runs fall from where they were expected, and what a cohort takes at all: the curves behind a quantile.

Curves of narrow groups are believed as far as they are long, the rest comes from wider groups and in the end from a normal
curve. Refuses: where the middle is; that is the work of the rungs.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import NormalDist
from typing import Any

from quarterdeck.control.estimate.rules import Rules
from quarterdeck.control.estimate.window import Window

Cohort = tuple[str | None, str | None]
Stand = tuple[bool, int]
"""Whether the task has history, and whether it is expected below (0), at (1) or above (2) its cohort's level."""
_NORMAL = NormalDist()
_WIDER = 1.05
_LEVEL_WIDE = 0.8
"""Standard deviation of a cohort's logarithms before any was seen: between .6 and 1 on the recorded sets."""
_SEEN_AT = 10
_OWN_AT = 2
_SHAPE_AT = 20
_COHORTS_MAX = 500
_STANDS: tuple[Stand, ...] = tuple((known, at) for known in (False, True) for at in (0, 1, 2))


class Shape:
    """Residuals, in standard deviations, and the plain logarithms of cohorts."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.all = Window(rules.residuals_max)
        self.around = Window(rules.residuals_max)
        """Logarithms less their cohort's level."""
        self._known = {known: Window(rules.residuals_max) for known in (False, True)}
        self._stands = {stand: Window(rules.residuals_max) for stand in _STANDS}
        self._cohorts: dict[Cohort, tuple[Window, Window]] = {}

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
        if own is not None and own[0].n >= _SEEN_AT:
            value += own[0].n / (own[0].n + rules.to_cohort) * (own[0].quantile(share) - value)
        return value

    def own(self, share: float, cohort: Cohort) -> tuple[float, float]:
        """The cohort's own quantile as (constant, factor of its level): a logarithm is constant + factor × level."""
        around = self.around.quantile(share) if self.around.n >= _SHAPE_AT else _NORMAL.inv_cdf(share) * _LEVEL_WIDE
        own = self._cohorts.get(cohort)
        if own is None or own[1].n < _OWN_AT:
            return around, 1.0
        weight = own[1].n / (own[1].n + self._rules.to_own)
        return weight * own[1].quantile(share) + (1 - weight) * around, 1 - weight

    def add(self, value: float, level: float, residual: float, cohort: Cohort, stand: Stand, *, finished: bool) -> None:
        """A run that is over: its logarithm, its cohort's level and how far it fell from what was expected."""
        mine = self._cohorts.pop(cohort, None)
        if mine is None:
            mine = (Window(self._rules.cohort_residuals_max), Window(self._rules.cohort_residuals_max))
            if len(self._cohorts) >= _COHORTS_MAX:
                del self._cohorts[next(iter(self._cohorts))]
        self._cohorts[cohort] = mine
        for window in (self.all, self._known[stand[0]], self._stands[stand], mine[0]):
            _put(window, residual, finished=finished, step=0.5)
        _put(mine[1], value, finished=finished, step=0.3)
        _put(self.around, value - level, finished=finished, step=0.3)

    def moved(self, cohort: Cohort, keep: int) -> None:
        """The cohort's level is another since `keep` runs: what it took before says little."""
        own = self._cohorts.get(cohort)
        if own is not None:
            own[1].forget(keep)

    def dump(self) -> dict[str, Any]:
        """As JSON would have it."""
        return {
            "all": self.all.dump(),
            "around": self.around.dump(),
            "known": [window.dump() for window in self._known.values()],
            "stands": [window.dump() for window in self._stands.values()],
            "cohorts": [[*cohort, mine[0].dump(), mine[1].dump()] for cohort, mine in self._cohorts.items()],
        }

    @classmethod
    def load(cls, rules: Rules, told: dict[str, Any]) -> Shape:
        """The shape that `dump` told of."""
        shape = cls(rules)
        most, few = rules.residuals_max, rules.cohort_residuals_max
        shape.all, shape.around = Window.load(most, told["all"]), Window.load(most, told["around"])
        shape._known = _named((False, True), told["known"], most)
        shape._stands = _named(_STANDS, told["stands"], most)
        for agent, model, residuals, values in told["cohorts"]:
            shape._cohorts[(agent, model)] = (Window.load(few, residuals), Window.load(few, values))
        return shape


def _named(names: Iterable[Any], told: list[list[float]], limit: int) -> dict[Any, Window]:
    return {name: Window.load(limit, values) for name, values in zip(names, told, strict=True)}


def _put(window: Window, value: float, *, finished: bool, step: float) -> None:
    if finished:
        window.add(value)
    else:
        window.add_beyond(value, step=step)
