"""A leaky bucket per dimension, charged with the prompt and max_tokens, never corrected.

aiolimiter keeps its waiters in a heap by amount, so a large call waits while smaller ones come; the other way is first
come first served.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from quarterdeck.simulate.load.client import Demand, Refusal, Wire
from quarterdeck.simulate.load.peer import MINUTE_S, Alarm, TakesNoNotice, asked_for, refill_s


class LeakyBucket(TakesNoNotice):
    """A minute's worth fits; `by_amount`: the smallest waits least, else the first."""

    def __init__(self, wire: Wire, limits: Mapping[str, float], *, by_amount: bool) -> None:
        self._wire = wire
        self._limits = limits
        self._by_amount = by_amount
        self._level = dict.fromkeys(limits, 0.0)
        self._at = 0.0
        self._seq = 0
        self._waiting: list[tuple[float, int, Demand]] = []
        self._alarm = Alarm(wire, self._start)

    def arrived(self, demand: Demand) -> None:
        self._seq += 1
        order = demand.tokens_input + demand.max_tokens if self._by_amount else 0.0
        heappush(self._waiting, (order, self._seq, demand))
        self._start()

    def _start(self) -> None:
        passed, self._at = self._wire.now - self._at, self._wire.now
        for name, limit in self._limits.items():
            self._level[name] = max(self._level[name] - limit / MINUTE_S * passed, 0.0)
        while self._waiting:
            demand = self._waiting[0][2]
            wait_s = self._wait_s(demand)
            if wait_s > 0:
                self._alarm.set(wait_s)
                return
            heappop(self._waiting)
            for name, amount in asked_for(demand, self._limits).items():
                self._level[name] += amount
            self._wire.send(demand, demand.max_tokens)

    def _wait_s(self, demand: Demand) -> float:
        asked = asked_for(demand, self._limits)
        over = {
            name: self._level[name] + min(amount, self._limits[name]) - self._limits[name]
            for name, amount in asked.items()
        }
        return refill_s(over, self._limits)

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        del refusal
        self._wire.after(1.0, self.arrived, demand)
