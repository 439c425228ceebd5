"""The desk where outcomes are posted: each item is taken or refused alone, and what decides about a run changes it.

Outcomes of runs that are not known (their spans may come later) are taken and counted. Idempotent: the same post again
changes nothing. Refuses: further names once a project has its number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.observe.outcomes.gauges import OutcomeGauges
from quarterdeck.observe.outcomes.names import NameBook
from quarterdeck.observe.outcomes.options import OutcomeOptions
from quarterdeck.observe.outcomes.posted import Read, read_item
from quarterdeck.store.interface import TelemetryStore

Answer = TypeVar("Answer")

RUNS_A_STEP = 50
"""Runs written again in one errand: commits wait for it, so it must be short."""


class Errand(Protocol):
    """Has something done by the one writer of runs, between two commits. Raises Overloaded when too much waits."""

    def __call__(self, act: Callable[[Any], Answer], /) -> Future[Answer]: ...


class Unaccepted(NamedTuple):
    """What became of one item, by its place in the post."""

    item: int
    reason: str


class Posted(NamedTuple):
    """What became of a post. `noted` were accepted, but not as they were sent; `unknown_runs` counts accepted items."""

    accepted: int
    unknown_runs: int
    rejected: Sequence[Unaccepted]
    noted: Sequence[Unaccepted]


class OutcomeDesk:
    """May be called from any thread. `store` is the one that the pipeline writes to, so that verdicts are put in."""

    def __init__(
        self,
        store: TelemetryStore,
        errand: Errand,
        names: NameBook,
        *,
        options: OutcomeOptions,
        clock: Clock,
        gauges: OutcomeGauges,
    ) -> None:
        self._store = store
        self._errand = errand
        self._names = names
        self._options = options
        self._clock = clock
        self._gauges = gauges

    def post(self, project: str, items: Sequence[Any]) -> Posted:
        """Take what can be taken. Durable on return, and runs that it decides about are written again.

        Raises Overloaded and StoreFailed; then the same post may be sent again.
        """
        read, rejected = self._read(project, items, self._clock.now_ns())
        outcomes = [found.outcome for found in read.values()]
        known = self._store.traces_of_runs([(o.project, o.run_id) for o in outcomes]) if outcomes else {}
        self._store.put_outcomes(outcomes)
        unknown = sum((o.project, o.run_id) not in known for o in outcomes)
        deciding = [o for o in outcomes if o.name == self._options.outcome_name]
        self._decide([key for key in dict.fromkeys((o.project, o.run_id) for o in deciding) if key in known])
        for what, n in (("accepted", len(read) - unknown), ("unknown_run", unknown), ("rejected", len(rejected))):
            self._gauges.count("api", what, n)
        noted = [Unaccepted(index, found.note) for index, found in read.items() if found.note is not None]
        return Posted(len(read), unknown, rejected, noted)

    def _read(self, project: str, items: Sequence[Any], now_ns: int) -> tuple[dict[int, Read], list[Unaccepted]]:
        read: dict[int, Read] = {}
        rejected: list[Unaccepted] = []
        for index, item in enumerate(items):
            try:
                found = read_item(item, project=project, now_ns=now_ns)
                self._check_name(found.outcome)
            except BadInput as error:
                rejected.append(Unaccepted(index, error.message))
            else:
                read[index] = found
        return read, rejected

    def _check_name(self, outcome: Outcome) -> None:
        """Raises BadInput for a new name when the project has all that it may have."""
        if not self._names.admits(outcome.project, outcome.name):
            raise BadInput(
                f"name {outcome.name[:60]!r} is new and the project has {self._names.most} names, expected one of those"
                " (setting outcomes.names_max)"
            )

    def _decide(self, keys: Sequence[tuple[str, str]]) -> None:
        """Write these runs again, so that their verdicts stand in them."""
        for start in range(0, len(keys), RUNS_A_STEP):
            step = keys[start : start + RUNS_A_STEP]
            self._errand(partial(self._rewrite, keys=step)).result()

    def _rewrite(self, _bench: Any, *, keys: Sequence[tuple[str, str]]) -> int:
        """In the writer's thread, where no run is being built: answers how many were still there."""
        stored = self._store.traces_of_runs(keys)
        runs: list[Run] = [self._store.get_run(*key) for key in keys if key in stored]
        if runs:
            self._store.put_runs(runs, [], settled_seq=0)
        return len(runs)
