"""Options of sending recordings again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReplayOptions(BaseModel):
    """How a replay sends and how long it waits."""

    model_config = ConfigDict(frozen=True)

    batch_bytes: int = Field(
        2_000_000,
        gt=0,
        description="Uncompressed size at which a request is closed.",
        json_schema_extra={"unit": "bytes"},
    )
    in_flight: int = Field(
        4, ge=1, le=64, description="Requests under way at the same time.", json_schema_extra={"unit": "requests"}
    )
    attempts_max: int = Field(
        10,
        ge=1,
        description="How often one request is tried before the replay fails.",
        json_schema_extra={"unit": "tries"},
    )
    retry_wait_s_max: float = Field(
        30.0, gt=0, description="Longest wait before one more try.", json_schema_extra={"unit": "seconds"}
    )
    request_timeout_s: float = Field(
        60.0, gt=0, description="How long the answer to one request may take.", json_schema_extra={"unit": "seconds"}
    )
    readable_wait_s_max: float = Field(
        60.0, gt=0, description="How long what was sent may take to be readable.", json_schema_extra={"unit": "seconds"}
    )
