"""What some runs spent, and how well they went, over several windows that all end now: what objectives are judged by.

Dollars and tokens are spread evenly over the life of a run (start to the newest sign of it), because a run of an hour did not
spend all when it began. Runs are judged in the window in which they ended, never before they are over: those that end early
fail more often than the rest. Outcomes count when they were found out. Refuses: to price what has no known cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from quarterdeck.errors import BadInput

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


class CohortSpending(NamedTuple):
    """What the runs of one cohort that started in a window spent; `tokens_known` and `usd_known` runs told it."""

    keys: Mapping[str, str | None]
    tokens: int
    tokens_known: int
    usd: float
    usd_known: int


class SpendingReader(Protocol):
    """Sums over windows, and by cohort."""

    def spent(
        self, project: str, where: Mapping[str, str], since_ns: Sequence[int], until_ns: int, *, score: str | None
    ) -> Sequence[Spent]:
        """One `Spent` per start of a window, in the order given; `where` maps names of MATCH_KEYS to values.

        `score` names the outcomes that are counted; None = none. Raises BadInput for another name.
        """
        ...

    def spending_by(self, project: str, since_ns: int, until_ns: int, by: Sequence[str]) -> Sequence[CohortSpending]:
        """One row per cohort, from the rollup by minute of the start, most tokens first, then most dollars, then by keys.

        Raises BadInput for a name outside COHORT_KEYS.
        """
        ...


def check_match(where: Mapping[str, str]) -> None:
    """Raises BadInput for a name outside MATCH_KEYS."""
    for name in where:
        if name not in MATCH_KEYS:
            raise BadInput(f"match {name!r} is not known: expected one of {', '.join(MATCH_KEYS)}")
