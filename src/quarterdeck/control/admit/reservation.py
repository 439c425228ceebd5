"""A reservation in the caller's hands: what to send, and the duty to say how it ended.

Left without a word, a reservation is charged as reserved; left by an exception, it is given back or counted as a failure.
Refuses: being settled twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from quarterdeck.control.admit.ask import Granted
from quarterdeck.control.admit.charge import Charge
from quarterdeck.control.admit.feedback import Feedback
from quarterdeck.control.admit.retries import RetryAdvice
from quarterdeck.control.admit.size import Prompt


class Account(Protocol):
    """What a reservation asks of the account that granted it. Thread-safe."""

    @property
    def name(self) -> str: ...

    def observe(
        self, ticket: int, status: int, headers: Mapping[str, Any] | None, *, first_token: bool
    ) -> Feedback: ...

    def settle(self, ticket: int, usage: Any, *, truncated: bool, prompt: Prompt | None) -> bool: ...

    def refund(self, ticket: int) -> bool: ...

    def fail(
        self, ticket: int, status: int | None, headers: Mapping[str, Any] | None, body: Any, *, attempt: int
    ) -> RetryAdvice: ...


class Reservation:
    """Leave to make one call.

    `model`: of the account that granted it (a fallback's may differ). `max_tokens`: what to send, None for nothing; it may be
    lower than asked for. `waited_s`, `lane`, `tenant`, `task`, `charge` (what is held, by dimension), `attempt` from 1.
    """

    def __init__(
        self,
        account: Account,
        granted: Granted,
        *,
        model: str,
        lane: str,
        tenant: str,
        task: str | None,
        attempt: int,
        prompt: Prompt | None,
    ) -> None:
        self._account = account
        self._prompt = prompt
        self.id = granted.ticket
        self.account = account.name
        self.model = model
        self.max_tokens = granted.max_tokens
        self.charge: Charge = granted.charge
        self.waited_s = granted.waited_s
        self.reason = granted.reason
        self.lane = lane
        self.tenant = tenant
        self.task = task
        self.attempt = attempt
        self.ended = False

    def observe(
        self, headers: Mapping[str, Any] | None = None, *, status: int = 200, first_token: bool = False
    ) -> Feedback:
        """Tell what came with the answer, and that it is alive; once for the headers, then as often as you like.

        `first_token`: the first piece of the answer is here. Answers what the headers said.
        """
        return self._account.observe(self.id, status, headers, first_token=first_token)

    def settle(self, usage: Any = None, *, truncated: bool = False) -> bool:
        """The answer is complete. `usage`: the provider's object or mapping, a `Usage`, or None when it was not reported.

        `truncated`: it ended at `max_tokens`. False: the reservation had ended before. Raises BadInput for usage without counts.
        """
        if self.ended:
            return False
        known = self._account.settle(self.id, usage, truncated=truncated, prompt=self._prompt)
        self.ended = True
        return known

    def refund(self) -> bool:
        """The call was not made: everything comes back."""
        if self.ended:
            return False
        self.ended = True
        return self._account.refund(self.id)

    def fail(self, status: int | None, headers: Mapping[str, Any] | None = None, body: Any = None) -> RetryAdvice:
        """The provider refused or failed the call. `status` None: the connection was lost.

        Answers whether it may be tried again, and after how long; a retry is a new `admit` with `attempt` + 1.
        """
        if self.ended:
            return RetryAdvice(False, None, "ended before")
        self.ended = True
        return self._account.fail(self.id, status, headers, body, attempt=self.attempt)

    def close(self, error: BaseException | None = None) -> None:
        """End it as leaving its `with` block does: what an exception of an SDK says (`status_code`, `response`) is taken."""
        if self.ended:
            return
        if error is None:
            self.settle(None)
            return
        status = getattr(error, "status_code", None)
        response = getattr(error, "response", None)
        if isinstance(status, int):
            self.fail(status, getattr(response, "headers", None), getattr(error, "body", None))
        elif isinstance(error, ConnectionError | TimeoutError) or "Connection" in type(error).__name__:
            self.fail(None)
        else:
            self.refund()
