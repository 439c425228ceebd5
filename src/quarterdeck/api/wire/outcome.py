"""Outcomes: what was posted, what became of it, what a run has, and how they are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.common import RateOut, rate
from quarterdeck.api.wire.run import RunOut
from quarterdeck.model.outcomes import Outcome
from quarterdeck.observe.outcomes import Posted, Unaccepted
from quarterdeck.store.feed import OutcomeSummary

ITEMS_MAX = 500
"""Items of one post."""


class OutcomesIn(BaseModel):
    """Each item: `{run_id, name, score?, label?, at?, comment?}`; a score from 0 (worst) to 1 (best), a label, or both.

    `at` is RFC 3339 or epoch milliseconds, by default now. Items are looked at one by one: one that is not right is
    rejected alone.
    """

    model_config = ConfigDict(extra="forbid")

    items: list[Any] = Field(max_length=ITEMS_MAX)


class UnacceptedOut(BaseModel):
    """An item by its place in the post, and what is wrong with it."""

    index: int
    reason: str


class PostedOut(BaseModel):
    """What became of a post."""

    accepted: int
    unknown_runs: int = Field(description="Accepted items whose run is not stored (yet).")
    rejected: list[UnacceptedOut]
    noted: list[UnacceptedOut] = Field(
        description="Accepted, but not as sent: a score outside 0 to 1 became the label."
    )


class OutcomeOut(BaseModel):
    """One outcome of a run."""

    run_id: str
    name: str
    score: float | None
    label: str | None
    at: str
    received_at: str
    source: Literal["api", "span"]
    comment: str | None


class OutcomesOut(BaseModel):
    """Outcomes of one run, oldest first."""

    items: list[OutcomeOut]
    next_cursor: str | None


class RunDetailOut(RunOut):
    """A run with what was found out about it."""

    outcomes: list[OutcomeOut]


class OutcomeNameOut(BaseModel):
    """One name. `n`: runs that have it; `share`: of all runs that are over; `mean` of the scores.

    Delays: seconds from the end of the run until the outcome came.
    """

    name: str
    n: int
    share: RateOut
    scored: int
    mean: float | None
    delay_s_p50: float | None
    delay_s_p90: float | None


class OutcomeSummaryOut(BaseModel):
    """Outcomes of the runs that started in the window and are over, by name."""

    since: str
    until: str
    runs: int
    items: list[OutcomeNameOut]
    next_cursor: str | None


def posted_dict(posted: Posted) -> dict[str, Any]:
    return {
        "accepted": posted.accepted,
        "unknown_runs": posted.unknown_runs,
        "rejected": _listed(posted.rejected),
        "noted": _listed(posted.noted),
    }


def _listed(found: Sequence[Unaccepted]) -> list[dict[str, Any]]:
    return [{"index": item.item, "reason": item.reason} for item in found]


def outcome_dict(outcome: Outcome) -> dict[str, Any]:
    return {
        "run_id": outcome.run_id,
        "name": outcome.name,
        "score": outcome.score,
        "label": outcome.label,
        "at": rfc3339(outcome.at_ns),
        "received_at": rfc3339(outcome.received_ns),
        "source": outcome.source,
        "comment": outcome.comment,
    }


def summary_dict(summary: OutcomeSummary, since_ns: int, until_ns: int) -> dict[str, Any]:
    return {
        "since": rfc3339(since_ns),
        "until": rfc3339(until_ns),
        "runs": summary.runs,
        "items": [
            {
                "name": row.name,
                "n": row.n,
                "share": rate(row.n, summary.runs),
                "scored": row.scored,
                "mean": row.mean,
                "delay_s_p50": row.delay_s_p50,
                "delay_s_p90": row.delay_s_p90,
            }
            for row in summary.names
        ],
        "next_cursor": None,
    }
