"""The estimators of all projects: asked for a promise, taught by what ended. One project never learns from another.

Refuses: more projects than its limit; to let one project's failure stop the others. Not safe under threads: who calls holds a lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from quarterdeck.control.promises.calibration import HINDSIGHT
from quarterdeck.control.promises.features import ended_of, ending_ns, identity_of, is_whole, own_estimate, task_of
from quarterdeck.control.promises.gauges import PromiseGauges
from quarterdeck.control.promises.ports import Learner, Learners
from quarterdeck.model.estimates import Estimate, Identity, Promise, Task
from quarterdeck.model.runs import Run


class Book:
    """`make` makes estimators. `known_until_ns` of a project: the end of the newest run that it learned from."""

    def __init__(self, make: Learners, projects_max: int, gauges: PromiseGauges) -> None:
        self._make = make
        self._most = projects_max
        self._gauges = gauges
        self._learners: dict[str, Learner] = {}
        self._known_until: dict[str, int] = {}

    def projects(self) -> list[str]:
        return sorted(self._learners)

    def known_until_ns(self, project: str) -> int:
        return self._known_until.get(project, 0)

    def estimate(self, project: str, task: Task, identity: Identity) -> Estimate:
        """What it will take, from the history of this project; of one without history: the prior, cold."""
        return (self._learners.get(project) or self._make.new()).estimate(task, identity)

    def promise(self, run: Run, at_ns: int, source: str, *, hindsight: bool = False) -> Promise | None:
        """The run's promise, the agent's own where it gave one; None where there is no room for its project."""
        own = own_estimate(run)
        if own is not None:
            return Promise(run.project, run.run_id, run.started_at_ns, "agent", own)
        if self._learner(run.project) is None:
            return None
        found = self.estimate(run.project, task_of(run), identity_of(run))
        if hindsight:
            found = replace(found, warnings=(*found.warnings, HINDSIGHT))
        return Promise(run.project, run.run_id, at_ns, source, found)

    def learn(self, run: Run) -> None:
        """A run that is over."""
        learner = self._learner(run.project)
        if learner is not None:
            learner.learn(ended_of(run))
            self._known_until[run.project] = max(self.known_until_ns(run.project), ending_ns(run))
            self._gauges.learned.labels("exactly" if is_whole(run) else "from below").inc()

    def forget(self, project: str, agent: str | None, model: str | None) -> None:
        """This cohort has changed: what was learned of it counts for little beside what comes next."""
        learner = self._learners.get(project)
        if learner is not None:
            learner.forget(Identity(agent, model))
            self._gauges.refits.inc()

    def dump(self) -> dict[str, tuple[bytes, int]]:
        return {project: (one.dump(), self.known_until_ns(project)) for project, one in self._learners.items()}

    def load(self, data: Mapping[str, tuple[bytes, int]]) -> None:
        """Raises BadInput for what no estimator dumped; then nothing is taken over."""
        learners = {project: self._make.load(one) for project, (one, _) in data.items()}
        self._learners = learners
        self._known_until = {project: until_ns for project, (_, until_ns) in data.items()}

    def _learner(self, project: str) -> Learner | None:
        found = self._learners.get(project)
        if found is None and len(self._learners) < self._most:
            found = self._learners[project] = self._make.new()
        if found is None:
            self._gauges.refused.labels("promises.projects_max").inc()
        return found
