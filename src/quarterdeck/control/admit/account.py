"""One provider account for many threads and event loops: a gate behind a lock, and a promise for each who waits.

Whoever waits holds a `Future`; it is fulfilled outside the lock, by whichever thread made room. Refuses: deciding.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from quarterdeck.control.admit.ask import Ask, Granted, Queued, Refused
from quarterdeck.control.admit.engine import ACCOUNT
from quarterdeck.control.admit.feedback import Feedback
from quarterdeck.control.admit.gate import Gate
from quarterdeck.control.admit.need import read_usage
from quarterdeck.control.admit.retries import RetryAdvice
from quarterdeck.control.admit.size import Prompt, PromptSize
from quarterdeck.control.admit.status import AccountStatus, status_of

Outcome = Granted | Refused


class SharedAccount:
    """`now`: seconds since the epoch that never go back. `alarm`: told when the gate should be pumped next."""

    def __init__(self, name: str, gate: Gate, now: Callable[[], float], alarm: Callable[[float], None]) -> None:
        self._name = name
        self.gate = gate
        self._now = now
        self._alarm = alarm
        self._lock = threading.Lock()
        self._promises: dict[int, Future[Outcome]] = {}
        self._tickets: dict[Future[Outcome], int] = {}
        self.prompts = PromptSize()

    @property
    def name(self) -> str:
        """The pattern of models that it is for."""
        return self._name

    def ask(self, ask: Ask) -> Granted | Refused | Future[Outcome]:
        """The decision, or a promise of it when it has to wait; give up a promise with `cancel`."""
        with self._lock:
            decision = self.gate.ask(self._now(), ask)
            if not isinstance(decision, Queued):
                return decision
            promise: Future[Outcome] = Future()
            self._promises[decision.ticket] = promise
            self._tickets[promise] = decision.ticket
        self.pump()
        return promise

    def give_up(self, promise: Future[Outcome]) -> None:
        """Whoever waited has gone: out of the queue; if it was granted in the same moment, that comes back."""
        with self._lock:
            ticket = self._tickets.pop(promise, None)
            if ticket is not None:
                del self._promises[ticket]
                self.gate.cancel(self._now(), ticket)
        if ticket is None and promise.done() and not promise.cancelled():
            outcome = promise.result()
            if isinstance(outcome, Granted):
                self.refund(outcome.ticket)
        self._made_room()

    def pump(self) -> None:
        """Let start whoever can, and set the alarm for the next time."""
        with self._lock:
            done = self.gate.pump(self._now())
            wake = self.gate.next_wake()
            ready = [(self._promises.pop(outcome.ticket), outcome) for outcome in done]
            for promise, _ in ready:
                del self._tickets[promise]
        for promise, outcome in ready:
            if promise.set_running_or_notify_cancel():
                promise.set_result(outcome)
            elif isinstance(outcome, Granted):  # it was cancelled between the lock and here
                self.refund(outcome.ticket)
        if wake is not None:
            self._alarm(wake)

    def observe(self, ticket: int, status: int, headers: Mapping[str, Any] | None, *, first_token: bool) -> Feedback:
        with self._lock:
            now = self._now()
            feedback = self.gate.meter.feedback(status, headers, None, now)
            self.gate.observe(now, ticket, feedback, first_token=first_token)
        return feedback

    def settle(self, ticket: int, usage: Any, *, truncated: bool, prompt: Prompt | None) -> bool:
        used = read_usage(usage)
        with self._lock:
            known = self.gate.settle(self._now(), ticket, used, truncated=truncated)
            if used is not None and prompt is not None:
                self.prompts.learn(prompt, used.input)
        self._made_room()
        return known

    def refund(self, ticket: int) -> bool:
        with self._lock:
            known = self.gate.refund(self._now(), ticket)
        self._made_room()
        return known

    def fail(
        self, ticket: int, status: int | None, headers: Mapping[str, Any] | None, body: Any, *, attempt: int
    ) -> RetryAdvice:
        with self._lock:
            now = self._now()
            feedback = self.gate.meter.feedback(status, headers, body, now)
            advice = self.gate.fail(now, ticket, feedback, attempt=attempt)
        self._made_room()
        return advice

    def _made_room(self) -> None:
        if self._promises:
            self.pump()

    def remaining(self) -> dict[str, float]:
        """What is left of each limit of the account itself, by dimension."""
        with self._lock:
            return {d.dimension: d.level for d in self.gate.engine.state(self._now()) if d.scope == ACCOUNT}

    def status(self) -> AccountStatus:
        """What stands in the ledger and who waits."""
        with self._lock:
            return status_of(self._name, self.gate, self._now())
