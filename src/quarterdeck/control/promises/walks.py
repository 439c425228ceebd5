"""What runs that are over looked like step by step, by project, so that a run under way can be estimated anew.

What for: `run.estimate.live`. Refuses to grow: groups (agent on model) and projects beyond their limits are not told apart,
and of a long history only its newest runs are read. One project never learns from another. Not safe under threads: who
calls holds a lock, but for `read`, which does the I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from quarterdeck.control.promises.features import is_whole
from quarterdeck.control.promises.gauges import PromiseGauges
from quarterdeck.control.promises.options import PromiseOptions
from quarterdeck.control.promises.ports import Feed
from quarterdeck.control.promises.steps import steps_of
from quarterdeck.control.tasks.live import LiveEstimate
from quarterdeck.control.tasks.paths import Path, Paths, Step
from quarterdeck.model.estimates import Estimate
from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span

Trees = Callable[[Sequence[Span]], Sequence[RunTree]]
"""The place of each span in its run (`observe.runs.build_runs`, bound)."""

_CHUNK = 100
"""Runs whose spans are in memory at once."""
_TASKS_MAX = 5_000
"""Tasks of a project whose outcomes are told apart."""


class Walks:
    """`trees` None: nothing is read step by step, and no run is estimated anew."""

    def __init__(self, feed: Feed, trees: Trees | None, options: PromiseOptions, gauges: PromiseGauges) -> None:
        self._feed = feed
        self._trees = trees
        self._options = options
        self._gauges = gauges
        self._paths: dict[str, Paths] = {}

    def groups(self) -> int:
        """The most groups that any project tells apart."""
        return max(map(len, self._paths.values()), default=0)

    def read(self, runs: Sequence[Run]) -> Iterable[Path]:
        """Of runs that are over, their way step by step; the newest of them where there are more than the limit. Raises StoreFailed."""
        if self._trees is None:
            return
        newest = runs[-self._options.walks_max :]
        if len(newest) < len(runs):
            self._gauges.refused.labels("promises.walks_max").inc(len(runs) - len(newest))
        for start in range(0, len(newest), _CHUNK):
            chunk = newest[start : start + _CHUNK]
            spans = self._feed.load_traces([(run.project, trace_id) for run in chunk for trace_id in run.trace_ids])
            for run in chunk:
                steps = self._steps(run, [one for at in run.trace_ids for one in spans.get((run.project, at), ())])
                if steps:
                    yield path_of(run, steps)

    def learn(self, project: str, path: Path) -> None:
        """One run that is over."""
        paths = self._paths.get(project)
        if paths is None:
            if len(self._paths) >= self._options.projects_max:
                return
            paths = self._paths[project] = self._empty()
        turned_away = paths.turned_away
        paths.learn(path)
        self._gauges.groups.set(self.groups())
        if paths.turned_away > turned_away:
            self._gauges.refused.labels("promises.walk_groups_max").inc()

    def live(self, run: Run, steps: Sequence[Step]) -> Estimate | None:
        """Of the whole run, from its steps so far; None where its project has no history step by step, or it made no step."""
        paths, spent = self._paths.get(run.project), run.spent
        if paths is None or not steps:
            return None
        before = None if run.estimate is None else run.estimate.estimate
        live = LiveEstimate(paths, group_of(run), before=before, task=run.task_key)
        # Only the sums of dollars and seconds count, so each step takes an equal part of what the run reports.
        cost, seconds = (
            None if amount is None else max(amount, 0.0) / len(steps)
            for amount in (spent.get("cost_usd"), spent.get("seconds"))
        )
        for step in steps:
            live.step(*step, cost_usd=cost, seconds=seconds)
        return live.estimate()

    def dump(self) -> dict[str, bytes]:
        return {project: paths.dump() for project, paths in self._paths.items()}

    def load(self, data: Mapping[str, bytes]) -> None:
        """Raises BadInput for what no `Paths` dumped; then nothing is taken over."""
        limits = {"groups_max": self._options.walk_groups_max, "tasks_max": _TASKS_MAX}
        self._paths = {project: Paths.load(one, **limits) for project, one in data.items()}

    def _empty(self) -> Paths:
        return Paths(groups_max=self._options.walk_groups_max, tasks_max=_TASKS_MAX)

    def _steps(self, run: Run, spans: Sequence[Span]) -> list[Step] | None:
        assert self._trees is not None
        by_key = {(span.trace_id, span.span_id): span for span in spans}
        for tree in self._trees(spans):
            if tree.run.run_id == run.run_id:
                return steps_of(tree.nodes, by_key)
        return None


def group_of(run: Run) -> str:
    """Agent on model: runs of one group are alike step by step."""
    return f"{run.agent or 'agent unknown'} on {run.model or 'model unknown'}"


def path_of(run: Run, steps: Sequence[Step]) -> Path:
    """The run as history; one that was cut ends nowhere."""
    return Path(group_of(run), tuple(steps), is_whole(run), succeeded_of(run), run.task_key)


def succeeded_of(run: Run) -> bool | None:
    """What was found out about it; None: nobody said."""
    return None if run.outcome is None else not run.failed
