"""All deploys of a project: when a new version appears its test begins, and it ends when it is over.

A version that got worse explains its runs: they leave the streams of the whole and of the cohort until the test ends, so
that one cause is one alert. Refuses: to test more deploys at a time than the options allow; the oldest quiet one ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from quarterdeck.model.signals import Deploy, FindingState, Keys
from quarterdeck.observe.signals import budget
from quarterdeck.observe.signals.columns import Bools, Columns
from quarterdeck.observe.signals.controls import Controls
from quarterdeck.observe.signals.deploy_test import DeployTest
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.signals.records import Record
from quarterdeck.observe.signals.scope import QUIET, REACHED, Crossing
from quarterdeck.observe.signals.versions import Versions, deploy_of
from quarterdeck.stats.bets import Floats

CONTROL_NS = 3_600 * 10**9
"""Old runs from at most an hour before the deploy are its control, and at least as many as stand below."""
CONTROL_RUNS = 200
REMEMBERED = 200
"""Deploys that are listed."""
MONTH_NS = 30 * 86_400 * 10**9
SILENT_GAPS, SILENT_NS = 10, 600 * 10**9
"""A version is over without a run for ten of its usual gaps and ten minutes, while its cohort has others."""

Told = tuple[DeployTest, Crossing, float]
"""A test, what crossed, the threshold that it crossed."""


class Deploys:
    """Records of each cohort, versions, and open tests."""

    def __init__(self, columns: Columns, options: SignalsOptions) -> None:
        self._columns = columns
        self._options = options
        self.versions = Versions(options.deploy_runs_min)
        self.records: dict[Keys, deque[Record]] = {}
        self.tests: list[DeployTest] = []
        self.remembered: deque[Deploy] = deque(maxlen=REMEMBERED)
        self.spent = 0.0

    def take(self, cohort: Keys, record: Record, blocked: Bools, usual_ns: int) -> Iterator[Told]:
        """One run of a watched cohort."""
        history = self.records.setdefault(cohort, deque(maxlen=self._options.history_runs))
        learning = len(history) < self._options.warmup_runs
        parts = self.versions.see(cohort, record, learning=learning)
        history.append(record)
        begun = self._begin(cohort, parts, record, history) if parts else None
        for test in [one for one in self.tests if one.deploy.cohort == cohort]:
            test.usual_ns = usual_ns
            if test is begun:
                for earlier in [one for one in history if one.part(test.deploy.part) == test.deploy.new]:
                    yield from self._new(test, earlier, blocked)
            elif record.part(test.deploy.part) == test.deploy.new:
                yield from self._new(test, record, blocked)
            elif record.part(test.deploy.part) == test.deploy.old:
                test.old(record)
            if test.runs >= self._options.deploy_runs_max and not test.reached:
                self.tests.remove(test)

    def take_score(self, cohort: Keys, record: Record, blocked: Bools) -> Iterator[Told]:
        """One score of a run; `record` holds nothing else."""
        for test in [one for one in self.tests if one.deploy.cohort == cohort]:
            if record.part(test.deploy.part) == test.deploy.new:
                yield from self._new(test, record, blocked)
            elif record.part(test.deploy.part) == test.deploy.old:
                test.old(record)
        for kept in reversed(self.records.get(cohort, ())):
            if kept.run_id == record.run_id:
                np.copyto(kept.values, record.values, where=~np.isnan(record.values))
                return

    def explains(self, cohort: Keys, record: Record) -> bool:
        """Whether the run belongs to a version that is known to be worse, or was under way when it came.

        Without the new runs, those that were under way would be the long ones only.
        """
        return any(
            test.deploy.cohort == cohort
            and test.reached
            and (
                record.part(test.deploy.part) == test.deploy.new
                or record.started_ns < test.deploy.opened_ns < record.ended_ns
            )
            for test in self.tests
        )

    def excuse(self, cohort: Keys, column: int) -> None:
        """What was reached of a column is known: it explains no runs any more, and is not reached again by the same version."""
        for test in [one for one in self.tests if one.deploy.cohort == cohort and one.state[column] == REACHED]:
            test.state[column] = QUIET
            test.thresholds[column] = np.inf
            test.recovery.end(column)

    def silent(self, now_ns: int) -> Iterator[Told]:
        """Ends tests of versions that no longer run; those that were worse have recovered."""
        for test in list(self.tests):
            gap = (test.last_ns - test.deploy.opened_ns) / max(1, test.runs)
            quiet_ns = now_ns - test.last_ns
            if quiet_ns < max(SILENT_NS, SILENT_GAPS * gap) or not self._others(test):
                continue
            self.tests.remove(test)
            for at in np.flatnonzero(test.state != QUIET):
                state: FindingState = "recovered" if test.state[at] == REACHED else "fell"
                test.state[at] = QUIET
                yield test, Crossing(int(at), state, float(test.evidence[at])), float(test.thresholds[at])

    def _others(self, test: DeployTest) -> bool:
        newest = self.records[test.deploy.cohort][-1]
        return newest.ended_ns > test.last_ns and newest.part(test.deploy.part) != test.deploy.new

    def _begin(self, cohort: Keys, parts: list[str], record: Record, history: deque[Record]) -> DeployTest | None:
        deploy = deploy_of(cohort, parts, record, history, [test.deploy for test in self.tests])
        if deploy is None:
            return None
        test = DeployTest(deploy, self._columns, self._controls(deploy, history), self._options.tolerance)
        test.thresholds = self.thresholds(deploy.opened_ns)
        self.spent += float((1 / test.thresholds).sum())
        self.remembered.append(deploy)
        self.tests.append(test)
        if len(self.tests) > self._options.deploys_open_max:
            quiet = [one for one in self.tests if not one.reached] or self.tests
            self.tests.remove(quiet[0])
        return test

    def _controls(self, deploy: Deploy, history: deque[Record]) -> Controls:
        old = [one for one in history if one.part(deploy.part) == deploy.old]
        near = [one for one in old if one.ended_ns >= deploy.opened_ns - CONTROL_NS]
        first = self.versions.first_ns(deploy.cohort, deploy.part, deploy.old)
        first_ns = first if first is not None else min((one.started_ns for one in old), default=deploy.opened_ns)
        chosen = near if len(near) >= CONTROL_RUNS else old[-CONTROL_RUNS:]
        controls = Controls(chosen, first_ns, deploy.opened_ns, self._columns.size)
        for one in old:
            controls.old(one)
        return controls

    def thresholds(self, now_ns: int) -> Floats:
        """1/α of each signal of a deploy that begins now."""
        recent = sum(1 for deploy in self.remembered if deploy.opened_ns >= now_ns - MONTH_NS) + 1
        return budget.deploy_thresholds(self._options, self._columns.shares, recent)

    def _new(self, test: DeployTest, record: Record, blocked: Bools) -> Iterator[Told]:
        thresholds = test.thresholds.copy()
        for crossing in test.new(record, blocked):
            yield test, crossing, float(thresholds[crossing.column])
