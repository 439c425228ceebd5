"""What runs spent over several windows, summed up in memory: what every engine must answer (store/spending.py)."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.store.measures import LIVE, cost_usd
from quarterdeck.store.memory.population import cohorts_of
from quarterdeck.store.spending import CohortSpending, Spent


def spent_of(runs: Sequence[Run], outcomes: Sequence[Outcome], since_ns: Sequence[int], until_ns: int) -> list[Spent]:
    """`runs` are those that match, `outcomes` those of the name about them."""
    return [_window(runs, outcomes, since, until_ns) for since in since_ns]


def _window(runs: Sequence[Run], outcomes: Sequence[Outcome], since_ns: int, until_ns: int) -> Spent:
    alive = [(run, part) for run in runs if (part := part_in(run.started_at_ns, run.last_seen_ns, since_ns, until_ns))]
    usd = [cost * part for run, part in alive if (cost := cost_usd(run)) is not None]
    tokens = [total * part for run, part in alive if (total := run.tokens.total) is not None]
    judged = [
        run.failed
        for run in runs
        if run.lifecycle not in LIVE and since_ns <= _end(run) < until_ns and run.failed is not None
    ]
    bad = [
        1 - outcome.score for outcome in outcomes if outcome.score is not None and since_ns <= outcome.at_ns < until_ns
    ]
    return Spent(
        since_ns,
        len(alive),
        fsum(usd),
        len(usd),
        fsum(tokens),
        len(tokens),
        len(judged),
        sum(judged),
        len(bad),
        fsum(bad),
    )


def part_in(start_ns: int, end_ns: int, since_ns: int, until_ns: int) -> float:
    """The share of a life that lies in a window (half open); a life without length is in it or not."""
    if end_ns <= start_ns:
        return float(since_ns <= start_ns < until_ns)
    return max(0, min(end_ns, until_ns) - max(start_ns, since_ns)) / (end_ns - start_ns)


def _end(run: Run) -> int:
    return run.last_seen_ns if run.ended_at_ns is None else run.ended_at_ns


def spending_by_cohort(runs: Sequence[Run], since_ns: int, until_ns: int, by: Sequence[str]) -> list[CohortSpending]:
    """`runs`: all of one project."""
    if not by:
        return []
    rows = cohorts_of(runs, since_ns, until_ns, by, limit=len(runs) + 1)
    found = [
        CohortSpending(row.keys, row.tokens_total, row.tokens_known, row.cost_usd, row.cost_known)
        for row in rows
        if row.runs
    ]
    return sorted(found, key=_order)


def _order(row: CohortSpending) -> tuple[int, float, list[tuple[bool, str]]]:
    """Most first, unknown last."""
    return -row.tokens, -row.usd, [(value is None, value or "") for value in row.keys.values()]
