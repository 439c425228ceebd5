"""Outcomes and the runs that they are about: either may come first. Bounded both ways.

Refuses: to hold a run for good. An outcome that comes late is about a run that the store knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run

RunKey = tuple[str, str]
"""(project, run_id)."""


class Waiting:
    """The newest runs, and the outcomes whose run has not been seen yet."""

    def __init__(self, runs_max: int, outcomes_max: int) -> None:
        self._runs_max = runs_max
        self._outcomes_max = outcomes_max
        self._runs: OrderedDict[RunKey, Run] = OrderedDict()
        self._outcomes: dict[RunKey, list[Outcome]] = {}
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def seen(self, run: Run) -> list[Outcome]:
        """A run that is over; answers the outcomes that waited for it, in the order in which they came."""
        self._runs[run.project, run.run_id] = run
        if len(self._runs) > self._runs_max:
            self._runs.popitem(last=False)
        found = self._outcomes.pop((run.project, run.run_id), [])
        self._held -= len(found)
        return found

    def run_of(self, outcome: Outcome) -> Run | None:
        """The run, when it was seen lately."""
        return self._runs.get((outcome.project, outcome.run_id))

    def hold(self, outcome: Outcome) -> bool:
        """Keep it until its run is seen; False when there is no room."""
        if self._held >= self._outcomes_max:
            return False
        self._outcomes.setdefault((outcome.project, outcome.run_id), []).append(outcome)
        self._held += 1
        return True

    def dump(self) -> list[Outcome]:
        return [outcome for held in self._outcomes.values() for outcome in held]

    def load(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.hold(outcome)
