"""What to hold for a call, and what `max_tokens` to send: the estimate at the door.

Where real output counts, a quantile of learned answers is held. Where `max_tokens` itself is charged it is held, and cut
to the learned cap when the provider never gives back. Refuses: cutting what the caller set lower itself.
"""

from __future__ import annotations

from typing import NamedTuple

from quarterdeck.control.admit.ask import Ask
from quarterdeck.control.admit.meter import Meter
from quarterdeck.control.admit.need import Need, Usage
from quarterdeck.control.admit.outputs import OutputGuess
from quarterdeck.control.admit.policy import Policy, Price

CONTINUED_CAP = 8.0
"""A long answer that was cut once is cut again at this multiple of the cap; tails are heavy."""


class Plan(NamedTuple):
    """`need` in tokens; `max_tokens` to send, None to send none; `cut`: it is lower than the caller's."""

    need: Need
    max_tokens: int | None
    cut: bool


class Planner:
    """Plans calls of one account. Holds no state beyond what `guess` learns."""

    def __init__(self, meter: Meter, guess: OutputGuess, policy: Policy) -> None:
        self._charged = meter.charges_max_tokens
        self.cuts = policy.cap == "always" or (policy.cap == "no_refund" and self._charged and not meter.gives_back)
        self.guess = guess
        self._policy = policy
        self._priced = bool(policy.prices)

    def plan(self, ask: Ask) -> Plan:
        """What this call needs by what is known now."""
        group = group_of(ask)
        wanted = ask.max_tokens
        if self.cuts:
            cap = self.guess.cap(ask.model, group)
            if cap is not None and ask.continues:
                cap *= CONTINUED_CAP
            if cap is not None and (wanted is None or cap < wanted):
                output = self.guess.quantile(ask.model, group, self._policy.quantile)
                return self._made(ask, cap if output is None else min(output, cap), cap, int(cap), True)
        ceiling = wanted if wanted is not None else float(self._policy.max_tokens_unknown)
        known = self.guess.quantile(ask.model, group, self._policy.quantile)
        output = ceiling if known is None else min(known, ceiling)
        sent = wanted if wanted is not None or not self._charged else ceiling
        return self._made(ask, output, ceiling, None if sent is None else int(sent), False)

    def _made(self, ask: Ask, output: float, ceiling: float, sent: int | None, cut: bool) -> Plan:
        cost = self.cost(ask.model, ask.tokens_input, output, ask.tokens_cached) if self._priced else 0.0
        return Plan(Need(ask.tokens_input, output, ceiling, ask.tokens_cached, cost), sent, cut)

    def learning(self, ask: Ask) -> bool:
        """True while a cut is wanted and not known yet: calls are dear, so few should be out."""
        return self.cuts and self.guess.cap(ask.model, group_of(ask)) is None

    def cost(self, model: str, tokens_input: float, output: float, cached: float) -> float:
        """US dollars; 0 for a model without a price."""
        price: Price | None = self._policy.prices.get(model)
        if price is None:
            return 0.0
        read = price.input if price.cached is None else price.cached
        return ((tokens_input - cached) * price.input + cached * read + output * price.output) / 1e6

    def priced(self, model: str, usage: Usage) -> Usage:
        """The usage with its cost, where the model has a price and the usage has no cost of its own."""
        if usage.cost_usd is not None or not self._priced:
            return usage
        return usage._replace(cost_usd=self.cost(model, usage.input, usage.output, usage.cache_read))


def group_of(ask: Ask) -> str:
    """Whose answers are alike: those of a tenant in a lane."""
    return f"{ask.lane}/{ask.tenant}"
