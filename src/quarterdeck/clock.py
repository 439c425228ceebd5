"""Time as an argument: the one place that asks the machine what time it is.

Everything else receives a `Clock`, so a test, a simulation or a replay can set the time itself.
Refuses: time zones. Wall time is nanoseconds since the Unix epoch, UTC.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What a loop needs of time: wall time to write down, monotonic time to measure with."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()


class FakeClock:
    """A clock that stands still until `advance` is called."""

    def __init__(self, start_ns: int = 1_750_000_000_000_000_000) -> None:
        self._start_ns = start_ns
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_s(self) -> float:
        return (self._now_ns - self._start_ns) / 1e9

    def advance(self, seconds: float) -> None:
        """Move both readings forward by `seconds` (>= 0)."""
        if seconds < 0:
            msg = f"a clock only goes forward, got {seconds} s"
            raise ValueError(msg)
        self._now_ns += int(seconds * 1e9)
