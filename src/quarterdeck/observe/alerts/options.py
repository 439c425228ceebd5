"""When an alert is the same again, and how long alerts are kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AlertOptions(BaseModel):
    """How findings become alerts: one cause, one alert."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reopen_within_s: float = Field(
        86_400.0,
        ge=0,
        description="An alert whose cause fires again within this time of its resolution is opened again, instead of a new one.",
        json_schema_extra={"unit": "seconds"},
    )
    join_within_s: float = Field(
        3_600.0,
        ge=0,
        description="Other signals join an alert about the whole fleet within this time of its opening; later ones are a cause of their own.",
        json_schema_extra={"unit": "seconds"},
    )
    events_max: int = Field(
        200, ge=10, description="Events kept of one alert: the first, and the newest.", json_schema_extra={"unit": "events"}
    )  # fmt: skip
    findings_max: int = Field(
        100,
        ge=1,
        description="Findings kept of one alert: the first, and the newest.",
        json_schema_extra={"unit": "findings"},
    )
    keep_days: float = Field(
        400.0, gt=0, description="How long a resolved alert is kept.", json_schema_extra={"unit": "days"}
    )
    keep_pending_days: float = Field(
        7.0,
        gt=0,
        description="How long an alert that never fired is kept after its evidence fell back.",
        json_schema_extra={"unit": "days"},
    )
