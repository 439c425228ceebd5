"""Contrast: what the runs of one selection have more often, or less often, than those of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.common import RateOut, rate
from quarterdeck.stats.differences import COUNT_MIN, SIDE_N_MIN, ShareDifference, compare_shares
from quarterdeck.store.interface import ContrastCell, ContrastCounts


class DifferenceOut(BaseModel):
    """The first share minus the second with Newcombe's interval (95 %)."""

    value: float = Field(ge=-1, le=1)
    low: float = Field(ge=-1, le=1)
    high: float = Field(ge=-1, le=1)


class ContrastOut(BaseModel):
    """One value of one attribute; `value` null = unknown. `score` orders the list; null with too little data."""

    key: str
    value: str | None
    where: RateOut | None
    against: RateOut | None
    where_runs: int
    against_runs: int
    lift: float | None
    difference: DifferenceOut | None
    score: float | None = Field(ge=0, le=1)
    verdict: Literal["more_often", "less_often", "no_difference_shown", "not_enough_data"]


class ContrastsOut(BaseModel):
    """Values that tell the selections apart come first.

    `where_since` and `where_until`: the part of the window that `where` was narrowed to, null where it was not.
    `compared` values had enough data and share one error level. `left_out`: rare values that were not looked at.
    `enough_data` is false when a side has fewer runs than `runs_needed`.
    """

    since: str
    until: str
    where: list[str]
    against: list[str]
    where_since: str | None
    where_until: str | None
    where_runs: int
    against_runs: int
    enough_data: bool
    runs_needed: int
    values_needed: int
    compared: int
    left_out: int
    items: list[ContrastOut]
    next_cursor: str | None


def contrast_dict(
    counts: ContrastCounts,
    *,
    words: tuple[Sequence[str], Sequence[str]],
    window: tuple[int, int],
    limit: int,
    part: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """`words` are both selections as they were asked for; `window` and `part`, to which `where` was narrowed, are in ns."""
    found = compare_shares([(cell.where, cell.against) for cell in counts.cells], counts.where, counts.against)
    ranked = sorted(zip(counts.cells, found, strict=True), key=lambda pair: _place(*pair))
    return {
        "since": rfc3339(window[0]),
        "until": rfc3339(window[1]),
        "where": list(words[0]),
        "against": list(words[1]),
        "where_since": None if part is None else rfc3339(part[0]),
        "where_until": None if part is None else rfc3339(part[1]),
        "where_runs": counts.where,
        "against_runs": counts.against,
        "enough_data": min(counts.where, counts.against) >= SIDE_N_MIN,
        "runs_needed": SIDE_N_MIN,
        "values_needed": COUNT_MIN,
        "compared": sum(one.score is not None for one in found),
        "left_out": counts.left_out,
        "items": [_item(cell, one) for cell, one in ranked[:limit]],
        "next_cursor": None,
    }


def _place(cell: ContrastCell, found: ShareDifference) -> tuple[float, float, str, str]:
    """Highest score first; then the largest difference; values without a score last."""
    score = -1.0 if found.score is None else found.score
    return -score, -abs(found.difference or 0.0), cell.key, cell.value or ""


def _item(cell: ContrastCell, found: ShareDifference) -> dict[str, Any]:
    difference = None
    if found.difference is not None:
        difference = {"value": found.difference, "low": found.low, "high": found.high}
    return {
        "key": cell.key,
        "value": cell.value,
        "where": rate(found.first, found.first_n),
        "against": rate(found.second, found.second_n),
        "where_runs": found.first,
        "against_runs": found.second,
        "lift": found.lift,
        "difference": difference,
        "score": found.score,
        "verdict": found.verdict,
    }
