"""Who gets no further calls for a while, and why: a runaway cohort that the watch has asked to stop.

Refuses: a stop that the gateway cannot tell from others' calls. A call says who it is by key and headers; where one part
of a cohort is nothing that calls say, nobody is stopped and the answer is no.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from quarterdeck.model.signals import Keys

SAID_BY_CALLS = ("tenant", "agent", "task", "model", "feature", "environment", "agent_version", "prompt_version")
"""Parts of an identity that a call through the gateway can say."""
_STOPS_MAX = 1_000


class Stop(NamedTuple):
    """Calls of `where` are refused until `until_ns`."""

    where: Keys
    reason: str
    until_ns: int


class Stops:
    """Implements `model.ports.Breaker` for calls through a gateway of one project. Thread-safe."""

    def __init__(self, project: str, now_ns: Callable[[], int]) -> None:
        self._project = project
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._stops: dict[Keys, Stop] = {}
        self.refused = 0

    def stop(self, project: str, where: Keys, reason: str, until_ns: int) -> bool:
        """See the port. A second word on the same cohort replaces the first."""
        if (
            project != self._project
            or not where
            or any(name not in SAID_BY_CALLS or value is None for name, value in where)
        ):
            return False
        with self._lock:
            self._forget_old()
            if len(self._stops) >= _STOPS_MAX and where not in self._stops:
                return False
            # Replaced, not changed: `of` reads without the lock.
            self._stops = {**self._stops, where: Stop(where, reason, until_ns)}
        return True

    def of(self, call: Mapping[str, str]) -> Stop | None:
        """The stop that a call runs into: every part of its cohort is what the call says."""
        if not self._stops:
            return None
        now_ns = self._now_ns()
        for stop in self._stops.values():
            if stop.until_ns > now_ns and all(call.get(name) == value for name, value in stop.where):
                self.refused += 1
                return stop
        return None

    def now(self) -> list[Stop]:
        """Those in force."""
        with self._lock:
            self._forget_old()
            return list(self._stops.values())

    def _forget_old(self) -> None:
        now_ns = self._now_ns()
        self._stops = {where: stop for where, stop in self._stops.items() if stop.until_ns > now_ns}
