"""How few cohorts make most of what is spent. Pure: rows of the rollup in, shares out.

Refuses: a share of nothing; where nothing is known the answer is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quarterdeck.store.spending import CohortSpending

CONCENTRATED_BY = ("agent", "prompt_version", "model")
"""What makes a cohort here: the same as in the table of cohorts."""

MOST = 0.8
_TOP = 5


class TopCohort(NamedTuple):
    """One cohort and its share of everything."""

    keys: Mapping[str, str | None]
    share: float


class Concentration(NamedTuple):
    """The `cohorts` largest of `of` that spent anything make at least MOST of it, exactly `share_80`. `top`: the largest."""

    cohorts: int
    of: int
    share_80: float
    top: Sequence[TopCohort]


def of_tokens(rows: Sequence[CohortSpending]) -> Concentration | None:
    return _concentration([(row.keys, float(row.tokens)) for row in rows if row.tokens_known])


def of_dollars(rows: Sequence[CohortSpending]) -> Concentration | None:
    return _concentration([(row.keys, row.usd) for row in rows if row.usd_known])


def _concentration(spent: Sequence[tuple[Mapping[str, str | None], float]]) -> Concentration | None:
    largest = sorted(((keys, value) for keys, value in spent if value > 0), key=lambda pair: -pair[1])
    total = sum(value for _, value in largest)
    if not largest:
        return None
    seen, cohorts = 0.0, 0
    for _, value in largest:
        seen, cohorts = seen + value, cohorts + 1
        if seen >= MOST * total:
            break
    top = [TopCohort(keys, value / total) for keys, value in largest[:_TOP]]
    return Concentration(cohorts, len(largest), seen / total, top)
