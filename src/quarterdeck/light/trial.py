"""Our own admission as one client among others on the simulator's virtual clock.

What is tried here is `Gate` itself, with the time of the simulation: the decisions that a process makes, without its
threads. Refuses: an advantage; it is told only what a client on the wire can know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quarterdeck.control.admit.ask import Ask, Granted, Refused
from quarterdeck.control.admit.charge import Limits
from quarterdeck.control.admit.gate import Gate
from quarterdeck.control.admit.meters import find_meter
from quarterdeck.control.admit.need import Usage
from quarterdeck.control.admit.policy import Policy
from quarterdeck.simulate.load.client import Answer, Demand, Refusal, Wire

MODEL = "trial"
_FOR_GOOD = ("too_large", "spend_cap", "budget")
_AGAIN_S_MAX = 60.0


class TrialClient:
    """A gate on a wire. `limits` as the client was told them: empty to let it learn them. `status` of failures by meter."""

    def __init__(
        self,
        wire: Wire,
        meter: str,
        limits: Mapping[str, float] | None,
        *,
        policy: Policy | None = None,
        shares: Mapping[str, Limits] | None = None,
        chance: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self._wire = wire
        self.gate = Gate(find_meter(meter), Limits.read(limits), wire.now, policy=policy, shares=shares, chance=chance)
        self._asked: dict[int, Demand] = {}
        self._tickets: dict[int, int] = {}
        self._attempts: dict[int, int] = {}
        self._wake: float | None = None

    def arrived(self, demand: Demand) -> None:
        """Ask the gate; what it grants is sent, now or later."""
        lane = self.gate.policy.lane(demand.lane if demand.lane in self.gate.policy.lanes else None)
        ask = Ask(
            MODEL,
            demand.tokens_input,
            demand.max_tokens,
            demand.tokens_cached,
            lane,
            demand.tenant,
            demand.task,
            is_retry=self._attempts.get(demand.ticket, 1) > 1,
            continues=demand.continues,
        )
        decision = self.gate.ask(self._wire.now, ask)
        self._asked[decision.ticket] = demand
        if isinstance(decision, Granted | Refused):
            self._decided(decision)
        self._set_wake()

    def began(self, demand: Demand, headers: Mapping[str, str]) -> None:
        """The headers are the provider's own word."""
        now = self._wire.now
        feedback = self.gate.meter.feedback(200, headers, None, now)
        self.gate.observe(now, self._tickets[demand.ticket], feedback, first_token=True)
        self._pump()

    def answered(self, demand: Demand, answer: Answer) -> None:
        """Settle with real usage."""
        usage = Usage(answer.tokens_input, answer.tokens_output, answer.tokens_cached)
        self._attempts.pop(demand.ticket, None)
        self.gate.settle(self._wire.now, self._tickets.pop(demand.ticket), usage, truncated=answer.truncated)
        self._pump()

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        """Give the reservation back; come again within the budget of retries, or as the caller's own next try."""
        now = self._wire.now
        feedback = self.gate.meter.feedback(refusal.status, refusal.headers, refusal.body, now)
        attempt = self._attempts.get(demand.ticket, 1)
        advice = self.gate.fail(now, self._tickets.pop(demand.ticket), feedback, attempt=attempt)
        if feedback.terminal is not None:
            self._wire.give_up(demand, feedback.terminal)
        else:
            self._attempts[demand.ticket] = attempt + 1 if advice.again else 1
            self._wire.after(advice.after_s or 1.0, self.arrived, demand)
        self._pump()

    def _decided(self, decision: Granted | Refused) -> None:
        demand = self._asked.pop(decision.ticket)
        if isinstance(decision, Granted):
            self._tickets[demand.ticket] = decision.ticket
            sent = demand.max_tokens if decision.max_tokens is None else float(decision.max_tokens)
            self._wire.send(demand, sent)
        elif decision.reason in _FOR_GOOD:
            self._wire.give_up(demand, decision.reason)
        else:
            self._wire.after(min(decision.starts_in_s or 1.0, _AGAIN_S_MAX), self.arrived, demand)

    def _pump(self) -> None:
        for decision in self.gate.pump(self._wire.now):
            self._decided(decision)
        self._set_wake()

    def _set_wake(self) -> None:
        wake = self.gate.next_wake()
        if wake is not None and (self._wake is None or wake < self._wake):
            self._wake = wake
            self._wire.after(wake - self._wire.now, self._rung, wake)

    def _rung(self, at: float) -> None:
        if self._wake == at:
            self._wake = None
        self._pump()
