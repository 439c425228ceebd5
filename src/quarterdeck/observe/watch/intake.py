"""Runs and outcomes into patrols: each run once, each outcome with its run, a bad project alone.

Refuses: to let one project's failure keep the others from being watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from quarterdeck.errors import NotFound
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.options import WatchOptions
from quarterdeck.observe.watch.ports import Feed, Log, Patrolling, Patrols
from quarterdeck.observe.watch.taken import Taken
from quarterdeck.observe.watch.waiting import Waiting
from quarterdeck.observe.watch.words import Words

_LIVE = frozenset({"running", "waiting", "stalled"})


class Intake:
    """`patrols` is the watch's own dictionary: whoever calls holds its lock."""

    def __init__(
        self,
        patrols: dict[str, Patrolling],
        make: Patrols,
        live: LiveRules,
        feed: Feed,
        *,
        options: WatchOptions,
        gauges: WatchGauges,
        log: Log,
    ) -> None:
        self._patrols = patrols
        self._make = make
        self._live = live
        self._feed = feed
        self._options = options
        self._gauges = gauges
        self._log = log
        self._logged: set[tuple[str, str]] = set()
        self.taken = Taken(options.taken_max)
        self.waiting = Waiting(options.recent_max, options.waiting_max)
        self.words = Words()
        self.refuted: list[str] = []

    def take(self, run: Run) -> list[Finding]:
        """A run that is over; nothing when it was taken before."""
        if not self.taken.add(run):
            return []
        self._gauges.runs.inc()
        self._live.take_over(run)
        self.refuted += self.words.take(run)
        found = self.ask(run.project, "take", lambda patrol: patrol.take(run))
        for outcome in self.waiting.seen(run):
            found += self._score(outcome, run)
        return found

    def take_outcomes(self, outcomes: Iterable[Outcome]) -> list[Finding]:
        """Outcomes whose run is known are scored; the others wait for it."""
        found: list[Finding] = []
        reads = self._options.outcome_reads_max
        for outcome in outcomes:
            run = self.waiting.run_of(outcome)
            if run is None and reads > 0:
                reads -= 1
                run = self._stored(outcome)
            if run is not None:
                found += self._score(outcome, run)
            elif not self.waiting.hold(outcome):
                self._gauges.refused.labels("watch.waiting_max").inc()
        return found

    def learn_outcomes(self, outcomes: Iterable[Outcome], runs: Iterable[Run]) -> None:
        """Outcomes of a history: those of the runs that were taken from it."""
        known = {(run.project, run.run_id): run for run in runs}
        for outcome in outcomes:
            run = known.get((outcome.project, outcome.run_id))
            if run is not None:
                self._score(outcome, run)

    def ask(self, project: str, step: str, ask: Callable[[Patrolling], list[Finding]]) -> list[Finding]:
        """The project's patrol, asked; [] when it fails, or when there is no room for one more project."""
        try:
            patrol = self._patrol(project)
            return [] if patrol is None else ask(patrol)
        except Exception as e:  # one project's trouble is not the others'
            self.failed(step, e, project=project)
            return []

    def failed(self, step: str, error: Exception, **fields: Any) -> None:
        """Count a failure, and log it the first time."""
        self._gauges.failures.labels(step).inc()
        key = (step, f"{fields}{type(error).__name__}")
        if key not in self._logged and len(self._logged) < self._options.projects_max:
            self._logged.add(key)
            self._log.error("watch_step_failed", step=step, error=repr(error), exc_info=error, **fields)

    def _patrol(self, project: str) -> Patrolling | None:
        patrol = self._patrols.get(project)
        if patrol is None and len(self._patrols) < self._options.projects_max:
            patrol = self._patrols[project] = self._make.new(project)
        if patrol is None:
            self._gauges.refused.labels("watch.projects_max").inc()
        return patrol

    def _score(self, outcome: Outcome, run: Run) -> list[Finding]:
        self._gauges.outcomes.inc()
        self.refuted += self.words.score(outcome, run)
        return self.ask(run.project, "score", lambda patrol: patrol.score(outcome, run))

    def _stored(self, outcome: Outcome) -> Run | None:
        """The run of a late outcome; None while it is not over (it is scored when it is)."""
        try:
            run = self._feed.get_run(outcome.project, outcome.run_id)
        except NotFound:
            return None
        return None if run.lifecycle in _LIVE else run
