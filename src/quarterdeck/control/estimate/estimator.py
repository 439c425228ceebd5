"""`Estimator`: what a task will take, learned from runs that are over.

Deterministic: the same history in the same order gives the same answers, in every process. Calls no model, does no I/O,
asks no clock. Safe to use from several threads. Refuses: to hide how little it knows; a cold estimate is wide and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from threading import Lock

from quarterdeck.control.estimate.cells import EVERYTHING, Cell, Cells, Key
from quarterdeck.control.estimate.fits import fits, unknown_quantity
from quarterdeck.control.estimate.grounds import Grounds
from quarterdeck.control.estimate.place import Place, Places
from quarterdeck.control.estimate.prior import PUBLISHED, Prior
from quarterdeck.control.estimate.quantity import Found, QuantityModel, kind_of
from quarterdeck.control.estimate.rules import RULES, Rules
from quarterdeck.control.estimate.state import pack, unpack
from quarterdeck.control.estimate.tier import Tier, TierChoice, choose
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import QUANTITIES, Ended, Estimate, Identity, Quantity, Spread, Task

_PLACE = {name: at for at, name in enumerate(QUANTITIES)}
_MAIN = _PLACE["tokens_total"]
_LOG_MAX = 60.0


class Estimator:
    """Quantiles of tokens, steps, dollars and seconds of a task, before it starts.

        estimator = Estimator()
        for run in history:
            estimator.learn(run)
        estimate = estimator.estimate(Task(key="ticket-7"), Identity(agent="triage", model="gpt-5"))
        estimate.spreads["tokens_total"].q90

    `prior`: what is believed before any history; `rules`: the constants.
    """

    def __init__(self, prior: Prior = PUBLISHED, *, rules: Rules = RULES) -> None:
        self._prior = prior
        self._rules = rules
        self._lock = Lock()
        self._places = Places()
        self._cells = Cells(rules)
        self._models = [QuantityModel(at, rules, _start(prior, name)) for at, name in enumerate(QUANTITIES)]

    def estimate(self, task: Task, identity: Identity) -> Estimate:
        """What the task will probably take when this identity does it, and on what history that stands.

        A quantity is left out when neither history nor the prior tells of it. Where one quantity is wanted often, `spread` is four
        times as quick.
        """
        with self._lock:
            found = self._find(self._places.find(task, identity))
            cold = found.levels[0][1] is None
            spreads: dict[Quantity, Spread] = {}
            for name, model in zip(QUANTITIES, self._models, strict=True):
                if model.n or (cold and name in self._prior.medians):
                    spreads[name] = _spread(model.predict(found))
            return Grounds(found, self._models[_MAIN], self._rules).tell(spreads, cold=cold)

    def spread(self, task: Task, identity: Identity, quantity: Quantity) -> Spread | None:
        """The quantiles of one quantity alone, as in `estimate`; for whoever asks before each call. Raises BadInput for an unknown quantity."""
        if quantity not in _PLACE:
            raise unknown_quantity(quantity)
        model = self._models[_PLACE[quantity]]
        with self._lock:
            found = self._find(self._places.find(task, identity))
            cold = found.levels[0][1] is None
            if not (model.n or (cold and quantity in self._prior.medians)):
                return None
            return _spread(model.predict(found))

    def learn(self, ended: Ended) -> None:
        """A run is over. What it does not report, or reports as 0, is not learned; what an unfinished run took is a lower bound.

        Raises BadInput for an amount that is negative or not a number.
        """
        values = _logarithms(ended.spent)
        with self._lock:
            place = self._places.find(ended.task, ended.identity)
            found = self._touch(place)
            known = ended.finished and _MAIN in values
            for cell in _all(found):
                cell.n += 1
                cell.censored += not known
            for at, value in values.items():
                self._models[at].learn(found, value, finished=ended.finished)

    def fits(self, estimate: Estimate, quantity: Quantity, ceiling: float) -> float | None:
        """P(the run takes at most `ceiling`), 0 to 1; None when the estimate says nothing of this quantity. Raises BadInput."""
        return fits(estimate, quantity, ceiling)

    def tier(
        self, task: Task, identity: Identity, tiers: tuple[Tier, ...], *, needs: str | None = None, sure: float = 0.9
    ) -> TierChoice:
        """The cheapest of the declared tiers that this task will fit, with the reason. `tiers`: from the lowest to the highest.

        `needs`: an execution mode the task cannot do without. `sure`: the chance of fitting that is asked for. Low confidence
        goes up a tier or asks, never down. Raises BadInput for an empty list or an unknown mode.
        """
        estimates = [self.estimate(task, identity._replace(model=tier.model or identity.model)) for tier in tiers]
        return choose(tiers, estimates, needs=needs, sure=sure)

    def forget(self, identity: Identity, *, keep: float = RULES.drift_keeps) -> None:
        """Something changed: levels of this agent and model remember `keep` runs, so the next ones count for much."""
        with self._lock:
            for _, cell in self._find(self._places.find(Task(), identity)).levels:
                if cell is not None:
                    cell.weights = [min(weight, keep) for weight in cell.weights]
            for model in self._models:
                model.moved((identity.agent, identity.model), int(keep))

    def gauges(self) -> dict[str, int]:
        """`cells` remembered, `cells_max`, `cells_forgotten` because the table was full, `runs` learned from."""
        everything = self._cells.get(EVERYTHING)
        return {
            "cells": len(self._cells),
            "cells_max": self._rules.cells_max,
            "cells_forgotten": self._cells.forgotten,
            "runs": 0 if everything is None else everything.n,
        }

    def dump(self) -> bytes:
        """All that was learned, for `load`. The same history gives the same bytes."""
        with self._lock:
            cells = [[list(key), cell.dump()] for key, cell in self._cells]
            models = [model.dump() for model in self._models]
        return pack({"cells": cells, "models": models, "forgotten": self._cells.forgotten})

    @classmethod
    def load(cls, told: bytes, *, prior: Prior = PUBLISHED, rules: Rules = RULES) -> Estimator:
        """The estimator that `dump` told of. Raises BadInput for other bytes, a newer version, or what is damaged."""
        state = unpack(told)
        made = cls(prior, rules=rules)
        try:
            for key, cell in state["cells"]:
                made._cells.put(tuple(key), Cell.load(cell))
            for model, its in zip(made._models, state["models"], strict=True):
                model.load(its)
            made._cells.forgotten = int(state["forgotten"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadInput(f"the estimator's state is damaged: {error!r}", mend="fit it again from history") from error
        return made

    def _find(self, place: Place) -> Found:
        get = self._cells.get
        return Found(
            place,
            get(EVERYTHING),
            [(kind_of(key), get(key)) for key in place.levels],
            [(kind_of(key), get(key)) for key in place.tasks],
            get(place.task) if place.task is not None else None,
        )

    def _touch(self, place: Place) -> Found:
        def touched(keys: tuple[Key, ...]) -> list[tuple[int, Cell | None]]:
            return [(kind_of(key), touch(key)) for key in keys]

        touch = self._cells.touch
        tasks = touched(place.tasks)
        own = touch(place.task) if place.task is not None else None
        return Found(place, touch(EVERYTHING), touched(place.levels), tasks, own)


def _start(prior: Prior, name: Quantity) -> tuple[float, float]:
    median = prior.medians.get(name)
    return (math.log(median) if median is not None else 0.0, prior.variance)


def _all(found: Found) -> list[Cell]:
    cells = [found.everything, *(cell for _, cell in found.levels), *(cell for _, cell in found.tasks)]
    return [cell for cell in cells if cell is not None]


def _spread(logs: list[float]) -> Spread:
    low, middle, high, top = logs if logs[3] < _LOG_MAX else [min(value, _LOG_MAX) for value in logs]
    return Spread(math.exp(low), math.exp(middle), math.exp(high), math.exp(top))


def _logarithms(spent: Mapping[Quantity, float]) -> dict[int, float]:
    """By the quantity's place; 0 is not reported."""
    values = {}
    for name, amount in spent.items():
        if name not in _PLACE:
            raise unknown_quantity(name)
        if not math.isfinite(amount) or amount < 0:
            raise BadInput(f"{name} is {amount!r}; expected a number of at least 0")
        if amount > 0:
            values[_PLACE[name]] = math.log(amount)
    return dict(sorted(values.items()))
