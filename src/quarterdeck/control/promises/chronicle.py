"""Runs that are over, in the order of what happened: each is promised when it began and learned from when it ended.

What for: a run that was over when it was first seen (a short one, or a recorded one) gets the promise that it would
have got: made from what had ended before it began. Pure. Refuses to let a run be promised from its own end.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import NamedTuple

from quarterdeck.control.promises.features import ending_ns
from quarterdeck.model.runs import Run

RunKey = tuple[str, str]
"""(project, run_id)."""


class Step(NamedTuple):
    """One thing that happened. `learns` False: the run is promised, at `at_ns`.

    `hindsight`: runs that ended after this one had ended are known already, since they came earlier.
    """

    at_ns: int
    learns: bool
    run: Run
    hindsight: bool = False


def chronicle(runs: Iterable[Run], promised: Set[RunKey], known_until_ns: int) -> list[Step]:
    """Steps in order of time; what begins when another ends begins first.

    `promised`: runs that have a promise already. `known_until_ns`: the end of the newest run that was learned: no
    promise can be older than what it was made from.
    """
    steps = []
    for run in runs:
        end_ns = ending_ns(run)
        if (run.project, run.run_id) not in promised:
            at_ns = min(max(run.started_at_ns, known_until_ns), end_ns)
            steps.append(Step(at_ns, learns=False, run=run, hindsight=known_until_ns > end_ns))
        steps.append(Step(end_ns, learns=True, run=run))
    return sorted(steps, key=_order)


def _order(step: Step) -> tuple[int, bool, str, str]:
    return step.at_ns, step.learns, step.run.project, step.run.run_id
