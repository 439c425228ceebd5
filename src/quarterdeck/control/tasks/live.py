"""One run under way: told of each step, it says at any time what the whole will take and what to do.

Refuses: calling a run over; R ≥ 1 steps remain until somebody stops asking. Unknown stays out of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from quarterdeck.control.tasks.advice import Advice, Facts, advise
from quarterdeck.control.tasks.amounts import Amounts, checked_ceilings, checked_count
from quarterdeck.control.tasks.paths import Path, Paths, Step, tokens_ahead
from quarterdeck.control.tasks.remainder import Floats, mixed, of_spread, remainder, spread_of, tokens_of, within
from quarterdeck.model.estimates import Basis, Confidence, Estimate, Quantity, Spread

PRIOR_STEPS = 4.0
"""Steps after which what is seen of the run weighs as much as what was estimated before it."""
_HIGH_RUNS, _MEDIUM_RUNS = 50, 10

Masses = tuple[Floats, Floats]


class _Now(NamedTuple):
    """What is left, by quantity, as (values, masses)."""

    left: Mapping[Quantity, Masses]
    p_success: float | None


class LiveEstimate:
    """`paths`: history; `group`: as it was learned (agent × model); `before`: the estimate made before the start, where there is one.

    `stop_below`: odds of success below which going on is not worth its price; None: never by that. `task`: the same for repeats.
    """

    def __init__(
        self,
        paths: Paths,
        group: str,
        *,
        before: Estimate | None = None,
        task: str | None = None,
        stop_below: float | None = None,
    ) -> None:
        self._paths, self._group, self._before, self._task = paths, group, before, task
        self._stop_below = stop_below
        self._steps: list[Step] = []
        self._cost_usd: float | None = 0.0
        self._seconds: float | None = 0.0
        self._now: _Now | None = None

    def step(
        self,
        tokens_input: float,
        tokens_output: float,
        error: bool = False,
        repeat: bool = False,
        *,
        cost_usd: float | None = None,
        seconds: float | None = None,
    ) -> None:
        """A model call is over. `error`: it or its tool failed; `repeat`: it did what was done before. Raises BadInput."""
        took = (checked_count("tokens_input", tokens_input), checked_count("tokens_output", tokens_output))
        self._steps.append(Step(*took, error, repeat))
        self._cost_usd = _plus(self._cost_usd, None if cost_usd is None else checked_count("cost_usd", cost_usd))
        self._seconds = _plus(self._seconds, None if seconds is None else checked_count("seconds", seconds))
        self._now = None

    def path(self, *, finished: bool = True, succeeded: bool | None = None) -> Path:
        """The run as history, when it is over: for `Paths.learn`."""
        return Path(self._group, tuple(self._steps), finished, succeeded, self._task)

    def spent(self) -> dict[Quantity, float]:
        """So far; without dollars or seconds where a step did not say."""
        took_in = sum(step.tokens_input for step in self._steps)
        took_out = sum(step.tokens_output for step in self._steps)
        found: dict[Quantity, float] = {
            "tokens_input": took_in,
            "tokens_output": took_out,
            "tokens_total": took_in + took_out,
            "steps": float(len(self._steps)),
        }
        if self._steps and self._cost_usd is not None:
            found["cost_usd"] = self._cost_usd
        if self._steps and self._seconds is not None:
            found["seconds"] = self._seconds
        return found

    def estimate(self) -> Estimate:
        """Of the whole run: what is spent and what remains. Without history of the group it is the earlier one, cut at what is spent."""
        spent, runs = self.spent(), self._paths.runs(self._group)
        spreads: dict[Quantity, Spread] = {
            name: spread_of(*masses, spent.get(name, 0.0)) for name, masses in self._known().left.items()
        }
        bases = () if self._before is None else self._before.basis
        own = (Basis("agent_model", self._group, runs, 0, 1.0 - self._weight()),) if runs else ()
        why = f"after {len(self._steps)} steps, {runs} runs of {self._group} step by step"
        if self._before is not None:
            why += f", and the estimate before the start ({self._before.why})"
        cold = not runs and (self._before is None or self._before.cold)
        return Estimate(spreads, self._confidence(), cold, (*own, *bases), why)

    def p_success(self) -> float | None:
        """Odds that this run succeeds; None where no outcome was ever known."""
        return self._known().p_success

    def fits(self, quantity: Quantity, ceiling: float) -> float | None:
        """Odds that the whole run stays within a ceiling; None where nothing is known of the quantity."""
        masses = self._known().left.get(quantity)
        return None if masses is None else within(*masses, ceiling - self.spent().get(quantity, 0.0))

    def advice(self, ceilings: Mapping[Quantity, float] | None = None) -> Advice:
        """What to do now, under ceilings of the whole task. Raises BadInput for a ceiling that is no positive number."""
        checked = checked_ceilings(dict(ceilings or {}))
        now, estimate = self._known(), self.estimate()
        fits = {name: found for name, most in checked.items() if (found := self.fits(name, most)) is not None}
        before = {} if self._before is None else self._before.spreads
        pace = self._paths.pace(self._group)
        facts = Facts(
            spent=self.spent(),
            steps=len(self._steps),
            left_tokens=_mean(now.left.get("tokens_total")),
            left_usd=_mean(now.left.get("cost_usd")),
            next_tokens=None if pace is None or not self._steps else sum(tokens_ahead(self._steps, pace, 1.0)),
            q90={name: spread.q90 for name, spread in estimate.spreads.items()},
            promised={name: spread.q90 for name, spread in before.items()},
            fits=fits,
            p_success=now.p_success,
            confidence=estimate.confidence,
            stop_below=self._stop_below,
        )
        return advise(facts, checked)

    def _weight(self) -> float:
        """Of the estimate before the start."""
        if self._before is None:
            return 0.0
        return PRIOR_STEPS / (PRIOR_STEPS + len(self._steps)) if self._paths.runs(self._group) else 1.0

    def _confidence(self) -> Confidence:
        runs = self._paths.runs(self._group)
        if runs < _MEDIUM_RUNS:
            return "low" if self._before is None else self._before.confidence
        return "high" if runs >= _HIGH_RUNS else "medium"

    def _known(self) -> _Now:
        if self._now is None:
            self._now = self._computed()
        return self._now

    def _computed(self) -> _Now:
        pace = self._paths.pace(self._group)
        found = remainder(self._paths, self._group, self._steps, self._task)
        own: dict[Quantity, Masses] = {}
        if pace is not None:
            own["steps"] = (found.steps, found.mass)
        if pace is not None and self._steps:
            own["tokens_input"], own["tokens_output"] = tokens_of(found, self._steps, pace)
            own["tokens_total"] = (own["tokens_input"][0] + own["tokens_output"][0], own["tokens_input"][1])
        spent = self.spent()
        if "tokens_total" in own and spent.get("cost_usd") and spent["tokens_total"]:
            values, masses = own["tokens_total"]
            own["cost_usd"] = (values * (spent["cost_usd"] / spent["tokens_total"]), masses)
        if "steps" in own and spent.get("seconds"):
            own["seconds"] = (found.steps * (spent["seconds"] / spent["steps"]), found.mass)
        return _Now(self._joined(own, spent), found.p_success)

    def _joined(self, own: Mapping[Quantity, Masses], spent: Amounts) -> dict[Quantity, Masses]:
        before = {} if self._before is None else self._before.spreads
        joined: dict[Quantity, Masses] = {}
        for name in dict.fromkeys([*own, *before]):
            prior = of_spread(before[name], spent.get(name, 0.0)) if name in before else None
            masses = mixed(own.get(name), prior, self._weight())
            if masses is not None:
                joined[name] = masses
        return joined


def _plus(so_far: float | None, more: float | None) -> float | None:
    return None if so_far is None or more is None else so_far + more


def _mean(masses: Masses | None) -> float | None:
    return None if masses is None else float(np.average(masses[0], weights=masses[1]))
