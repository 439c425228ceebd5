"""All decisions about one provider account: who may start, when, with how much. No I/O, no clock, no thread.

A gate joins the ledger (is there room), the waiters (whose turn is it), health (may anything go out) and what was
learned (how long answers are). Refuses: an answer without its reason, and letting anyone pass a head that waits for room.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from random import SystemRandom
from typing import Any

from quarterdeck.control.admit.ask import Ask, Decision, Granted, Queued, Reason, Refused, scopes_of
from quarterdeck.control.admit.call import Call, cost_of
from quarterdeck.control.admit.capacity import Little
from quarterdeck.control.admit.charge import Charge, Limits
from quarterdeck.control.admit.engine import ACCOUNT, Engine, Short
from quarterdeck.control.admit.feedback import Feedback
from quarterdeck.control.admit.health import Block, Health
from quarterdeck.control.admit.learned import Learned
from quarterdeck.control.admit.ledger import Ledger
from quarterdeck.control.admit.meter import Meter
from quarterdeck.control.admit.need import Usage, read_usage
from quarterdeck.control.admit.outputs import OutputBook, OutputGuess
from quarterdeck.control.admit.plan import Planner
from quarterdeck.control.admit.policy import Policy
from quarterdeck.control.admit.predict import Predictor
from quarterdeck.control.admit.retries import RetryAdvice, RetryBudget
from quarterdeck.control.admit.waiters import Waiters

NEVER = float("inf")
LEARNING_MAX = 8
"""Calls out at a time while the cap of answers is not known and `max_tokens` is charged for good."""
CONCURRENCY_MIN = 32
_EXPIRE_EVERY_S = 1.0
_NOTHING = Charge()
_CHANCE = SystemRandom().random


class Gate:
    """One account. `limits` per minute, at once and per day; `shares` by scope (`tenant:acme`, `task:*`, …).

    Give `engine` to keep the buckets elsewhere, `guess` to know answers better; `chance` draws from 0 to 1. Every method takes `now`, seconds since
    the epoch on a clock that never goes back.
    """

    def __init__(
        self,
        meter: Meter,
        limits: Limits,
        now: float,
        *,
        policy: Policy | None = None,
        shares: Mapping[str, Limits] | None = None,
        engine: Engine | None = None,
        guess: OutputGuess | None = None,
        chance: Callable[[], float] = _CHANCE,
    ) -> None:
        self.policy = policy or Policy()
        self.meter = meter
        self.limits = limits
        self.shed: Counter[str] = Counter()
        self.cut_answers = self.answers = 0
        self.engine: Engine = engine or Ledger(
            limits, now, burst_s=meter.burst_s, streamed=meter.streamed, shares=shares, lease_s=self.policy.lease_s
        )
        self.planner = Planner(meter, guess or OutputBook(), self.policy)
        self.health = Health(self.policy.cost_usd_per_hour)
        self.little = Little(now)
        self.retries = RetryBudget(self.policy.retry_share)
        self.waiters = Waiters((self.policy.floor_share,) * len(self.policy.lanes), self.policy.weights, self._renew)
        self._scoped = bool(shares)
        self.learned = Learned(now, meter, limits)
        self._chance = chance
        self._out: dict[int, Call] = {}
        self._by_hold: dict[int, int] = {}
        self._waiting: dict[int, Call] = {}
        self._due: list[tuple[float, int]] = []
        self._last_due: deque[tuple[float, int]] = deque()
        self._last = 0
        self._expire_at = now
        self._predict = Predictor(
            self.engine, self.waiters, self.little, at_once=limits.concurrency, lanes=len(self.policy.lanes)
        )
        self._due_at = NEVER
        self._wake: float | None = None

    # ------------------------------------------------------------ asking

    def ask(self, now: float, ask: Ask) -> Decision:
        """May this call start? Granted, queued under a ticket, or refused; never raises for what a provider may do."""
        self._last += 1
        if now >= self._expire_at:
            self._expire(now)
        plan = self.planner.plan(ask)
        call = Call(self._last, ask, plan, self.meter.at_admission(plan.need), now)
        if self._scoped:
            call.scopes = scopes_of(ask)
        block = self._block(now, ask)
        if block is not None and block.final:
            return self._refuse(call, block.reason, "the account is closed", block.wait_s)
        call.reason = "behind_others" if block is None else block.reason
        if block is None and not self.waiters.calls:
            short = self._reserve(now, call)
            if short is None:
                call.cost = 0.0  # nobody waits, so it is taken from nobody
                return self._grant(now, call, "room")
            if short.never or short.dimension == "cost_usd":
                return self._no_room_ever(call, short)
            call.reason = "no_room" if short.scope == ACCOUNT else "share_full"
        else:
            never = self.engine.too_large(call.charge, call.scopes)
            if never is not None:
                return self._no_room_ever(call, never)
        return self._queue(now, call, block)

    def _reserve(self, now: float, call: Call) -> Short | None:
        """None when it is held now."""
        if self.limits.cost_usd is not None and call.ask.lane > 0:  # the last of a day's money is the first lane's
            kept = Charge(cost_usd=call.charge.cost_usd + self.limits.cost_usd * self.policy.budget_kept)
            wait_s = self.engine.wait_s(now, kept)
            if wait_s > 0:
                return Short(ACCOUNT, "cost_usd", wait_s)
        got = self.engine.reserve(now, call.charge, call.scopes)
        if isinstance(got, Short):
            return got
        call.hold = got
        return None

    def _no_room_ever(self, call: Call, short: Short) -> Refused:
        where = "the account" if short.scope == ACCOUNT else short.scope
        if short.dimension == "cost_usd":
            return self._refuse(call, "budget", f"the day's money of {where} is spent", short.wait_s)
        needed = f"needs {getattr(call.charge, short.dimension):,.0f} of {short.dimension}"
        return self._refuse(call, "too_large", f"{needed}, more than {where} can ever hold", None)

    def _queue(self, now: float, call: Call, block: Block | None) -> Queued | Refused:
        ask = call.ask
        starts_in_s = self._predict.roughly_s(now, call, block)
        if starts_in_s is not None:
            ends_in_s = starts_in_s + (self.little.time_s or 0.0)
            if ask.deadline_at is not None and now + ends_in_s > ask.deadline_at:
                left = f"its deadline is in {ask.deadline_at - now:.1f} s"
                return self._refuse(call, "deadline", f"would end in {ends_in_s:.1f} s, {left}", starts_in_s)
            if starts_in_s > self.policy.queue_s:
                return self._refuse(call, "queue_full", f"would start in {starts_in_s:.0f} s", starts_in_s)
        if ask.has_fallback and call.reason == "circuit_open":
            return self._refuse(call, "circuit_open", "the provider fails, and there is a fallback", starts_in_s)
        last = now + self.policy.queue_s
        call.due = last if ask.deadline_at is None else ask.deadline_at
        call.planned = self.planner.version
        self.waiters.add(call)
        self._waiting[call.ticket] = call
        if ask.deadline_at is None or ask.deadline_at > last:
            self._last_due.append((last, call.ticket))
        else:
            heappush(self._due, (ask.deadline_at, call.ticket))
        self._due_at = min(self._due_at, call.due, last)
        self._wake = now if self._wake is None else self._wake
        return Queued(call.ticket, call.reason, starts_in_s)

    def starts_in_s(self, now: float, lane: int) -> float | None:
        """When a small call of a new tenant in this lane would start if it came now; None when that cannot be said."""
        ask = Ask("", 1.0, 1.0, lane=lane)
        plan = self.planner.plan(ask)
        call = Call(0, ask, plan, self.meter.at_admission(plan.need), now)
        return self._predict.start_s(now, call, self._block(now, ask))

    def _refuse(self, call: Call, reason: Reason, detail: str, starts_in_s: float | None) -> Refused:
        self.shed[reason] += 1
        return Refused(call.ticket, reason, detail, starts_in_s if starts_in_s != NEVER else None)

    def _block(self, now: float, ask: Ask) -> Block | None:
        troubled = self.health.troubled
        if troubled:
            block = self.health.block(now)
            if block is not None:
                return block
        out = self.little.in_flight
        if self.planner.cuts and out >= LEARNING_MAX and self.planner.learning(ask):
            return Block("learning", NEVER)
        if (troubled or not self.learned.told or self.health.first_tokens.share < 1.0) and out >= self.in_flight_max():
            return Block("no_room", NEVER)
        return None

    def in_flight_max(self) -> float:
        """2·λ·W where both are measured, less while answers begin late or an outage has just ended; inf when unknown."""
        most = self.health.in_flight_max()
        last = self.little.last
        if last is None or self.limits.concurrency is not None:
            return most
        share = self.health.first_tokens.share
        if share < 1.0:
            most = min(most, max(last.in_flight * share, 1.0))
        return most if self.learned.told else min(most, max(2.0 * last.per_s * last.time_s, CONCURRENCY_MIN))

    def _grant(self, now: float, call: Call, reason: Reason) -> Granted:
        call.sent_at = now
        self._out[call.ticket] = call
        self._by_hold[call.hold] = call.ticket
        self.little.start(now)
        self.retries.attempt(is_retry=call.ask.is_retry)
        if self.health.troubled:
            self.health.sent(now)
        if not self.learned.told:
            self.learned.granted(call)
        return Granted(call.ticket, call.charge, call.plan.max_tokens, now - call.queued_at, reason)

    def pump(self, now: float) -> list[Granted | Refused]:
        """Let start whoever can, in order; end what is overdue. Call after anything that gives room, and at `next_wake`."""
        self._expire(now)
        done: list[Granted | Refused] = self._overdue(now)
        if self._scoped:
            self._return_parked(now)
        wake = NEVER
        while (call := self.waiters.next()) is not None:
            block = self._block(now, call.ask)
            if block is not None and not block.final:
                wake = now + block.wait_s
                break
            got = self._start(now, call, block)
            if isinstance(got, Short):
                wake = now + got.wait_s
                break
            if got is not None:
                done.append(got)
        self._wake = self._earliest(now, wake)
        return done

    def _start(self, now: float, call: Call, block: Block | None) -> Granted | Refused | Short | None:
        """Try to start the head: what became of it, what is short for it, or None when it stepped aside."""
        if block is not None:
            self._forget(call)
            return self._refuse(call, block.reason, "the account was closed while it waited", block.wait_s)
        self._renew(call)
        short = self._reserve(now, call)
        if short is None:
            del self._waiting[call.ticket]
            self.waiters.take(call)
            return self._grant(now, call, "waited")
        if short.never or short.dimension == "cost_usd":
            self._forget(call)
            return self._no_room_ever(call, short)
        if short.scope != ACCOUNT:
            self.waiters.park(call, short.scope)
            return None
        return short

    def _renew(self, call: Call) -> None:
        """What was thought when it came may be old."""
        if self.planner.version != call.planned:
            call.plan = self.planner.plan(call.ask)
            call.planned = self.planner.version
            self.waiters.replan(call, self.meter.at_admission(call.plan.need))

    def _forget(self, call: Call) -> None:
        self._waiting.pop(call.ticket, None)
        self.waiters.cancel(call)

    def _overdue(self, now: float) -> list[Granted | Refused]:
        done: list[Granted | Refused] = []
        if now < self._due_at:
            return done
        while (at := self._next_due()) is not None and at <= now:
            first = self._due and (not self._last_due or self._due[0] <= self._last_due[0])
            self._forget(call := self._waiting[(heappop(self._due) if first else self._last_due.popleft())[1]])
            reason: Reason = "queue_full" if call.ask.deadline_at is None else "deadline"
            done.append(self._refuse(call, reason, f"waited {now - call.queued_at:.1f} s in vain", None))
        self._due_at = NEVER if at is None else at
        return done

    def _next_due(self) -> float | None:
        """When the next that still waits must be told no."""
        due, last, waiting = self._due, self._last_due, self._waiting
        while due and due[0][1] not in waiting:
            heappop(due)
        while last and last[0][1] not in waiting:
            last.popleft()
        if due and last:
            return min(due[0][0], last[0][0])
        return due[0][0] if due else last[0][0] if last else None

    def _return_parked(self, now: float) -> None:
        for scope, first in self.waiters.parked():
            if self.engine.wait_s(now, first.charge, (scope,)) <= self.engine.wait_s(now, first.charge):
                self.waiters.unpark(scope)

    def _earliest(self, now: float, wake: float) -> float | None:
        if self._scoped:
            for scope, first in self.waiters.parked():
                wake = min(wake, now + self.engine.wait_s(now, first.charge, (scope,)))
        due = self.engine.due()
        wake = min(wake, self._due_at, NEVER if due is None else due)
        return None if wake == NEVER else wake

    def next_wake(self) -> float | None:
        """When `pump` should be called if nothing else happens; None: only an event can help."""
        return self._wake

    def cancel(self, now: float, ticket: int) -> None:
        """Whoever asked has gone: out of the queue, or its reservation given back."""
        call = self._waiting.get(ticket)
        if call is None:
            self.refund(now, ticket)
        else:
            self._forget(call)
            self.shed["cancelled"] += 1

    # ------------------------------------------------------------ what came back

    def observe(self, now: float, ticket: int, feedback: Feedback, *, first_token: bool = False) -> None:
        """The provider has begun to answer, or more of the answer came: its word on limits, and a sign of life."""
        if (call := self._out.get(ticket)) is None:
            return
        self.engine.renew(now, call.hold)
        if not call.told:
            call.told = True
            self.engine.observe(now, call.hold, feedback.windows)
            self.learned.said(now, call, feedback.windows)
        if first_token and call.first_at is None:
            call.first_at = now
            self.health.began(call.sent_at)
            self.health.first_tokens.seen(now - call.sent_at)

    def settle(self, now: float, ticket: int, usage: Usage | Any | None, *, truncated: bool = False) -> bool:
        """The answer is complete. `usage` None: not reported, so what was reserved is charged. False: not known (any more)."""
        used = usage if isinstance(usage, Usage) else read_usage(usage)
        call = self._out.pop(ticket, None)
        if call is None:
            return False
        if used is None:
            final = call.charge._replace(concurrency=0.0)
        else:
            if self.planner.prices:
                used = self.planner.priced(call.ask.model, used)
            final = self.meter.at_settlement(call.plan.need, used)
            cut_at = float(call.plan.max_tokens or 0) if truncated and call.plan.cut else None
            if not call.ask.continues:
                self.planner.learn(call.ask, used.output, cut_at)
            self.learned.settled(call, used)
            self.answers += 1
            self.cut_answers += cut_at is not None
        self._ended(now, call, final)
        if self.health.troubled:
            self.health.succeeded(call.sent_at, begun=call.first_at is not None)
        if final.cost_usd:
            self.health.spent(now, final.cost_usd)
        return True

    def _ended(self, now: float, call: Call, final: Charge) -> None:
        self._by_hold.pop(call.hold, None)
        self.engine.settle(now, call.hold, final)
        self.little.end(now, now - call.sent_at)
        self._wake = now if self._waiting else self._wake
        if call.cost:
            paid = 0.0 if final is _NOTHING else cost_of(final)
            self.waiters.charge(call.ask.lane, call.ask.tenant, paid - call.cost)
        if not self.learned.told:
            self._set_measured(now, self.learned.ended(now, call, final, demand=self.waiters.calls > 0))

    def refund(self, now: float, ticket: int) -> bool:
        """The call did not reach the provider, or was not charged: everything comes back. False: not known."""
        call = self._out.pop(ticket, None)
        if call is None:
            return False
        self._ended(now, call, _NOTHING)
        self.health.lost(call.sent_at)
        return True

    def fail(self, now: float, ticket: int, feedback: Feedback, *, attempt: int = 1) -> RetryAdvice:
        """The provider refused or failed it: everything comes back, and whether attempt + 1 may follow."""
        call = self._out.pop(ticket, None)
        if call is None:
            return RetryAdvice(False, None, "not known")
        self.engine.observe(now, call.hold, feedback.windows)
        self._ended(now, call, _NOTHING)
        if feedback.kind == "client":
            self.health.lost(call.sent_at)
        else:
            self.health.failed(now, call.sent_at, feedback)
        if feedback.kind == "rate" and feedback.terminal is None and not feedback.windows:
            self._set_measured(now, self.learned.refused(now))
            self.engine.drained(now, feedback.dimensions)
            self.planner.refused()
        return self.retries.advise(feedback, attempt, self._chance)

    def _set_measured(self, now: float, limits: Mapping[int, float]) -> None:
        for i, limit in limits.items():
            self.engine.set_limit(now, i, limit)

    def _expire(self, now: float) -> None:
        self._expire_at = now + _EXPIRE_EVERY_S
        for hold in self.engine.expire(now):
            if (call := self._out.pop(self._by_hold.pop(hold, 0), None)) is not None:
                self.little.end(now, now - call.sent_at)
                self.health.lost(call.sent_at)
                self.shed["lease_expired"] += 1
