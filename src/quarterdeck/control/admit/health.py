"""Whether calls may go out at all: pauses after refusals, terminal refusals, breakers, and how many at a time.

Pure. Refuses: failing a call that could wait, and holding calls back without saying why and until when.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from quarterdeck.control.admit.ask import Reason
from quarterdeck.control.admit.breaker import Breaker
from quarterdeck.control.admit.capacity import FirstTokens
from quarterdeck.control.admit.feedback import Feedback

PAUSE_S = 1.0
PAUSE_S_MAX = 30.0
PACED = 16
"""Answers after a pause of our own choice, until which no more calls are out than answers have begun, and one."""
CLOSED_S = 3600.0
"""How long an account stays closed after a terminal refusal that does not say until when."""
HOUR_S = 3600.0
NEVER = float("inf")


class Block(NamedTuple):
    """Why nothing goes out now, and for how long; inf: until something ends. `final`: refuse, do not wait."""

    reason: Reason
    wait_s: float
    final: bool = False


class Health:
    """One account's. `cost_usd_per_hour`: beyond it calls are refused until the hour has passed."""

    def __init__(self, cost_usd_per_hour: float | None = None) -> None:
        self.breakers = {"server": Breaker(), "overloaded": Breaker()}
        self._breakers = tuple(self.breakers.values())
        self.first_tokens = FirstTokens()
        self.refused = 0
        self.troubled = False
        self._pause_until = self._pause_began = 0.0
        self._pauses = 0
        self._paced = False
        self._sent = self._came = 0
        self._closed_until = 0.0
        self._closed_for: Reason = "spend_cap"
        self._per_hour = cost_usd_per_hour
        self._spent: deque[tuple[float, float]] = deque()
        self._spent_sum = 0.0

    def block(self, now: float) -> Block | None:
        """None when calls may go out."""
        if not self.troubled:
            return None
        if now < self._closed_until:
            return Block(self._closed_for, self._closed_until - now, final=True)
        if self._hour_is_spent(now):
            return Block("budget", self._spent[0][0] + HOUR_S - now, final=True)
        return self._held_back(now)

    def _held_back(self, now: float) -> Block | None:
        """What ends by itself: a pause, calls that go out a few at a time after it, an open breaker."""
        if now < self._pause_until:
            return Block("paused", self._pause_until - now)
        if self._paced and self._sent - self._came > self._came:
            return Block("paused", NEVER)
        waits = max(breaker.blocked_s(now) for breaker in self.breakers.values())
        if waits > 0:
            return Block("circuit_open", waits)
        self._settle_down(now)
        return None

    def _settle_down(self, now: float) -> None:
        calm = all(one.calm for one in self._breakers) and not self._pauses
        self.troubled = not calm or self._paced or self._spent_sum > 0 or now < self._pause_until

    def _hour_is_spent(self, now: float) -> bool:
        while self._spent and self._spent[0][0] + HOUR_S <= now:
            self._spent_sum -= self._spent.popleft()[1]
        return self._per_hour is not None and bool(self._spent) and self._spent_sum >= self._per_hour

    def in_flight_max(self) -> float:
        """How many calls the breakers let be out while they return from an outage; inf as a rule."""
        return min((b.ramp for b in self.breakers.values() if b.ramp is not None), default=NEVER)

    def sent(self, now: float) -> None:
        """A call goes out in troubled times."""
        self._sent += 1
        for breaker in self._breakers:
            breaker.sent(now)

    def began(self, sent_at: float) -> None:
        """An answer has begun. After a pause that nobody ended for us, calls go out one, two, four at a time."""
        if self._paced and sent_at > self._pause_began:
            self._came += 1
            self._paced = self._came < PACED

    def succeeded(self, sent_at: float, *, begun: bool) -> None:
        """A call came back well, in troubled times. `begun`: that its answer began was told before."""
        if not begun:
            self.began(sent_at)
        self._pauses = 0
        for breaker in self._breakers:
            breaker.succeeded(sent_at)

    def spent(self, now: float, cost_usd: float) -> None:
        """Money went out."""
        if self._per_hour is not None and cost_usd > 0:
            self._spent.append((now, cost_usd))
            self._spent_sum += cost_usd
            self.troubled = True

    def failed(self, now: float, sent_at: float, feedback: Feedback) -> None:
        """A call was refused by the provider, or failed."""
        self.troubled = True
        self._uncount(sent_at)
        if feedback.terminal is not None:
            self._closed_for = "daily_quota" if "daily" in feedback.terminal else "spend_cap"
            self._closed_until = now + (feedback.resumes_in_s or CLOSED_S)
        if feedback.kind == "rate":
            self._pause(now, sent_at, feedback.retry_after_s)
            for breaker in self.breakers.values():
                breaker.succeeded(sent_at)  # it answers, so it is not down
        elif feedback.kind in ("server", "timeout"):
            self.breakers["server"].failed(now, sent_at)
        elif feedback.kind == "overloaded":
            self.breakers["overloaded"].failed(now, sent_at)

    def _pause(self, now: float, sent_at: float, told_s: float | None) -> None:
        self.refused += 1
        if told_s is not None:
            self._pause_until = max(self._pause_until, now + min(told_s, PAUSE_S_MAX))
            return
        if sent_at < self._pause_began:
            return  # it went out before the pause began: the same event
        self._paced, self._sent, self._came = True, 0, 0
        self._pause_began = now
        self._pause_until = now + min(PAUSE_S * 2.0**self._pauses, PAUSE_S_MAX)
        self._pauses += 1

    def _uncount(self, sent_at: float) -> None:
        if self._paced and sent_at > self._pause_began and self._sent > self._came:
            self._sent -= 1

    def lost(self, sent_at: float) -> None:
        """A call was given up without an answer; if it was a probe, another may go."""
        self._uncount(sent_at)
        for breaker in self.breakers.values():
            breaker.lost()
