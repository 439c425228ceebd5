"""What can be asked of the watch: copies of what its patrols know, under its lock.

Refuses: to make state by asking. A project of which nothing was taken answers as an empty one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from quarterdeck.clock import Clock
from quarterdeck.model.signals import Deploy, Point, Promise, StreamNow
from quarterdeck.observe.watch.ports import Patrolling, Patrols


class Views:
    """The patrols by project, and the one lock that whoever touches them holds."""

    def __init__(self, patrols: Patrols, clock: Clock) -> None:
        self._make = patrols
        self._clock = clock
        self._lock = threading.RLock()
        self._patrols: dict[str, Patrolling] = {}
        self._looks = 0
        self._streams: dict[str, tuple[int, list[StreamNow]]] = {}

    def looks(self) -> int:
        """How often the watch has looked from end to end."""
        with self._lock:
            return self._looks

    def streams(self, project: str) -> list[StreamNow]:
        """Streams and open deploy tests, closest to its threshold first; made once for each look of the watch."""
        with self._lock:
            looks, streams = self._streams.get(project, (-1, []))
            if looks != self._looks:
                streams = self._seen(project).streams()
                if project in self._patrols:
                    self._streams[project] = (self._looks, streams)
            return list(streams)

    def stream(self, project: str, stream_id: str) -> StreamNow:
        """Raises NotFound."""
        with self._lock:
            return self._seen(project).stream(stream_id)

    def history(self, project: str, stream_id: str) -> list[Point]:
        """Oldest first. Raises NotFound."""
        with self._lock:
            return self._seen(project).history(stream_id)

    def deploys(self, project: str) -> list[Deploy]:
        """Newest first."""
        with self._lock:
            return self._seen(project).deploys()

    def promise(self, project: str) -> Promise:
        """False alarms promised and expected, now."""
        with self._lock:
            return self._seen(project).promise(self._clock.now_ns())

    def mix(self, project: str) -> Sequence[Any]:
        """Shares of the strata now against before (`observe.signals.MixShift`)."""
        with self._lock:
            return self._seen(project).mix()

    def _seen(self, project: str) -> Patrolling:
        patrol = self._patrols.get(project)
        return self._make.new(project) if patrol is None else patrol
