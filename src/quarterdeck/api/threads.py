"""Store calls block, so they run in a bounded pool of threads; who finds the queue full is told to come again.

Refuses: an unbounded queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from prometheus_client import CollectorRegistry, Counter, Gauge

from quarterdeck.errors import Overloaded

T = TypeVar("T")


class StoreThreads:
    """At most `threads` calls at a time and `waiting_max` behind them."""

    def __init__(self, threads: int, waiting_max: int, metrics: CollectorRegistry) -> None:
        self._limiter = CapacityLimiter(threads)
        self._most = threads + waiting_max
        self._inside = 0
        self._gauge = Gauge("quarterdeck_api_store_calls", "Store calls running or waiting.", registry=metrics)
        self._refused = Counter(
            "quarterdeck_api_store_calls_refused", "Requests refused for lack of a thread.", registry=metrics
        )

    async def run(self, call: Callable[[], T]) -> T:
        """What `call` returns or raises. Raises Overloaded when too many wait already."""
        if self._inside >= self._most:
            self._refused.inc()
            msg = f"{self._inside} requests already wait for the store"
            raise Overloaded(msg, mend="come again, or raise api.store_calls_waiting_max", retry_after_s=1.0)
        self._count(1)
        try:
            return await anyio.to_thread.run_sync(call, limiter=self._limiter)
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        self._inside += step
        self._gauge.set(self._inside)
