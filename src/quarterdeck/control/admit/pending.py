"""A call that asks for leave, in the caller's words: `async with`, `with`, `await`, `.wait()`.

Tries its candidates in order. Whoever is cancelled while waiting leaves no trace in the queue. Refuses: being used twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from quarterdeck.control.admit.account import Outcome, SharedAccount
from quarterdeck.control.admit.ask import Ask, Granted, Refused
from quarterdeck.control.admit.reservation import Reservation
from quarterdeck.control.admit.size import Prompt
from quarterdeck.errors import AdmissionRefused, BadInput

_OTHERS_MAY_DO = ("circuit_open", "spend_cap", "daily_quota", "budget", "deadline", "queue_full", "too_large")
"""Reasons for which a fallback is tried."""


class Candidate(NamedTuple):
    """An account and what it is asked. `prompt`: given when the tokens were estimated."""

    account: SharedAccount
    ask: Ask
    prompt: Prompt | None


class FallbackBudget(Protocol):
    """May one more call fall back? `first`: it is not one, and earns."""

    def __call__(self, *, first: bool) -> bool: ...


class Pending:
    """Made by `Admission.admit`; becomes a `Reservation`, or raises AdmissionRefused."""

    def __init__(self, candidates: Sequence[Candidate], attempt: int, fall_back: FallbackBudget) -> None:
        self._candidates = candidates
        self._attempt = attempt
        self._fall_back = fall_back
        self._used = False
        self._granted: Reservation | None = None

    # ------------------------------------------------------------ in a thread

    def wait(self) -> Reservation:
        """Wait in this thread. Raises AdmissionRefused."""
        refused: Refused | None = None
        for candidate in self._begin():
            outcome = candidate.account.ask(candidate.ask)
            if isinstance(outcome, Future):
                outcome = self._result(candidate, outcome)
            if isinstance(outcome, Granted):
                return self._reservation(candidate, outcome)
            refused = outcome
            if not self._may_try_next(outcome):
                break
        raise _error(refused)

    @staticmethod
    def _result(candidate: Candidate, promise: Future[Outcome]) -> Outcome:
        try:
            return promise.result()
        except BaseException:  # an interrupt: nobody waits any more
            _give_up(candidate, promise)
            raise

    def __enter__(self) -> Reservation:
        self._granted = self.wait()
        return self._granted

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._granted is not None
        self._granted.close(error)

    # ------------------------------------------------------------ in an event loop

    async def _wait_async(self) -> Reservation:
        refused: Refused | None = None
        for candidate in self._begin():
            outcome = candidate.account.ask(candidate.ask)
            if isinstance(outcome, Future):
                outcome = await self._result_async(candidate, outcome)
            if isinstance(outcome, Granted):
                return self._reservation(candidate, outcome)
            refused = outcome
            if not self._may_try_next(outcome):
                break
        raise _error(refused)

    @staticmethod
    async def _result_async(candidate: Candidate, promise: Future[Outcome]) -> Outcome:
        try:
            return await asyncio.wrap_future(promise)
        except asyncio.CancelledError:
            _give_up(candidate, promise)
            raise

    def __await__(self) -> Generator[Any, None, Reservation]:
        return self._wait_async().__await__()

    async def __aenter__(self) -> Reservation:
        self._granted = await self
        return self._granted

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._granted is not None
        self._granted.close(error)

    # ------------------------------------------------------------ both

    def _begin(self) -> Sequence[Candidate]:
        if self._used:
            raise BadInput("this admission was used already; call admit() again for another call")
        self._used = True
        self._fall_back(first=True)
        return self._candidates

    def _may_try_next(self, refused: Refused) -> bool:
        return refused.reason in _OTHERS_MAY_DO and self._fall_back(first=False)

    def _reservation(self, candidate: Candidate, granted: Granted) -> Reservation:
        ask = candidate.ask
        return Reservation(
            candidate.account,
            granted,
            model=ask.model,
            lane=candidate.account.gate.policy.lanes[ask.lane],
            tenant=ask.tenant,
            task=ask.task,
            attempt=self._attempt,
            prompt=candidate.prompt,
        )


def _give_up(candidate: Candidate, promise: Future[Outcome]) -> None:
    """Out of the queue; if it was granted in the same moment, that comes back."""
    promise.cancel()
    candidate.account.give_up(promise)


def _error(refused: Refused | None) -> AdmissionRefused:
    assert refused is not None
    return AdmissionRefused(
        f"not admitted, {refused.reason}: {refused.detail}", reason=refused.reason, retry_after_s=refused.starts_in_s
    )
