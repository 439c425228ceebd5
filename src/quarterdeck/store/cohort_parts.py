"""Cohorts over time: a window cut in equal parts, each with its runs and tokens. What small curves beside cohorts are drawn from.

Refuses: finer parts than a minute, since the rollup knows no finer time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

PARTS_MAX = 120
"""A small curve has fewer pixels than that."""

CohortKeys = tuple[str | None, ...]


class CohortPart(NamedTuple):
    """Runs that started in one part of the window; `failed` of `scored`; tokens of the `tokens_known` that reported them."""

    runs: int
    failed: int
    scored: int
    tokens_total: int
    tokens_known: int


NOTHING = CohortPart(0, 0, 0, 0, 0)


class CohortPartsReader(Protocol):
    """From rollups only: never from spans."""

    def cohort_parts(
        self, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, parts: int
    ) -> Mapping[CohortKeys, Sequence[CohortPart]]:
        """Values of the keys, in the order of `by` without repeats → its parts, oldest first, all of them, of

        `part_minutes` each. A cohort without a run in the window is left out. Raises BadInput for a name outside COHORT_KEYS.
        """
        ...


def cut(minutes: int, parts: int) -> tuple[int, int]:
    """The length of a part in whole minutes, at least one, and how many parts there are: at most `parts`, fewer in a short window."""
    length = max(1, -(-minutes // parts))
    return length, -(-minutes // length)
