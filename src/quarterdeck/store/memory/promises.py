"""Promises over dictionaries: what `MemoryStore` answers for `Promises`, over its own dictionaries and lock.

Refuses a second promise of one run, and a promise of a run that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import RLock

from quarterdeck.model.estimates import Promise
from quarterdeck.model.runs import Run
from quarterdeck.store.measures import LIVE, check_limit
from quarterdeck.store.memory.bodies import Decisions
from quarterdeck.store.promises import same_digits, with_promise
from quarterdeck.store.text import storable


class MemoryPromises:
    """`Promises`, as a part of the store that has these."""

    _lock: RLock
    _runs: dict[tuple[str, str], Run]
    _run_seq: dict[tuple[str, str], int]
    _promises: dict[tuple[str, str], Promise]
    _written: int
    _decisions: Decisions

    def put_promises(self, promises: Sequence[Promise]) -> int:
        put = 0
        with self._lock:
            for one in promises:
                key = (storable(one.project), storable(one.run_id))
                if key in self._runs and key not in self._promises:
                    self._promises[key] = same_digits(one._replace(project=key[0], run_id=key[1]))
                    put += 1
        return put

    def promises_of(self, project: str, run_ids: Sequence[str]) -> Mapping[str, Promise]:
        with self._lock:
            return {name: found for name in run_ids if (found := self._promises.get((project, name))) is not None}

    def unpromised(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        check_limit(limit)
        with self._lock:
            found = sorted(
                (self._run_seq[key], key)
                for key in self._runs
                if self._run_seq[key] > after_seq and key not in self._promises
            )[:limit]
            runs = [self._runs[key] for _, key in found]
            return runs, found[-1][0] if len(found) == limit else max(after_seq, self._written)

    def kept_promises(self, project: str, since_ns: int, until_ns: int, *, limit: int) -> Sequence[Run]:
        check_limit(limit)
        with self._lock:
            found = [
                with_promise(run, self._promises[key])
                for key, run in self._runs.items()
                if key[0] == project
                and key in self._promises
                and since_ns <= run.started_at_ns < until_ns
                and run.lifecycle not in LIVE
            ]
        return sorted(found, key=_newest)[:limit][::-1]

    def _told_of(self, run: Run) -> Run:
        """The run with what was decided about its bodies and promised of it; the lock is held."""
        return with_promise(self._decisions.told(run), self._promises.get((run.project, run.run_id)))

    def _drop_promises(self, keys: Iterable[tuple[str, str]]) -> None:
        """Of runs that are gone; the lock is held."""
        for key in keys:
            self._promises.pop(key, None)


def _newest(run: Run) -> tuple[int, str]:
    return -run.started_at_ns, run.run_id
