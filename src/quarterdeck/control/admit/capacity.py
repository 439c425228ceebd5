"""What the account can bear, measured: Little's law, a limit that nobody told, and the delay of first tokens.

Pure: each takes events with their time. Refuses round-trip time as a signal (an answer's length decides it) and an
answer from too few events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quarterdeck.control.admit.charge import PER_MINUTE, Charge

MINUTE_S = 60.0


class LittleCheck(NamedTuple):
    """One window: mean in flight L, ends a second λ, mean time in flight W, and |L − λW| / L."""

    in_flight: float
    per_s: float
    time_s: float
    gap: float


class Little:
    """Watches calls in flight over windows of `window_s`, and holds what they say against Little's law.

    The time that calls spend in flight is added up twice: as an integral over the window, and as the sum over the
    calls that end in it. In a steady state they agree; where they do not, ends are lost or the load is not steady.
    """

    def __init__(self, now: float, window_s: float = 30.0) -> None:
        self._window_s = window_s
        self._at = self._began = now
        self.in_flight = 0
        self._area = self._time = 0.0
        self._ends = 0
        self._last_ends = 0
        self.last: LittleCheck | None = None
        self.time_s: float | None = None

    def start(self, now: float) -> None:
        """A call goes out."""
        self._advance(now)
        self.in_flight += 1

    def end(self, now: float, time_s: float) -> None:
        """A call that was in flight for `time_s` is over."""
        self._advance(now)
        self.in_flight -= 1
        self._time += time_s
        self._ends += 1
        self.time_s = time_s if self.time_s is None else self.time_s + 0.05 * (time_s - self.time_s)

    def _advance(self, now: float) -> None:
        if now <= self._at:
            return
        self._area += self.in_flight * (now - self._at)
        self._at = now
        passed = now - self._began
        if passed >= self._window_s:
            if self._ends >= 30 and self._area > 0:
                level = self._area / passed
                per_s, time_s = self._ends / passed, self._time / self._ends
                self.last = LittleCheck(level, per_s, time_s, abs(level - per_s * time_s) / level)
            self._began, self._area, self._time, self._ends = now, 0.0, 0.0, 0


class RateProbe:
    """Limits that nobody told, measured from refusals: what was taken between two of them, over the time it took.

    At a refusal the provider's bucket is about empty, and at the next one again, so all that it refilled was taken. At the
    first one the bucket was full at the start: a minute's worth and what refilled since. Without refusals and with demand
    the estimate grows by 0.4 % a second, with the square of the quiet time after three seconds, to twice what was known.
    """

    DECREASE = 0.98
    GROW_PER_S = 0.004
    FASTER_AFTER_S = 3.0
    GROWN_MOST = 2.0
    SHORT_S = 2.0
    """Two refusals within this time are one event."""

    def __init__(self, now: float, dimensions: Sequence[int]) -> None:
        self._dimensions = tuple(i for i in dimensions if i in PER_MINUTE)
        self._since = self._grown_at = now
        self._taken = [0.0] * len(Charge._fields)
        self._known: dict[int, float] = {}
        self.limits: dict[int, float] = {}

    def taken(self, charge: Charge, sign: float = 1.0) -> None:
        """A call takes this; with sign −1 it has given it back."""
        for i in self._dimensions:
            self._taken[i] += sign * charge[i]

    def refused(self, now: float) -> Mapping[int, float]:
        """The provider refused: new limits a minute by dimension; empty when it is the same event as before."""
        passed = now - self._since
        if passed < self.SHORT_S and self.limits:
            return {}
        for i in self._dimensions:
            known = self.limits.get(i)
            refilled_s = passed + MINUTE_S if known is None else passed
            wanted = self._taken[i] / refilled_s * MINUTE_S * self.DECREASE
            if wanted > 0:
                self.limits[i] = wanted if known is None else min(max(wanted, 0.3 * known), known)
        self._known = dict(self.limits)
        self._since = self._grown_at = now
        self._taken = [0.0] * len(Charge._fields)
        return dict(self.limits)

    def grow(self, now: float, *, demand: bool) -> Mapping[int, float]:
        """Limits after a time without refusal, once a second at most; empty when nothing changes."""
        passed = now - self._grown_at
        if passed < 1.0 or not self.limits:
            return {}
        self._grown_at = now
        if not demand:
            return {}
        quiet = now - self._since
        step = self.GROW_PER_S * max(quiet / self.FASTER_AFTER_S, 1.0) ** 2
        factor = 1.0 + min(step * passed, 0.1)
        for i, limit in self.limits.items():
            # What was taken since a refusal was refilled since then, so the mean is a sure lower bound of the limit.
            surely = max(self._taken[i] / quiet * MINUTE_S, self._known[i])
            self.limits[i] = min(limit * factor, max(surely * self.GROWN_MOST, limit))
        return dict(self.limits)


class FirstTokens:
    """Whether answers begin late: a quick mean of the time to first token against its slow baseline.

    Late for 20 answers: half of what is in flight may be, then a quarter, no less; back by a quarter for each on time.
    """

    RATIO = 3.0
    LATE_AFTER = 20

    def __init__(self) -> None:
        self.baseline_s: float | None = None
        self.recent_s: float | None = None
        self.share = 1.0
        self._late = 0
        self._n = 0

    def seen(self, first_token_s: float) -> None:
        """An answer began after this time."""
        self._n += 1
        self.recent_s = (
            first_token_s if self.recent_s is None else self.recent_s + 0.2 * (first_token_s - self.recent_s)
        )
        late = (
            self.baseline_s is not None and self._n > self.LATE_AFTER and self.recent_s > self.RATIO * self.baseline_s
        )
        if not late:
            step = 0.02 if self._n > self.LATE_AFTER else 1.0 / self._n
            base = self.baseline_s if self.baseline_s is not None else first_token_s
            self.baseline_s = base + step * (min(first_token_s, 2 * base) - base)
            self._late = 0
            self.share = min(self.share * 1.25, 1.0)
            return
        # A new normal is taken up slowly, so that a lasting change does not hold the account down for ever.
        assert self.baseline_s is not None
        self.baseline_s *= 1.001
        self._late += 1
        if self._late % self.LATE_AFTER == 0:
            self.share = max(self.share / 2, 0.25)
