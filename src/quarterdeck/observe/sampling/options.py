"""Options of the room: which bodies are kept for certain, and how many of the rest.

Refuses: anything per session. What is decided about a session follows from its facts and these numbers alone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["reservoir", "all", "off"]
KeepRule = Literal["error", "guardrail", "negative_feedback", "budget_breach", "alert"]
KEEP_RULES: tuple[KeepRule, ...] = ("error", "guardrail", "negative_feedback", "budget_breach", "alert")


class SamplingOptions(BaseModel):
    """Which bodies (messages, payloads) are kept: facts are always kept, bodies are sampled by session."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Field(
        "reservoir",
        description="`reservoir` samples, `all` keeps every body, `off` decides nothing (bodies stay until they expire).",
        json_schema_extra={"unit": "word"},
    )
    reservoir: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="Sessions kept per stratum and window, beside those that a rule keeps.",
        json_schema_extra={"unit": "sessions"},
    )
    keep: tuple[KeepRule, ...] = Field(
        KEEP_RULES,
        description="Rules whose sessions are always kept.",
        json_schema_extra={"unit": "words"},
    )
    top_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Share of a stratum and window that is kept for its cost, and the same share for its duration.",
        json_schema_extra={"unit": "share"},
    )
    window_s: int = Field(
        3600,
        ge=60,
        description="Length of a window; a session belongs to the window in which it was last seen.",
        json_schema_extra={"unit": "seconds"},
    )
    hold_s: float = Field(
        600.0,
        ge=0,
        description="Silence of a session after which its bodies are decided on.",
        json_schema_extra={"unit": "seconds"},
    )
    grace_s: float = Field(
        3600.0,
        ge=0,
        description="Time between a decision and the removal of bodies, in which late evidence still saves them.",
        json_schema_extra={"unit": "seconds"},
    )
    every_s: float = Field(
        60.0,
        gt=0,
        description="How often silent sessions are looked for.",
        json_schema_extra={"unit": "seconds"},
    )
    strata_max: int = Field(
        500,
        ge=1,
        description="Strata of one project and window; the sessions of all further ones share the stratum `other`.",
        json_schema_extra={"unit": "strata"},
    )
    runs_max: int = Field(
        100_000,
        ge=100,
        description="Runs looked at in one round, so that a round has an end.",
        json_schema_extra={"unit": "runs"},
    )
    search_runs_max: int = Field(
        2_000,
        ge=1,
        description="Runs whose bodies one search reads at most; of more, a random part is read.",
        json_schema_extra={"unit": "runs"},
    )
