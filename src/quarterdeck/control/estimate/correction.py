"""Puts the levels right, online: a level that is missed too often is read further out, and the better of two curves gets more say.

After Gibbs and Candès, "Adaptive conformal inference under distribution shift" (NeurIPS 2021), on the log odds of a level, so that
a level never passes 0 or 1. Refuses: taking the end of a cut run for what it would have taken.
"""

from __future__ import annotations

import math
from typing import Any

from quarterdeck.control.estimate.rules import Rules
from quarterdeck.control.estimate.shape import Cohort
from quarterdeck.model.estimates import LEVELS

_N = len(LEVELS)
_TARGETS = tuple(math.log(level / (1 - level)) for level in LEVELS)
_STEADY = 1.2
"""Squared slopes counted as if seen before, in units of level × (1 − level), so that the first run does not decide."""
_FAR = 3.0
_LEAST = 1e-3


class Correction:
    """Where each level is read, and the share of a cohort's own quantiles in the answer."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.odds = [0.0] * _N
        self._all = list(rules.own_share)
        self._shares: dict[Cohort | None, list[float]] = {None: self._all}
        self._steep: dict[Cohort | None, list[float]] = {None: [0.0] * _N}

    def level(self, index: int) -> float:
        """The level at which curves are read, so that `LEVELS[index]` of runs stay below."""
        return 1.0 / (1.0 + math.exp(-_TARGETS[index] - self.odds[index]))

    def shares(self, cohort: Cohort) -> list[float]:
        """By level, 0 to 1."""
        return self._shares.get(cohort, self._all)

    def miss(self, index: int, value: float, quantile: float, *, cut: tuple[float, float] | None) -> None:
        """A run took `value` where `quantile` was said.

        `cut`: the run did not finish; how much that counts (0 to 1), and the share of runs that are expected to end beyond `value`. Beyond the
        quantile that is a miss; below it, as much of one as runs cut there are expected to end beyond the quantile.
        """
        level = LEVELS[index]
        if cut is None:
            wrong = level if value > quantile else level - 1.0
        elif value >= quantile:
            wrong = level * cut[0]
        else:
            wrong = (min(1.0, (1.0 - level) / max(cut[1], _LEAST)) - (1.0 - level)) * cut[0]
        most = self._rules.odds_max
        self.odds[index] = max(-most, min(most, self.odds[index] + self._rules.steps[index] * wrong))

    def weigh(self, index: int, cohort: Cohort, off: float, above_level: float, apart: float) -> None:
        """Move the share along the slope of the pinball loss.

        `off`: the run's logarithm less the quantile's; `above_level`: the quantile's less the level's, which scales the loss;
        `apart`: the hierarchy's quantile less the cohort's own.
        """
        level = LEVELS[index]
        slope = (level if off > 0 else level - 1.0) * math.exp(min(above_level, _FAR)) * apart
        for name in (None, cohort):
            shares = self._shares.setdefault(name, list(self._all))
            steep = self._steep.setdefault(name, [0.0] * _N)
            steep[index] += slope * slope
            step = self._rules.share_steps[index] * slope / math.sqrt(steep[index] + _STEADY * level * (1.0 - level))
            shares[index] = max(0.0, min(1.0, shares[index] - step))

    def dump(self) -> dict[str, Any]:
        """As JSON would have it."""
        names = [
            [*(name if name is not None else ()), *self._shares[name], *self._steep[name]]
            for name in self._shares
            if name is not None
        ]
        return {"odds": self.odds, "shares": self._shares[None], "steep": self._steep[None], "cohorts": names}

    @classmethod
    def load(cls, rules: Rules, told: dict[str, Any]) -> Correction:
        """The correction that `dump` told of."""
        made = cls(rules)
        made.odds = [float(v) for v in told["odds"]]
        made._all[:], made._steep[None] = told["shares"], list(told["steep"])
        for agent, model, *numbers in told["cohorts"]:
            made._shares[(agent, model)], made._steep[(agent, model)] = numbers[:_N], numbers[_N:]
        return made
