"""The loop over signals, alerts and notifiers: takes each run that is over once, in the order of the store's writing.

Its thread owns the patrols; one lock stands between it and those who look. Refuses: to stop for one bad project.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from quarterdeck.clock import Clock
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Deploy, Finding, Point, Promise, StreamNow
from quarterdeck.observe.watch.options import WatchOptions
from quarterdeck.observe.watch.ports import Feed, Log, Patrolling, Patrols


class Watch:
    """See the module. The views answer copies, and what a project without any run would have where there is none."""

    def __init__(self, *, feed: Feed, patrols: Patrols, options: WatchOptions, clock: Clock, log: Log) -> None:
        self._feed = feed
        self._make = patrols
        self._options = options
        self._clock = clock
        self._log = log
        self._lock = threading.RLock()
        self._patrols: dict[str, Patrolling] = {}
        self._run_seq = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._forever, name="watch", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the tick under way; answers whether it did in time."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _forever(self) -> None:
        while not self._stop.wait(self._options.every_s):
            try:
                self.tick(self._clock.now_ns())
            except Exception as e:  # what was not taken is taken at the next tick
                self._log.error("watch_failed", error=repr(e), exc_info=True)

    def tick(self, now_ns: int) -> int:
        """Take what was written since the last tick; answers how many runs were taken. Raises StoreFailed."""
        runs, seq = self._feed.runs_over(after_seq=self._run_seq, limit=self._options.read_max)
        with self._lock:
            for run in runs:
                self._take(run)
            self._run_seq = seq
            for patrol in self._patrols.values():
                patrol.pass_time(now_ns)
        return len(runs)

    def _take(self, run: Run) -> list[Finding]:
        return self._patrol(run.project).take(run)

    def _patrol(self, project: str) -> Patrolling:
        if project not in self._patrols:
            self._patrols[project] = self._make.new(project)
        return self._patrols[project]

    # --- views -----------------------------------------------------------------------------------------------------

    def streams(self, project: str) -> list[StreamNow]:
        """Streams and open deploy tests, closest to its threshold first."""
        with self._lock:
            return self._seen(project).streams()

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
        """The patrol of a project; an empty one, not kept, where nothing was taken yet: a question makes no state."""
        return self._patrols.get(project) or self._make.new(project)
