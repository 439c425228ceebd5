"""One budget of retries for all calls of an account, so that an outage cannot multiply its own load.

Each first attempt earns a tenth of a retry. Refuses: a retry of what no retry can mend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from quarterdeck.control.admit.feedback import Feedback

SHARE = 0.1
SAVED_MAX = 10.0
BASE_S = 0.5
LONGEST_S = 30.0
SPREAD = 0.5
"""A server's delay is lengthened by up to this share of itself, at random: a fleet told the same would wake in step."""


class RetryAdvice(NamedTuple):
    """May the call be tried again, and when. `after_s` is set in both cases where it is known."""

    again: bool
    after_s: float | None
    reason: str


class RetryBudget:
    """`share` of first attempts may be tried again; at most `SAVED_MAX` are saved up."""

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self.saved = min(1.0 + 20 * share, SAVED_MAX)
        self.first = 0
        self.retries = 0
        self.denied = 0

    def attempt(self, *, is_retry: bool) -> None:
        """A call goes out."""
        if is_retry:
            self.retries += 1
        else:
            self.first += 1
            self.saved = min(self.saved + self._share, SAVED_MAX)

    def advise(self, feedback: Feedback, attempt: int, chance: Callable[[], float]) -> RetryAdvice:
        """Whether attempt number `attempt` (from 1), which ended so, may be followed by another; takes from the budget."""
        if feedback.terminal is not None:
            return RetryAdvice(False, feedback.resumes_in_s, feedback.terminal)
        if feedback.kind in ("ok", "client") or feedback.should_retry is False:
            return RetryAdvice(False, None, "no retry can mend it")
        after_s = self.delay_s(feedback.retry_after_s, attempt, chance)
        if self.saved < 1.0:
            self.denied += 1
            return RetryAdvice(False, after_s, "retry budget spent")
        self.saved -= 1.0
        return RetryAdvice(True, after_s, "within budget")

    @staticmethod
    def delay_s(told_s: float | None, attempt: int, chance: Callable[[], float]) -> float:
        """The server's delay plus its spread; without one, full jitter over a wait that doubles."""
        if told_s is not None:
            return told_s * (1 + SPREAD * chance())
        return max(min(BASE_S * 2.0 ** (attempt - 1), LONGEST_S) * chance(), 0.05)
