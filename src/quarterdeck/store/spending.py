"""What some runs spent, and how well they went, over several windows that all end now: what objectives are judged by.

Dollars and tokens are spread evenly over the life of a run (start to the newest sign of it), because a run of an hour did not
spend all when it began. Runs are judged in the window in which they ended, never before they are over: those that end early
fail more often than the rest. Outcomes count when they were found out. Refuses: to price what has no known cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import NamedTuple, Protocol

from quarterdeck.errors import BadInput
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.store.measures import LIVE, cost_usd

MATCH_KEYS = ("feature", "tenant", "agent", "environment")
"""Attributes by which the runs of an objective are chosen."""


class Spent(NamedTuple):
    """One window. `runs` were alive in it; `usd` and `tokens` are known of `usd_known` and `tokens_known` of them.

    `failed` of `scored` runs ended in it and failed. `bad` is the sum of 1 − score over `scores` outcomes.
    """

    since_ns: int
    runs: int
    usd: float
    usd_known: int
    tokens: float
    tokens_known: int
    scored: int
    failed: int
    scores: int
    bad: float


class SpendingReader(Protocol):
    """Sums over windows."""

    def spent(
        self, project: str, where: Mapping[str, str], since_ns: Sequence[int], until_ns: int, *, score: str | None
    ) -> Sequence[Spent]:
        """One `Spent` per start of a window, in the order given; `where` maps names of MATCH_KEYS to values.

        `score` names the outcomes that are counted; None = none. Raises BadInput for another name.
        """
        ...


def check_match(where: Mapping[str, str]) -> None:
    """Raises BadInput for a name outside MATCH_KEYS."""
    for name in where:
        if name not in MATCH_KEYS:
            raise BadInput(f"match {name!r} is not known: expected one of {', '.join(MATCH_KEYS)}")


def spent_of(
    runs: Sequence[Run], outcomes: Iterable[tuple[Outcome, Run]], since_ns: Sequence[int], until_ns: int
) -> list[Spent]:
    """Summed up in memory: what every engine must answer. `runs` are those that match, `outcomes` those of the name."""
    pairs = list(outcomes)
    return [_window(runs, pairs, since, until_ns) for since in since_ns]


def _window(runs: Sequence[Run], outcomes: Sequence[tuple[Outcome, Run]], since_ns: int, until_ns: int) -> Spent:
    alive = [(run, part) for run in runs if (part := part_in(run.started_at_ns, run.last_seen_ns, since_ns, until_ns))]
    usd = [cost * part for run, part in alive if (cost := cost_usd(run)) is not None]
    tokens = [total * part for run, part in alive if (total := run.tokens.total) is not None]
    judged = [
        run.failed
        for run in runs
        if run.lifecycle not in LIVE and since_ns <= _end(run) < until_ns and run.failed is not None
    ]
    bad = [
        1 - outcome.score
        for outcome, _ in outcomes
        if outcome.score is not None and since_ns <= outcome.at_ns < until_ns
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
