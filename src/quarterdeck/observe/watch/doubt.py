"""Runs that look over but may only be in parts: their root has not come, or they fell silent. They wait for a while.

Where what arrives lags behind (a busy collector, a history that is sent), a run without its root looks finished and well
long before its failure comes. Judged then, all runs would look better than they are, and later ones worse than they were.
Refuses: to let anything wait for good, or without bound.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from quarterdeck.model.runs import Run


class _Held(NamedTuple):
    run: Run
    since_ns: int
    after_seq: int


class Doubt:
    """Holds at most `most` runs, each for `hold_s` since it was last written; then they are taken as they are."""

    def __init__(self, hold_s: float, most: int) -> None:
        self._hold_ns = int(hold_s * 1e9)
        self._most = most
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def sift(self, runs: Iterable[Run], now_ns: int, *, after_seq: int) -> list[Run]:
        """Those that may be taken now, in the same order. `after_seq`: where their page began."""
        return [run for run in runs if not self._holds(run, now_ns, after_seq)]

    def due(self, now_ns: int) -> list[Run]:
        """Those that have waited long enough (or for which there is no room), the longest first; they are no longer held."""
        found: list[Run] = []
        while self._held:
            held = next(iter(self._held.values()))
            if len(self._held) <= self._most and now_ns - held.since_ns < self._hold_ns:
                break
            found.append(self._held.popitem(last=False)[1].run)
        return found

    def seq(self, seq: int) -> int:
        """From where to read again after a restart, when all up to `seq` was read: nothing that waits is lost."""
        return min((held.after_seq for held in self._held.values()), default=seq)

    def _holds(self, run: Run, now_ns: int, after_seq: int) -> bool:
        key = (run.project, run.run_id)
        before = self._held.pop(key, None)
        if run.lifecycle == "finished" and not run.root_synthetic:
            return False
        since_seq = after_seq if before is None else before.after_seq
        self._held[key] = _Held(run, now_ns, since_seq)
        return True
