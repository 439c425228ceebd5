"""What to do with a run that is under way, with its reason and what each choice costs if it is the wrong one.

Pure. Refuses: stopping or degrading a run on low confidence; it asks. Only the ceiling itself stops then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from quarterdeck.control.tasks.amounts import Amounts, said
from quarterdeck.model.estimates import Confidence, Quantity

Action = Literal["go_on", "ask", "degrade", "stop"]

OVERRUN = 1.5
"""Times q90, pro rata: beyond it a run is not one of those that were estimated."""
FITS_MIN = 0.1
"""Where fewer such runs fit their ceiling, what is spent from now on is most likely lost."""


class IfWrong(NamedTuple):
    """Expected, if this choice is wrong. `success`: odds of a success that is lost. None: nobody knows."""

    tokens: float | None
    cost_usd: float | None
    success: float | None


class Advice(NamedTuple):
    """`fits`: odds that the run stays within each ceiling; `p_success` None: no outcome was ever known."""

    action: Action
    reason: str
    fits: Mapping[Quantity, float]
    p_success: float | None
    if_wrong: Mapping[Action, IfWrong]


class Facts(NamedTuple):
    """What is known of a run. `q90_total`: of the whole run, before it started; amounts are means of what is left.

    `q90_steps` and `steps`: to say how far it is; `stop_below`: odds of success that are not worth their price.
    """

    spent: Amounts
    steps: int
    left_tokens: float | None
    left_usd: float | None
    next_tokens: float | None
    q90: Mapping[Quantity, float]
    promised: Mapping[Quantity, float]
    fits: Mapping[Quantity, float]
    p_success: float | None
    confidence: Confidence
    stop_below: float | None


def advise(facts: Facts, ceilings: Amounts) -> Advice:
    """The first rule that holds."""
    action, reason = _decide(facts, ceilings)
    return Advice(action, reason, dict(facts.fits), facts.p_success, _if_wrong(facts))


def _decide(facts: Facts, ceilings: Amounts) -> tuple[Action, str]:
    total = ceilings.get("tokens_total")
    if total is not None and facts.next_tokens is not None and facts.spent["tokens_total"] + facts.next_tokens > total:
        return (
            "stop",
            f"the next call takes about {said('tokens_total', facts.next_tokens)}, more than the ceiling leaves",
        )
    sure = facts.confidence != "low"
    worst = min(facts.fits.items(), key=lambda one: one[1], default=None)
    if worst is not None and worst[1] < FITS_MIN:
        words = f"{worst[1]:.0%} of such runs stay within {said(worst[0], ceilings[worst[0]])}"
        return ("stop", words) if sure else ("ask", f"{words}, by little history")
    if facts.p_success is not None and facts.stop_below is not None and facts.p_success < facts.stop_below:
        words = f"{facts.p_success:.0%} of such runs succeed, fewer than {facts.stop_below:.0%}"
        return ("stop", words) if sure else ("ask", f"{words}, by little history")
    over = _overrun(facts)
    if over is not None:
        return ("degrade", over) if sure else ("ask", f"{over}, by little history")
    passed = [name for name, ceiling in ceilings.items() if facts.q90.get(name, 0.0) > ceiling]
    if passed:
        name = passed[0]
        return "ask", f"one in ten such runs takes more than {said(name, ceilings[name])}"
    return "go_on", "it is as was expected"


def _overrun(facts: Facts) -> str | None:
    """Spent against q90 of the promise, pro rata of its steps."""
    promised, steps = facts.promised.get("tokens_total"), facts.promised.get("steps")
    if not promised or not steps:
        return None
    due = promised * min(facts.steps / steps, 1.0)
    spent = facts.spent["tokens_total"]
    if due <= 0 or spent <= OVERRUN * due:
        return None
    return f"{said('tokens_total', spent)} are {spent / due:.1f} times what nine in ten such runs have spent by now"


def _if_wrong(facts: Facts) -> dict[Action, IfWrong]:
    """Going on is wrong if the run fails: the rest is wasted. Stopping is wrong if it would have succeeded: that is lost, and what

    was spent with it. Asking costs nobody's tokens, only time; what a smaller model loses is not known.
    """
    fails = None if facts.p_success is None else 1.0 - facts.p_success
    wasted = None if fails is None or facts.left_tokens is None else fails * facts.left_tokens
    usd = None if fails is None or facts.left_usd is None else fails * facts.left_usd
    succeeds = facts.p_success
    lost = None if succeeds is None else succeeds * facts.spent["tokens_total"]
    lost_usd = None if succeeds is None or "cost_usd" not in facts.spent else succeeds * facts.spent["cost_usd"]
    return {
        "go_on": IfWrong(wasted, usd, 0.0),
        "ask": IfWrong(0.0, 0.0, 0.0),
        "degrade": IfWrong(wasted, usd, None),
        "stop": IfWrong(lost, lost_usd, succeeds),
    }
