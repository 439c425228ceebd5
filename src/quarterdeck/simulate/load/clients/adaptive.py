"""The AWS SDK's adaptive mode: a rate of requests that CUBIC moves, started by the first refusal.

Scale 0.4, beta 0.7, at most twice the measured rate; the measured rate is smoothed by 0.8 over half a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from quarterdeck.simulate.load.client import Answer, Demand, Refusal, Wire
from quarterdeck.simulate.load.peer import Alarm, TakesNoNotice, sdk_delay_s

SCALE = 0.4
BETA = 0.7
SMOOTH = 0.8
BUCKET_S = 0.5


class AdaptiveRate(TakesNoNotice):
    """One token a request; before the first refusal nothing is held back."""

    def __init__(self, wire: Wire, chance: Callable[[], float]) -> None:
        self._wire = wire
        self._chance = chance
        self._rate: float | None = None
        self._most = self._last_rate = 0.0
        self._throttled_at = 0.0
        self._measured = 0.0
        self._counted = 0
        self._bucket_at = 0.0
        self._tokens = 0.0
        self._filled_at = 0.0
        self._waiting: deque[Demand] = deque()
        self._tried: dict[int, int] = {}
        self._alarm = Alarm(wire, self._start)

    def arrived(self, demand: Demand) -> None:
        self._waiting.append(demand)
        self._start()

    def _start(self) -> None:
        now = self._wire.now
        if self._rate is not None:
            self._tokens = min(self._tokens + (now - self._filled_at) * self._rate, max(self._rate, 1.0))
        self._filled_at = now
        while self._waiting:
            if self._rate is not None:
                if self._tokens < 1.0:
                    self._alarm.set((1.0 - self._tokens) / self._rate + 1e-6)
                    return
                self._tokens -= 1.0
            demand = self._waiting.popleft()
            self._wire.send(demand, demand.max_tokens)

    def _measure(self) -> None:
        self._counted += 1
        passed = self._wire.now - self._bucket_at
        if passed >= BUCKET_S:
            self._measured = self._counted / passed * SMOOTH + self._measured * (1 - SMOOTH)
            self._counted, self._bucket_at = 0, self._wire.now

    def _moved(self, *, throttled: bool) -> None:
        self._measure()
        now = self._wire.now
        if throttled:
            before = self._measured if self._rate is None else min(self._measured, self._rate)
            self._most = max(before, 0.5)
            self._throttled_at = now
            wanted = self._most * BETA
        elif self._rate is None:
            return
        else:
            window = (self._most * (1 - BETA) / SCALE) ** (1 / 3)
            wanted = SCALE * (now - self._throttled_at - window) ** 3 + self._most
        self._rate = max(min(wanted, max(2 * self._measured, 0.5)), 0.5)

    def answered(self, demand: Demand, answer: Answer) -> None:
        del answer
        self._tried.pop(demand.ticket, None)
        self._moved(throttled=False)
        self._start()

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        self._moved(throttled=refusal.status == 429)
        tried = self._tried.get(demand.ticket, 0)
        self._tried[demand.ticket] = tried + 1
        self._wire.after(sdk_delay_s(refusal, min(tried, 6), self._chance), self.arrived, demand)
