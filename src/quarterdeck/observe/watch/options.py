"""How often the watch looks, and how much it holds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WatchOptions(BaseModel):
    """The loop that takes runs that are over, live runs and outcomes through signals to alerts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        True,
        description="Whether the fleet is watched; without it there are no signals and no alerts.",
        json_schema_extra={"unit": "yes or no"},
    )
    every_s: float = Field(
        1.0, gt=0, description="How often runs that are over are looked for.", json_schema_extra={"unit": "seconds"}
    )
    live_every_s: float = Field(
        5.0,
        gt=0,
        description="How often live runs are judged (loops, silence, runaway spending).",
        json_schema_extra={"unit": "seconds"},
    )
    save_every_s: float = Field(
        60.0,
        gt=0,
        description="How often what the watch knows is written to the data folder; runs since then are taken again after a crash.",
        json_schema_extra={"unit": "seconds"},
    )
    read_max: int = Field(
        2_000, gt=0, description="Runs read from the store in one go.", json_schema_extra={"unit": "runs"}
    )
    live_max: int = Field(
        20_000, gt=0, description="Live runs judged at most; the longest silent first.", json_schema_extra={"unit": "runs"}
    )  # fmt: skip
    replay_max: int = Field(
        20_000,
        ge=0,
        description="Newest stored runs from which a watch without memory learns what is normal, without alerts.",
        json_schema_extra={"unit": "runs"},
    )
    taken_max: int = Field(
        200_000,
        gt=0,
        description="Runs remembered as taken, so that a run that is written again is not taken again.",
        json_schema_extra={"unit": "runs"},
    )
    doubt_s: float = Field(
        60.0,
        ge=0,
        description="How long a run without its root, or one that fell silent, waits for what may still come before it is taken.",
        json_schema_extra={"unit": "seconds"},
    )
    doubt_max: int = Field(
        20_000,
        gt=0,
        description="Runs that wait so; beyond, those that waited longest are taken as they are.",
        json_schema_extra={"unit": "runs"},
    )
    recent_max: int = Field(
        2_000,
        gt=0,
        description="Runs held in memory so that an outcome that comes soon finds its run at once.",
        json_schema_extra={"unit": "runs"},
    )
    outcome_reads_max: int = Field(
        200,
        gt=0,
        description="Runs of late outcomes that are read from the store in one look; further ones wait for the next.",
        json_schema_extra={"unit": "runs"},
    )
    waiting_max: int = Field(
        10_000,
        ge=0,
        description="Outcomes that wait for their run; more are not observed.",
        json_schema_extra={"unit": "outcomes"},
    )
    projects_max: int = Field(
        200, gt=0, description="Projects that are watched; later ones are not.", json_schema_extra={"unit": "projects"}
    )
