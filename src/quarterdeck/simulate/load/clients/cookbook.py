"""The OpenAI cookbook's script for parallel requests: linear refill, one request at the head, a pause after a refusal."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from quarterdeck.simulate.load.client import Demand, Refusal, Wire
from quarterdeck.simulate.load.peer import MINUTE_S, Alarm, TakesNoNotice, asked_for, refill_s

PAUSE_S = 15.0


class Cookbook(TakesNoNotice):
    """Capacity starts full, refills in a line, and is never given back; refused calls are tried before new ones."""

    def __init__(self, wire: Wire, limits: Mapping[str, float]) -> None:
        self._wire = wire
        self._limits = limits
        self._has = dict(limits)
        self._at = 0.0
        self._paused_until = 0.0
        self._waiting: deque[Demand] = deque()
        self._alarm = Alarm(wire, self._start)

    def arrived(self, demand: Demand) -> None:
        self._waiting.append(demand)
        self._start()

    def _start(self) -> None:
        now = self._wire.now
        passed, self._at = now - self._at, now
        for name, limit in self._limits.items():
            self._has[name] = min(self._has[name] + limit / MINUTE_S * passed, limit)
        while self._waiting:
            wait_s = max(self._paused_until - now, self._wait_s(self._waiting[0]))
            if wait_s > 0:
                self._alarm.set(wait_s)
                return
            demand = self._waiting.popleft()
            for name, amount in asked_for(demand, self._limits).items():
                self._has[name] -= amount
            self._wire.send(demand, demand.max_tokens)

    def _wait_s(self, demand: Demand) -> float:
        asked = asked_for(demand, self._limits)
        missing = {name: min(amount, self._limits[name]) - self._has[name] for name, amount in asked.items()}
        return refill_s(missing, self._limits)

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        del refusal
        self._paused_until = self._wire.now + PAUSE_S
        self._waiting.appendleft(demand)
        self._start()
