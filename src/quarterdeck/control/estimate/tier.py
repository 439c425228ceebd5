"""Which way of doing a task is enough: the execution mode and the model's tier, from the estimate and what the user declared.

Pure; the choice comes with its reason. Refuses: going down on little knowledge. Low confidence goes up a tier, or asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from quarterdeck.control.estimate.fits import fits
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import QUANTITIES, Estimate, Quantity

Mode = Literal["direct", "agent", "agents"]
MODES: tuple[Mode, ...] = ("direct", "agent", "agents")
"""A direct call, one agent with tools, several agents."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One way to do tasks, as the user declares it. `ceilings`: what a run of it may take, by quantity."""

    name: str
    mode: Mode = "agent"
    model: str | None = None
    ceilings: Mapping[Quantity, float] = field(default_factory=dict)


class TierChoice(NamedTuple):
    """`tier` with the chance that the task fits its ceilings (None when nothing is known); `ask`: a person should decide."""

    tier: Tier
    ask: bool
    fits: float | None
    why: str


def choose(tiers: Sequence[Tier], estimates: Sequence[Estimate], *, needs: str | None, sure: float) -> TierChoice:
    """The first tier, from the lowest, that has the mode and whose ceilings the task fits with probability `sure`.

    With low confidence the tier above it is taken; where there is none above, the highest is named and a person is asked.
    Raises BadInput for no tiers, an unknown mode or quantity, or `sure` outside 0 to 1.
    """
    _check(tiers, needs, sure)
    least = MODES.index(needs) if needs in MODES else 0
    able = [at for at, tier in enumerate(tiers) if MODES.index(tier.mode) >= least]
    if not able:
        top = len(tiers) - 1
        return TierChoice(tiers[top], True, _fits(tiers[top], estimates[top]), f"no tier has the mode {needs}")
    chances = {at: _fits(tiers[at], estimates[at]) for at in able}
    fit = next((at for at in able if (chance := chances[at]) is not None and chance >= sure), None)
    if fit is None:
        top = able[-1]
        return TierChoice(tiers[top], True, chances[top], "it fits no tier's ceilings surely enough")
    if estimates[fit].confidence != "low":
        return TierChoice(tiers[fit], False, chances[fit], f"the lowest tier that it fits; {estimates[fit].why}")
    above = next((at for at in able if at > fit), None)
    if above is None:
        return TierChoice(tiers[fit], True, chances[fit], f"little is known and no tier is above; {estimates[fit].why}")
    return TierChoice(tiers[above], False, chances[above], f"little is known, so one tier up; {estimates[fit].why}")


def _check(tiers: Sequence[Tier], needs: str | None, sure: float) -> None:
    if not tiers:
        raise BadInput("no tiers are declared", mend='give at least one: Tier("small", mode="direct")')
    for tier in tiers:
        if tier.mode not in MODES:
            raise BadInput(f"tier {tier.name!r} has mode {tier.mode!r}", mend=f"one of {', '.join(MODES)}")
        wrong = [name for name in tier.ceilings if name not in QUANTITIES]
        if wrong:
            raise BadInput(f"tier {tier.name!r} has a ceiling of {wrong[0]!r}", mend=f"one of {', '.join(QUANTITIES)}")
    if needs is not None and needs not in MODES:
        raise BadInput(f"needs is {needs!r}", mend=f"one of {', '.join(MODES)}")
    if not 0 < sure < 1:
        raise BadInput(f"sure is {sure!r}", mend="a chance between 0 and 1, such as 0.9")


def _fits(tier: Tier, estimate: Estimate) -> float | None:
    """The smallest chance among its ceilings; 1 without any; None when an estimate for one is lacking."""
    least = 1.0
    for name, ceiling in tier.ceilings.items():
        chance = fits(estimate, name, ceiling)
        if chance is None:
            return None
        least = min(least, chance)
    return least
