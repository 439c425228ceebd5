"""Contrast: what the runs of one selection have more often, or less often, than those of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.common import RateOut, rate
from quarterdeck.api.wire.signals import ExemplarOut
from quarterdeck.model.signals import SliceScore
from quarterdeck.observe.signals.exemplars import Exemplar
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


class ContrastSliceOut(BaseModel):
    """Runs with these values of one or two attributes: their share of either side. `score`: log evidence less the price

    of searching; above 0 it is more than chance among all slices that were looked at.
    """

    keys: dict[str, str | None]
    where: RateOut
    against: RateOut
    lift: float | None
    score: float


class DrawnOut(BaseModel):
    """Runs of either side."""

    where: int
    against: int


class ContrastsOut(BaseModel):
    """Values that tell the selections apart come first.

    `slices`: what `where` has more of, the narrowest that explains it first; a pair only where it beats both of its parts.
    They are searched in `drawn` runs of either side; failed runs are held against good ones, whatever goes on. `fleet_wide`: no slice is more than chance; null with too little data.

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
    in_words: str
    fleet_wide: bool | None
    slices: list[ContrastSliceOut]
    drawn: DrawnOut
    exemplars: list[ExemplarOut]
    items: list[ContrastOut]
    next_cursor: str | None


class Deep(NamedTuple):
    """What was found beside the single values: slices, in how many runs of either side, and runs to open."""

    slices: Sequence[SliceScore] = ()
    drawn: tuple[int, int] = (0, 0)
    exemplars: Sequence[Exemplar] = ()


def contrast_dict(
    counts: ContrastCounts,
    deep: Deep,
    *,
    words: tuple[Sequence[str], Sequence[str]],
    window: tuple[int, int],
    limit: int,
    part: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """`words` are both selections as they were asked for; `window` and `part`, to which `where` was narrowed, are in ns."""
    found = compare_shares([(cell.where, cell.against) for cell in counts.cells], counts.where, counts.against)
    ranked = sorted(zip(counts.cells, found, strict=True), key=lambda pair: _place(*pair))
    enough = min(counts.where, counts.against) >= SIDE_N_MIN
    wide = deep.slices[0].where == () if enough and deep.slices else None
    slices = [_slice(one, deep.drawn) for one in deep.slices if one.where] if wide is False else []
    return {
        "since": rfc3339(window[0]),
        "until": rfc3339(window[1]),
        "where": list(words[0]),
        "against": list(words[1]),
        "where_since": None if part is None else rfc3339(part[0]),
        "where_until": None if part is None else rfc3339(part[1]),
        "where_runs": counts.where,
        "against_runs": counts.against,
        "enough_data": enough,
        "runs_needed": SIDE_N_MIN,
        "values_needed": COUNT_MIN,
        "compared": sum(one.score is not None for one in found),
        "left_out": counts.left_out,
        "in_words": _words(slices, wide),
        "fleet_wide": wide,
        "slices": slices,
        "drawn": {"where": deep.drawn[0], "against": deep.drawn[1]},
        "exemplars": [one._asdict() for one in deep.exemplars],
        "items": [_item(cell, one) for cell, one in ranked[:limit]],
        "next_cursor": None,
    }


def _slice(found: SliceScore, drawn: tuple[int, int]) -> dict[str, Any]:
    ones = round(found.mean * found.n)
    others = found.n - ones
    return {
        "keys": dict(found.where),
        "where": rate(ones, drawn[0]),
        "against": rate(others, drawn[1]),
        "lift": (ones / drawn[0]) / (others / drawn[1]) if others else None,
        "score": found.score,
    }


def _words(slices: Sequence[dict[str, Any]], wide: bool | None) -> str:
    """What sets the runs apart, in one sentence."""
    if wide is None:
        return f"Not enough data: each side needs {SIDE_N_MIN} runs."
    if wide:
        return "Fleet-wide: no attribute sets these runs apart from the others."
    first = slices[0]
    named = " and ".join(f"{name.replace('_', ' ')} {value or 'unknown'}" for name, value in first["keys"].items())
    return f"What sets these runs apart is {named}: {first['where']['value']:.0%} of these, {first['against']['value']:.0%} of the others.".replace(
        "%", " %"
    )


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
