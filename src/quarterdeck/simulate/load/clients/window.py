"""Counters by clock minute: reserve the prompt and max_tokens, settle into the minute that was charged, refuse when over.

As shipped, a refusal waits for the next minute. Woken ideally, whoever waits is looked at whenever something is settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from quarterdeck.simulate.load.client import Answer, Demand, Refusal, Wire
from quarterdeck.simulate.load.peer import TakesNoNotice, asked_for

WINDOW_S = 60.0


class MinuteWindow(TakesNoNotice):
    """`wakes`: woken at every settlement, else at the next minute only."""

    def __init__(self, wire: Wire, limits: Mapping[str, float], *, wakes: bool) -> None:
        self._wire = wire
        self._limits = limits
        self._wakes = wakes
        self._minute = -1
        self._used: dict[str, float] = {}
        self._waiting: deque[Demand] = deque()
        self._charged: dict[int, tuple[int, dict[str, float]]] = {}
        self._alarm = -1

    def arrived(self, demand: Demand) -> None:
        self._waiting.append(demand)
        self._start()

    def _start(self) -> None:
        minute = int(self._wire.now // WINDOW_S)
        if minute != self._minute:
            self._minute, self._used = minute, dict.fromkeys(self._limits, 0.0)
        for _ in range(len(self._waiting)):
            demand = self._waiting[0]
            amounts = asked_for(demand, self._limits)
            alone = not any(self._used.values())  # larger than the window: let through alone, as it would never go
            if not alone and any(self._used[name] + amounts[name] > self._limits[name] for name in amounts):
                break
            self._waiting.popleft()
            for name, amount in amounts.items():
                self._used[name] += amount
            self._charged[demand.ticket] = (minute, amounts)
            self._wire.send(demand, demand.max_tokens)
        if self._waiting and self._alarm != minute:
            self._alarm = minute
            self._wire.after((minute + 1) * WINDOW_S - self._wire.now, self._start)

    def answered(self, demand: Demand, answer: Answer) -> None:
        minute, amounts = self._charged.pop(demand.ticket)
        if minute == self._minute:
            real = demand.max_tokens - answer.tokens_output
            for name in ("output", "total"):
                if name in amounts:
                    self._used[name] -= real
        if self._wakes:
            self._start()

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        del refusal
        self._charged.pop(demand.ticket, None)
        self._waiting.append(demand)
        self._wire.after(1.0, self._start)
