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

QUANTILE_MOST = 0.995
_RAISED = 0.3
"""A refusal brings the quantile that is held this much nearer to 1; what is held and not used comes back anyway."""
_CHANGED = 0.05
_FRESH, _FRESH_ENOUGH = 200, 20
"""What is known is looked up again when one in so many more answers has come; a cap is kept fresher than a quantile."""
_REMEMBERED_MAX = 10_000
CONTINUED_CAP = 8.0
"""A long answer that was cut once is cut again at this multiple of the cap; tails are heavy."""


_Alike = tuple[str, int, str, str]
"""Model, lane, tenant, kind of step: calls that are planned alike."""


class Plan(NamedTuple):
    """`need` in tokens; `max_tokens` to send, None to send none; `cut`: it is lower than the caller's."""

    need: Need
    max_tokens: int | None
    cut: bool


class Planner:
    """Plans calls of one account. `version` rises when what is known has changed so much that waiting calls are planned anew."""

    def __init__(self, meter: Meter, guess: OutputGuess, policy: Policy) -> None:
        self._charged = meter.charges_max_tokens
        self.cuts = policy.cap == "always" or (policy.cap == "no_refund" and self._charged and not meter.gives_back)
        self.guess = guess
        self._streams = bool(meter.streamed)
        self._quantile = policy.quantile
        self._policy = policy
        self.prices = policy.prices
        self._unknown = float(policy.max_tokens_unknown)
        self._memo: dict[_Alike, tuple[float | None, float | None]] = {}
        self._before: dict[_Alike, tuple[float | None, float | None]] = {}
        self._learned = self._renew_at = 0
        self.version = 0

    def plan(self, ask: Ask) -> Plan:
        """What this call needs by what is known now."""
        known, cap = self._known(ask)
        wanted = ask.max_tokens
        if cap is not None:
            if ask.continues:
                cap *= CONTINUED_CAP
            if wanted is None or cap < wanted:
                return self._made(ask, cap if known is None else min(known, cap), cap, int(cap), cut=True)
        ceiling = self._unknown if wanted is None else wanted
        output = ceiling if known is None or known > ceiling else known
        if wanted is None and not self._charged:
            return self._made(ask, output, ceiling, None, cut=False)
        return self._made(ask, output, ceiling, int(ceiling), cut=False)

    def _made(self, ask: Ask, output: float, ceiling: float, sent: int | None, *, cut: bool) -> Plan:
        cost = self.cost(ask.model, ask.tokens_input, output, ask.tokens_cached) if self.prices else 0.0
        return Plan(Need(ask.tokens_input, output, ceiling, ask.tokens_cached, cost), sent, cut)

    def _known(self, ask: Ask) -> tuple[float | None, float | None]:
        """(quantile, cap) for such a call; remembered until a few per cent more answers have come."""
        key = (ask.model, ask.lane, ask.tenant, ask.kind)
        known = self._memo.get(key)
        if known is None:
            group = group_of(ask)
            quantile = self.guess.quantile(ask.model, group, self._quantile, ask.kind)
            known = (quantile, self.guess.cap(ask.model, group, ask.kind) if self.cuts else None)
            before = self._before.setdefault(key, known)
            if before is not known and _differ(known, before):
                self.version += 1
                self._before[key] = known
            self._memo[key] = known
        return known

    def refused(self) -> None:
        """The provider had less than was thought: where output streams, long answers may be why, so more is held for each."""
        if self._streams and self._quantile < QUANTILE_MOST:
            self._quantile = min(self._quantile + _RAISED * (1 - self._quantile), QUANTILE_MOST)
            self._memo.clear()

    def learn(self, ask: Ask, output: float, cut_at: float | None) -> None:
        """An answer of `output` tokens; `cut_at`: it ended at this cap of ours."""
        self.guess.learn(ask.model, group_of(ask), output, cut_at=cut_at, kind=ask.kind)
        self._learned += 1
        if self._learned >= self._renew_at:
            self._renew_at = self._learned + max(self._learned // (_FRESH if self.cuts else _FRESH_ENOUGH), 1)
            self._memo.clear()
            if len(self._before) > _REMEMBERED_MAX:
                self._before.clear()

    def learning(self, ask: Ask) -> bool:
        """True while a cut is wanted and not known yet: calls are dear, so few should be out."""
        return self.cuts and self._known(ask)[1] is None

    def cost(self, model: str, tokens_input: float, output: float, cached: float) -> float:
        """US dollars; 0 for a model without a price."""
        price: Price | None = self._policy.prices.get(model)
        if price is None:
            return 0.0
        read = price.input if price.cached is None else price.cached
        return ((tokens_input - cached) * price.input + cached * read + output * price.output) / 1e6

    def priced(self, model: str, usage: Usage) -> Usage:
        """The usage with its cost, where the model has a price and the usage has no cost of its own."""
        if usage.cost_usd is not None:
            return usage
        return usage._replace(cost_usd=self.cost(model, usage.input, usage.output, usage.cache_read))


def group_of(ask: Ask) -> str:
    """Whose answers are alike: those of a tenant in a lane."""
    return f"{ask.lane}/{ask.tenant}"


def _differ(new: tuple[float | None, float | None], old: tuple[float | None, float | None]) -> bool:
    """Whether one of both has changed by more than a bin of the sketch or two."""
    for now, before in zip(new, old, strict=True):
        if now is None or before is None:
            if now is not before:
                return True
        elif abs(now - before) > _CHANGED * before:
            return True
    return False
