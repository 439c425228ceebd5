"""Options of cohort labels: how many values each may have, and which may look like ids."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LabelOptions(BaseModel):
    """What may become a cohort label: the parts of a run by which fleets are grouped."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    values_max: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Values of one label in one project; every further one becomes `other` and is counted.",
        json_schema_extra={"unit": "values"},
    )
    may_be_ids: tuple[str, ...] = Field(
        ("agent_version", "prompt_version"),
        description="Labels whose values may look like ids, such as hashes of a version; only `values_max` bounds them.",
        json_schema_extra={"unit": "labels"},
    )
    top: int = Field(
        10,
        ge=1,
        le=100,
        description="Most frequent values shown per label.",
        json_schema_extra={"unit": "values"},
    )
