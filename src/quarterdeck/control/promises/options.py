"""How often runs are promised and learned from, and how much is held."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PromiseOptions(BaseModel):
    """The loop that writes what a run is expected to take, and learns from what it took."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        True,
        description="Whether runs get a promise; without it nothing is estimated.",
        json_schema_extra={"unit": "yes or no"},
    )
    every_s: float = Field(
        1.0, gt=0, description="How often new runs and runs that are over are looked for.",
        json_schema_extra={"unit": "seconds"},
    )  # fmt: skip
    save_every_s: float = Field(
        60.0,
        gt=0,
        description="How often what was learned is written to the data folder; runs since then are learned again after a crash.",
        json_schema_extra={"unit": "seconds"},
    )
    read_max: int = Field(
        2_000, gt=0, description="Runs read from the store in one go.", json_schema_extra={"unit": "runs"}
    )
    replay_max: int = Field(
        20_000,
        gt=0,
        description="Newest stored runs from which a server without memory learns, and runs of a history that are put in order at once.",
        json_schema_extra={"unit": "runs"},
    )
    doubt_s: float = Field(
        60.0,
        ge=0,
        description="How long a run that fell silent waits before it is learned from; a run whose spans are older than this is history.",
        json_schema_extra={"unit": "seconds"},
    )
    gather_s: float = Field(
        10.0,
        ge=0,
        description="How long no history must have come before what came is put in order of time and learned.",
        json_schema_extra={"unit": "seconds"},
    )
    taken_max: int = Field(
        200_000,
        gt=0,
        description="Runs remembered as learned, so that a run that is written again is not learned again.",
        json_schema_extra={"unit": "runs"},
    )
    projects_max: int = Field(
        200, gt=0, description="Projects whose runs are promised; later ones are not.",
        json_schema_extra={"unit": "projects"},
    )  # fmt: skip
    walks_max: int = Field(
        500,
        ge=0,
        description="Newest runs of a project whose calls are read one by one in each look, for estimates of runs that go on; 0: none.",
        json_schema_extra={"unit": "runs"},
    )
    walk_groups_max: int = Field(
        200,
        gt=0,
        description="Agents on models of a project whose runs are told apart step by step; further ones count as all together.",
        json_schema_extra={"unit": "groups"},
    )
    judge_every_s: float = Field(
        600.0,
        gt=0,
        description="How often promises are compared with what runs took, to find cohorts whose promises have drifted.",
        json_schema_extra={"unit": "seconds"},
    )
    judge_max: int = Field(
        5_000, gt=0, description="Newest promised runs of a project that are compared.", json_schema_extra={"unit": "runs"}
    )  # fmt: skip
    judge_days: float = Field(
        28.0, gt=0, description="How old they may be.", json_schema_extra={"unit": "days"}
    )  # fmt: skip
    drift_window: int = Field(
        200,
        ge=50,
        description="Newest runs of a cohort that tell whether its promises have drifted.",
        json_schema_extra={"unit": "runs"},
    )
