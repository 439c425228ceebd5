"""Cohort: runs that share a version identity, over a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.common import RateOut, rate
from quarterdeck.api.wire.fleet import TotalCostOut, total
from quarterdeck.api.wire.signals import StateOfStream, stream_dict
from quarterdeck.model.signals import StreamNow
from quarterdeck.store.cohort_parts import CohortPart
from quarterdeck.store.interface import CohortRow


class CohortTokensOut(BaseModel):
    """Tokens of the runs that reported them, with quantiles per run."""

    total: int | None
    runs_known: int
    p50: float | None
    p95: float | None


class QuantilesOut(BaseModel):
    """Within 1 %; null when nothing was measured."""

    p50: float | None
    p95: float | None


class SeriesOut(BaseModel):
    """The window in equal parts of whole minutes, oldest first. `tokens_per_run`: mean of the runs that reported; null = none did."""

    part_s: int
    runs: list[int]
    failing: list[float | None]
    tokens_per_run: list[float | None]


class CohortWatchOut(BaseModel):
    """Evidence that more of these runs fail than did before: of the stream `stream_id`, in full under `signals`.

    `runs_needed`: runs until a change of the size that is looked for would be told; null = cannot be said.
    """

    stream_id: str
    state: StateOfStream
    evidence: float
    threshold: float | None
    runs: int
    runs_needed: int | None
    sees: float | None


class CohortOut(BaseModel):
    """`watched` is null where no stream is about these runs.

    `cost_per_success_usd`: mean cost of a run whose cost is known ÷ share of scored runs that did not fail."""

    keys: dict[str, str | None]
    runs: int
    live: int
    failing: RateOut | None
    model_calls: int
    tool_calls: int
    tokens: CohortTokensOut
    cost_usd: TotalCostOut
    cost_per_success_usd: float | None
    duration_s: QuantilesOut
    last_started_at: str
    series: SeriesOut | None
    watched: CohortWatchOut | None


class CohortsOut(BaseModel):
    """Cohorts, most runs first."""

    items: list[CohortOut]
    next_cursor: str | None


_OF_STREAM = ("stream_id", "state", "evidence", "threshold", "runs", "runs_needed", "sees")


def cohort_dict(
    row: CohortRow, series: dict[str, Any] | None = None, stream: StreamNow | None = None
) -> dict[str, Any]:
    """`series` is that of `series_dict`; None where it was not asked for. `stream` watches whether these runs fail."""
    return {
        "keys": row.keys,
        "runs": row.runs,
        "live": row.live,
        "failing": rate(row.failed, row.scored),
        "model_calls": row.model_calls,
        "tool_calls": row.tool_calls,
        "tokens": total(row.tokens_total, row.tokens_known) | {"p50": row.tokens_p50, "p95": row.tokens_p95},
        "cost_usd": total(row.cost_usd, row.cost_known),
        "cost_per_success_usd": cost_per_success(row),
        "duration_s": {"p50": row.duration_s_p50, "p95": row.duration_s_p95},
        "last_started_at": rfc3339(row.started_at_max_ns),
        "series": series,
        "watched": None if stream is None else {name: stream_dict(stream)[name] for name in _OF_STREAM},
    }


def series_dict(parts: Sequence[CohortPart], part_s: int) -> dict[str, Any]:
    return {
        "part_s": part_s,
        "runs": [part.runs for part in parts],
        "failing": [part.failed / part.scored if part.scored else None for part in parts],
        "tokens_per_run": [part.tokens_total / part.tokens_known if part.tokens_known else None for part in parts],
    }


def cost_per_success(row: CohortRow) -> float | None:
    """A ratio of means, so that runs without a known cost or status do not bend it; None without any success."""
    successes = row.scored - row.failed
    if successes <= 0 or row.cost_known <= 0:
        return None
    return (row.cost_usd / row.cost_known) / (successes / row.scored)
