"""Runs that are over and wait to be learned from: those that fell silent, and those of a history that still comes in.

A recorded history arrives in bursts and not in its own order, so it is gathered until it stops coming, and then taken
in the order of its times. Refuses to hold more than its limit: beyond it what waits is taken as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from quarterdeck.control.promises.chronicle import RunKey
from quarterdeck.control.promises.options import PromiseOptions
from quarterdeck.model.runs import Run


class Held:
    """What waits. `after_seq` of a run is where reading would have to begin to meet it again."""

    def __init__(self, options: PromiseOptions) -> None:
        self._doubt_ns = int(options.doubt_s * 1e9)
        self._gather_ns = int(options.gather_s * 1e9)
        self._most = options.replay_max
        self._runs: dict[RunKey, tuple[Run, int, int]] = {}
        self._came_ns = 0

    def __len__(self) -> int:
        return len(self._runs)

    def hold(self, runs: Iterable[Run], now_ns: int, *, after_seq: int) -> None:
        """A run that comes again stands in its newest form, and has waited since it came first."""
        for run in runs:
            key = (run.project, run.run_id)
            _, since_ns, seq = self._runs.get(key, (run, now_ns, after_seq))
            self._runs[key] = (run, since_ns, seq)
            if self._is_history(run, now_ns):
                self._came_ns = now_ns

    def due(self, now_ns: int, *, all_of_it: bool = False) -> list[Run]:
        """Those that have waited long enough; they are let go."""
        quiet = all_of_it or now_ns - self._came_ns >= self._gather_ns or len(self._runs) > self._most
        found = [key for key, (run, since_ns, _) in self._runs.items() if self._is_due(run, since_ns, now_ns, quiet)]
        return [self._runs.pop(key)[0] for key in found]

    def by_project(self) -> Mapping[str, int]:
        """How many wait, of projects of which any does."""
        return Counter(project for project, _ in self._runs)

    def oldest_seq(self, reading_seq: int) -> int:
        """Where reading must go on after a restart, so that nothing that waits is lost."""
        return min((seq for _, _, seq in self._runs.values()), default=reading_seq)

    def _is_due(self, run: Run, since_ns: int, now_ns: int, quiet: bool) -> bool:
        if len(self._runs) > self._most:
            return True
        if run.lifecycle == "lost" and now_ns - since_ns < self._doubt_ns:
            return False
        return quiet or not self._is_history(run, now_ns)

    def _is_history(self, run: Run, now_ns: int) -> bool:
        return run.last_seen_ns < now_ns - self._doubt_ns
