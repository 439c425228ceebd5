"""Joins outcomes to the way of runs: what spans and logs tell, and verdicts, before runs are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical.absence import without_marks
from quarterdeck.observe.canonical.evaluations import EVENT, evaluations_again
from quarterdeck.observe.outcomes import LoggedEvaluations, NameBook, OutcomeGauges, Telling, Verdicts, told_outcomes
from quarterdeck.settings import Settings
from quarterdeck.store.interface import TelemetryStore


class OutcomeParts(NamedTuple):
    """The desk takes `names` and `gauges`; the rest stands in the way of runs."""

    names: NameBook
    gauges: OutcomeGauges
    telling: Telling
    verdicts: Verdicts
    logged: LoggedEvaluations

    def heard(self, spans: Sequence[Span], trees: Callable[[Sequence[Span]], Sequence[RunTree]], now_ns: int) -> None:
        """Runs are built of these spans: what they tell waits for the writing."""
        self.telling.note(told_outcomes(spans, trees, now_ns))

    def before_writing(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]]) -> list[Run]:
        """What was told is written; answers the runs with their verdicts."""
        self.telling.write([(run.project, run.run_id) for run in runs], gone)
        return self.verdicts.apply(runs)


def outcome_parts(settings: Settings, store: TelemetryStore, registry: CollectorRegistry) -> OutcomeParts:
    """`store` is the engine itself."""
    names, gauges = NameBook(store, settings.outcomes), OutcomeGauges(registry)
    return OutcomeParts(
        names,
        gauges,
        Telling(store, names, gauges),
        Verdicts(store, settings.outcomes),
        LoggedEvaluations(store, EVENT, lambda raw: evaluations_again(without_marks(raw)[0]), gauges),
    )
