"""Whose rubric grades, how long a signature is remembered, and how much of history an incident may read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class IncidentOptions(BaseModel):
    """How incidents are graded and followed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric_file: Path | None = Field(
        None, description="A rubric of your own (YAML); without it the shipped one grades."
    )
    repeat_days: float = Field(
        90.0,
        gt=0,
        description="A second incident of one signature within this time cannot be closed without a structural review.",
        json_schema_extra={"unit": "days"},
    )
    affected_runs_max: int = Field(
        1_000_000,
        ge=1,
        description="Most runs that the list of who was affected reads; more is an error that says how many there are.",
        json_schema_extra={"unit": "runs"},
    )
