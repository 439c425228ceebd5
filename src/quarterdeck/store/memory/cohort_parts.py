"""Cohorts over time, counted from the runs themselves: what every engine must answer (store/cohort_parts.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from quarterdeck.model.runs import Run
from quarterdeck.store.cohort_parts import NOTHING, CohortKeys, CohortPart, cut
from quarterdeck.store.measures import minute_of, minutes_of


def parts_of(
    runs: Sequence[Run], since_ns: int, until_ns: int, by: Sequence[str], *, parts: int
) -> dict[CohortKeys, Sequence[CohortPart]]:
    """`runs`: all of one project."""
    first, end = minutes_of(since_ns, until_ns)
    step, count = cut(end - first, parts)
    found: defaultdict[CohortKeys, list[CohortPart]] = defaultdict(lambda: [NOTHING] * count)
    for run in runs:
        if first <= (minute := minute_of(run.started_at_ns)) < end:
            own = found[tuple(getattr(run, key) for key in by)]
            own[(minute - first) // step] = _with(own[(minute - first) // step], run)
    return dict(found)


def _with(part: CohortPart, run: Run) -> CohortPart:
    total = run.tokens.total
    return CohortPart(
        runs=part.runs + 1,
        failed=part.failed + (run.failed is True),
        scored=part.scored + (run.failed is not None),
        tokens_total=part.tokens_total + (total or 0),
        tokens_known=part.tokens_known + (total is not None),
    )
