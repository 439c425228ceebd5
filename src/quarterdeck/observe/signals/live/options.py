"""Options of the room: from what point a live run is worth an alert.

Refuses: anything statistical. These rules are about facts; the promised number of false alarms is not spent on them.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LiveOptions(BaseModel):
    """Rules about runs that are still going: loops, silence, spending that runs away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share_min: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of the live runs of one agent and prompt that must loop or be stuck before somebody is told, unless dollars decide.",
        json_schema_extra={"unit": "share"},
    )
    wasted_usd_min: float = Field(
        5.0,
        ge=0,
        description="Dollars above the usual, of all looping or stuck runs of one cause, from which somebody is told whatever their share.",
        json_schema_extra={"unit": "US dollars"},
    )
    persist_s: float = Field(
        30.0,
        ge=0,
        description="How long a cause must be seen before it is told: a transient is not.",
        json_schema_extra={"unit": "seconds"},
    )
    recover_s: float = Field(
        120.0,
        gt=0,
        description="How long no run may show a cause before it counts as over.",
        json_schema_extra={"unit": "seconds"},
    )
    stuck_runs: int = Field(
        5,
        ge=1,
        description="Stalled runs of one agent and prompt that count as stuck at once.",
        json_schema_extra={"unit": "runs"},
    )
    stuck_after_s: float = Field(
        900.0,
        gt=0,
        description="Silence after which a single stalled run counts as stuck.",
        json_schema_extra={"unit": "seconds"},
    )
    runaway_factor: float = Field(
        10.0,
        gt=1,
        description="A live run runs away when it spends this many times faster than its cohort usually does.",
        json_schema_extra={"unit": "ratio"},
    )
    runaway_usd_min: float = Field(
        1.0,
        ge=0,
        description="Dollars above its cohort's usual cost below which no run counts as running away.",
        json_schema_extra={"unit": "US dollars"},
    )
    runaway_tokens_min: int = Field(
        1_000_000,
        ge=0,
        description="The same in tokens, for runs without a known cost.",
        json_schema_extra={"unit": "tokens"},
    )
    baseline_runs: int = Field(
        20,
        ge=1,
        description="Runs of a cohort that must be over before it is known what is usual.",
        json_schema_extra={"unit": "runs"},
    )
    breaker: bool = Field(
        False,
        description="Ask admission to stop what keeps running away.",
        json_schema_extra={"unit": "yes or no"},
    )
    breaker_after_s: float = Field(
        60.0,
        ge=0,
        description="How long after the alert it must still run away before admission is asked.",
        json_schema_extra={"unit": "seconds"},
    )
    breaker_hold_s: float = Field(
        600.0,
        gt=0,
        description="For how long admission is asked to stop it.",
        json_schema_extra={"unit": "seconds"},
    )
    causes_max: int = Field(
        1_000,
        ge=1,
        description="Causes that are followed at the same time; further ones wait until one is over.",
        json_schema_extra={"unit": "causes"},
    )
