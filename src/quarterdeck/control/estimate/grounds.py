"""What an estimate stands on: the rungs with their weights, the confidence, and the reason in words.

Refuses: more confidence than history gives.
"""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.control.estimate.cells import KINDS
from quarterdeck.control.estimate.quantity import Found, QuantityModel
from quarterdeck.control.estimate.rules import Rules
from quarterdeck.model.estimates import Basis, Confidence, Estimate, Quantity, Rung, Spread

_LOW_BELOW = 8
"""Runs of the agent below which confidence is low: quantiles cannot be told from so few."""
_HIGH_FROM = 30
_REPEATS = 2
_RUNGS: Mapping[str, Rung] = {
    "a": "agent",
    "m": "agent_model",
    "v": "agent_model",
    "k": "similar",
    "t": "task",
    "c": "task",
}
_BY_KIND: tuple[Rung, ...] = tuple(_RUNGS[kind] for kind in KINDS)
_OWN = KINDS.index("c")
_LEVEL = KINDS.index("m")
_AGENT = KINDS.index("a")
_NAMES = {"v": "this version", "k": "same feature or class", "t": "this task"}
_SMALL = 0.005


class Grounds:
    """Made for one estimate."""

    def __init__(self, found: Found, main: QuantityModel, rules: Rules) -> None:
        self._found = found
        self._main = main
        self._rules = rules

    def tell(self, spreads: Mapping[Quantity, Spread], *, cold: bool) -> Estimate:
        """The estimate with these spreads."""
        basis = self._basis()
        confidence = "low" if cold else self._confidence()
        warnings = ("this agent is not known: expect several times more or less",) if cold else ()
        return Estimate(spreads, confidence, cold, basis, self._why(basis, cold=cold), warnings)

    def _basis(self) -> tuple[Basis, ...]:
        """From the nearest rung to the farthest. Each takes its share of what the nearer ones left."""
        found, main = self._found, self._main
        rungs = [(_BY_KIND[kind], _name(found, kind), cell, gain) for kind, gain, cell in main.gains(found.tasks)]
        rungs += [
            (_BY_KIND[kind], _name(found, kind), cell, gain)
            for kind, gain, cell in main.gains(found.levels, above=found.everything)
        ]
        if found.everything is not None:
            rungs.append(("everything", "all runs", found.everything, main.trust(found.everything)))
        left = 1.0
        basis = []
        for rung, name, cell, gain in rungs:
            basis.append(Basis(rung, name, cell.n, cell.censored, round(left * gain, 3)))
            left *= 1.0 - gain
        if left > _SMALL:
            basis.append(Basis("prior", "published figures", 0, 0, round(left, 3)))
        return tuple(basis)

    def _confidence(self) -> Confidence:
        found = self._found
        cells = [cell for _, cell in found.levels[:2]]
        runs = max((cell.n - cell.censored for cell in cells if cell is not None), default=0)
        if runs < _LOW_BELOW:
            return "low"
        own = next((cell for kind, cell in found.tasks if kind == _OWN), None)
        repeats = own.n - own.censored if own is not None else 0
        return "high" if runs >= _HIGH_FROM and repeats >= _REPEATS else "medium"

    def _why(self, basis: tuple[Basis, ...], *, cold: bool) -> str:
        if cold:
            of = "published figures" if self._found.everything is None else "other agents' runs and published figures"
            return f"no run of this agent is known: {of}, wide"
        most = max(basis, key=lambda rung: rung.weight)
        cut = f", {most.censored} of them cut or not reported" if most.censored else ""
        return f"mostly from {_SAYS[most.rung]} ({most.n} runs{cut})"


_SAYS: Mapping[Rung, str] = {
    "task": "runs of the same task",
    "similar": "similar tasks",
    "agent_model": "this agent with this model",
    "agent": "this agent with other models",
    "everything": "all agents",
    "prior": "published figures",
}


def _name(found: Found, kind: int) -> str:
    agent, model = found.place.cohort
    if kind == _OWN:
        return f"this task, {agent} × {model}"
    if kind == _LEVEL:
        return f"{agent} × {model}"
    return str(agent) if kind == _AGENT else _NAMES[KINDS[kind]]
