"""A breaker per class of failure: closed, open for a while, then half open with one probe at a time.

It holds calls back, it does not fail them; whoever cannot wait is told when it will look again. Refusals by rate never
come here. Refuses: opening for good.
"""

from __future__ import annotations

from typing import Literal

State = Literal["closed", "open", "half_open"]

FAILURES = 5
OPEN_S = 2.0
OPEN_S_MAX = 5.0
RAMP_MAX = 1_024
"""In flight, after which the return from an outage is over. Each success lets one more be out: it doubles per answer time."""


class Breaker:
    """Opens after `failures` in a row, for `open_s`, doubled each time its probe fails. After it, calls return by doubling."""

    def __init__(self, failures: int = FAILURES, open_s: float = OPEN_S) -> None:
        self._failures = failures
        self._first_s = self._open_s = open_s
        self._row = 0
        self._open_until = 0.0
        self._probing = False
        self.state: State = "closed"
        self.opened = 0
        self.ramp: int | None = None
        """While calls return: how many may be in flight; None when any number may."""

    @property
    def calm(self) -> bool:
        """Closed, no failure in the last row, no return under way: nothing has to be told of calls that go well."""
        return self.state == "closed" and self.ramp is None and not self._row

    def blocked_s(self, now: float) -> float:
        """Seconds until a call may go; 0 when one may now, inf while a probe is out."""
        if self.state == "closed":
            return 0.0
        if self._probing:
            return float("inf")
        return max(self._open_until - now, 0.0)

    def sent(self, now: float) -> None:
        """A call goes out: the probe, when the breaker is not closed."""
        if self.state != "closed" and now >= self._open_until:
            self.state = "half_open"
            self._probing = True

    def failed(self, now: float, sent_at: float) -> None:
        """A call of this class failed. One that went out before the last opening says nothing new."""
        if self.state == "closed":
            self._row += 1
            if self._row >= self._failures:
                self._open(now)
        elif self._probing and sent_at >= self._open_until:
            self._open_s = min(self._open_s * 2, OPEN_S_MAX)
            self._open(now)

    def _open(self, now: float) -> None:
        self.state = "open"
        self.opened += 1
        self._open_until = now + self._open_s
        self._probing = False
        self.ramp = None

    def succeeded(self, sent_at: float) -> None:
        """A call came back well."""
        self._row = 0
        if self.state == "closed":
            if self.ramp is not None:
                self.ramp = self.ramp + 1 if self.ramp < RAMP_MAX else None
        elif sent_at >= self._open_until:
            self.state, self._probing = "closed", False
            self._open_s = self._first_s
            self.ramp = 2

    def lost(self) -> None:
        """The probe was given up without an answer."""
        self._probing = False
