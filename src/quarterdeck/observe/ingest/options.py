"""Limits of the doors and of the queue behind them, declared once."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MIB = 1024 * 1024


class IngestOptions(BaseModel):
    """What one server takes in, and how long it gathers before it commits."""

    model_config = ConfigDict(frozen=True)

    request_bytes_max: int = Field(
        20 * MIB, gt=0, description="Largest OTLP request, before decompression.", json_schema_extra={"unit": "bytes"}
    )
    decompressed_bytes_max: int = Field(
        64 * MIB, gt=0, description="Largest OTLP request after decompression.", json_schema_extra={"unit": "bytes"}
    )
    attribute_bytes_max: int = Field(
        1 * MIB,
        gt=0,
        description="Longest text of one attribute; the rest is cut and the cut is reported at `rejections`.",
        json_schema_extra={"unit": "bytes"},
    )
    attributes_max: int = Field(
        20_000, gt=0, description="Most attributes of one span; further ones are cut and reported."
    )
    queue_bytes_max: int = Field(
        96 * MIB,
        gt=0,
        description="Accepted bytes that wait for their commit; beyond, requests are answered 503.",
        json_schema_extra={"unit": "bytes"},
    )
    requests_waiting_max: int = Field(
        512, gt=0, description="Requests that wait for their commit; beyond, requests are answered 503."
    )
    flush_bytes: int = Field(
        24 * MIB, gt=0, description="Queued bytes that start a commit at once.", json_schema_extra={"unit": "bytes"}
    )
    flush_wait_s: float = Field(
        0.12,
        ge=0,
        description="Longest wait of the first request of a group for others to share its commit.",
        json_schema_extra={"unit": "seconds"},
    )
    spans_per_s_max: float = Field(
        0.0,
        ge=0,
        description="Spans a second that one project may send; beyond, requests are answered 429. 0 = no limit.",
        json_schema_extra={"unit": "spans/s"},
    )
    retry_after_s: float = Field(
        1.0, gt=0, description="What a refused sender is told to wait.", json_schema_extra={"unit": "seconds"}
    )
