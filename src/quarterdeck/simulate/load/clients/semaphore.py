"""So many calls at a time, and an SDK's retries: what most agent programs do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from quarterdeck.simulate.load.client import Answer, Demand, Refusal, Wire
from quarterdeck.simulate.load.peer import RETRIES, TakesNoNotice, sdk_delay_s


class Semaphore(TakesNoNotice):
    """`most` calls are out; a slot is kept through the retries."""

    def __init__(self, wire: Wire, chance: Callable[[], float], most: int) -> None:
        self._wire = wire
        self._chance = chance
        self._free = most
        self._waiting: deque[Demand] = deque()
        self._tried: dict[int, int] = {}

    def arrived(self, demand: Demand) -> None:
        self._waiting.append(demand)
        self._start()

    def _start(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            demand = self._waiting.popleft()
            self._wire.send(demand, demand.max_tokens)

    def answered(self, demand: Demand, answer: Answer) -> None:
        del answer
        self._tried.pop(demand.ticket, None)
        self._free += 1
        self._start()

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        tried = self._tried.get(demand.ticket, 0)
        self._tried[demand.ticket] = (tried + 1) % (RETRIES + 1)
        self._wire.after(sdk_delay_s(refusal, tried, self._chance), self._wire.send, demand, demand.max_tokens)
