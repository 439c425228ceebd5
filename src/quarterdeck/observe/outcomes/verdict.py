"""Outcomes that decide about a run: the newest of one name becomes `Run.outcome`, whatever the spans said.

The decision is pure (`verdict_of`); `Verdicts` reads the outcomes of runs that are about to be written. Refuses: to
invent a verdict; a run without such an outcome keeps its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.observe.outcomes.options import OutcomeOptions
from quarterdeck.store.feed import OutcomeStore

SUCCESS, FAILURE = "success", "failure"


def verdict_of(outcomes: Iterable[Outcome], options: OutcomeOptions) -> str | None:
    """The label of the newest outcome of that name, else success or failure by its score; None = none is there."""
    named = [outcome for outcome in outcomes if outcome.name == options.outcome_name]
    if not named:
        return None
    newest = max(named, key=lambda outcome: (outcome.at_ns, outcome.source == "api"))
    if newest.label is not None:
        return newest.label
    return SUCCESS if newest.score is not None and newest.score >= options.success_from else FAILURE


class Verdicts:
    """Puts stored verdicts into runs. Raises what reading outcomes raises."""

    def __init__(self, store: OutcomeStore, options: OutcomeOptions) -> None:
        self._store = store
        self._options = options

    def apply(self, runs: Sequence[Run]) -> list[Run]:
        """The runs, in order; each with its verdict where there is one."""
        said: dict[tuple[str, str], list[Outcome]] = {}
        for project, of in groupby(sorted(runs, key=_project), key=_project):
            for outcome in self._store.outcomes_of(project, [run.run_id for run in of]):
                said.setdefault((project, outcome.run_id), []).append(outcome)
        return [self._told(run, said.get((run.project, run.run_id), ())) for run in runs] if said else list(runs)

    def _told(self, run: Run, outcomes: Iterable[Outcome]) -> Run:
        verdict = verdict_of(outcomes, self._options)
        return run if verdict in (None, run.outcome) else replace(run, outcome=verdict)


def _project(run: Run) -> str:
    return run.project
