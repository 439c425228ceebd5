"""Feeds over dictionaries: what `MemoryStore` answers for `RunFeed` and for outcomes, over its own dictionaries and lock.

Refuses a page of nothing (BadInput).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import RLock

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.store.feed import OutcomeName, OutcomeSummary
from quarterdeck.store.measures import LIVE, check_limit, ending
from quarterdeck.store.outcomes import OutcomeKey, Placed, key_of, merged, quantile, storable_outcome


class MemoryFeeds:
    """`RunFeed`, `OutcomeStore`, `OutcomeUpkeep` and `OutcomeReader`, as a part of the store that has these."""

    _lock: RLock
    _runs: dict[tuple[str, str], Run]
    _run_seq: dict[tuple[str, str], int]
    _outcomes: dict[OutcomeKey, Placed]
    _written = 0
    _told = 0

    def _number(self, runs: Iterable[Run]) -> None:
        """Give runs that were just written their places; the lock is held."""
        for run in sorted(runs, key=ending):
            self._written += 1
            self._run_seq[run.project, run.run_id] = self._written

    def runs_over(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        check_limit(limit)
        with self._lock:
            found = sorted(
                (self._run_seq[key], run)
                for key, run in self._runs.items()
                if self._run_seq[key] > after_seq and run.lifecycle not in LIVE
            )
            last = max(after_seq, self._written)
        page = found[:limit]
        return [run for _, run in page], page[-1][0] if len(page) == limit else last

    def last_run_seq(self) -> int:
        with self._lock:
            return self._written

    def put_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        with self._lock:
            for outcome in map(storable_outcome, outcomes):
                placed = merged(self._outcomes.get(key_of(outcome)), outcome, self._told + 1)
                if placed is not None:
                    self._told = max(self._told, placed.seq)
                    self._outcomes[key_of(outcome)] = placed

    def outcomes_of(self, project: str, run_ids: Sequence[str]) -> Sequence[Outcome]:
        wanted = {(project, run_id) for run_id in run_ids}
        with self._lock:
            found = [placed.outcome for key, placed in self._outcomes.items() if key[:2] in wanted]
        return sorted(found, key=_age)

    def outcomes_after(self, *, after_seq: int, limit: int) -> tuple[Sequence[Outcome], int]:
        check_limit(limit)
        with self._lock:
            found = sorted((placed for placed in self._outcomes.values() if placed.seq > after_seq), key=_seq)
            last = max(after_seq, self._told)
        page = found[:limit]
        return [placed.outcome for placed in page], page[-1].seq if len(page) == limit else last

    def outcome_names(self, project: str) -> Sequence[str]:
        with self._lock:
            return sorted({name for of, _, name, _ in self._outcomes if of == project})

    def drop_outcomes(self, project: str, run_ids: Sequence[str], *, source: str | None = None) -> int:
        wanted = {(project, run_id) for run_id in run_ids}
        with self._lock:
            return self._forget_outcomes(
                [key for key in self._outcomes if key[:2] in wanted and source in (None, key[3])]
            )

    def expire_outcomes(self, project: str, *, before_ns: int) -> int:
        with self._lock:
            return self._forget_outcomes(
                [
                    key
                    for key, placed in self._outcomes.items()
                    if key[0] == project and placed.outcome.received_ns < before_ns and key[:2] not in self._runs
                ]
            )

    def _forget_outcomes(self, keys: Sequence[OutcomeKey]) -> int:
        for key in keys:
            del self._outcomes[key]
        return len(keys)

    def outcome_summary(self, project: str, since_ns: int, until_ns: int) -> OutcomeSummary:
        with self._lock:
            runs = {
                key: run
                for key, run in self._runs.items()
                if key[0] == project and run.lifecycle not in LIVE and since_ns <= run.started_at_ns < until_ns
            }
            found = [placed.outcome for key, placed in self._outcomes.items() if key[:2] in runs]
        names = [_summed(name, [o for o in found if o.name == name], runs) for name in {o.name for o in found}]
        return OutcomeSummary(len(runs), sorted(names, key=lambda row: (-row.n, row.name)))


def _summed(name: str, outcomes: Sequence[Outcome], runs: Mapping[tuple[str, str], Run]) -> OutcomeName:
    scores = [outcome.score for outcome in outcomes if outcome.score is not None]
    ends = ((outcome.received_ns, runs[outcome.project, outcome.run_id].ended_at_ns) for outcome in outcomes)
    delays = sorted((came - ended) / 1e9 for came, ended in ends if ended is not None)
    return OutcomeName(
        name,
        len({outcome.run_id for outcome in outcomes}),
        len(scores),
        sum(scores) / len(scores) if scores else None,
        quantile(delays, 0.5),
        quantile(delays, 0.9),
    )


def _seq(placed: Placed) -> int:
    return placed.seq


def _age(outcome: Outcome) -> tuple[int, str, str, str]:
    return outcome.at_ns, outcome.run_id, outcome.name, outcome.source
