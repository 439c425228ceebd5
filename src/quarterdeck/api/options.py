"""Options of the API: declared once here; file, environment, flags and docs derive from it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ApiOptions(BaseModel):
    """Limits and manners of the API and of the page that it serves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_threads: int = Field(
        8, ge=1, le=64, description="Store calls that run at the same time.", json_schema_extra={"unit": "threads"}
    )
    store_calls_waiting_max: int = Field(
        64,
        ge=1,
        description="Requests that may wait for a free thread; more are answered 503.",
        json_schema_extra={"unit": "requests"},
    )
    gzip_min_bytes: int = Field(
        1024, ge=0, description="Answers from this size on are compressed.", json_schema_extra={"unit": "bytes"}
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="Host names, besides loopback, by which a proxy on this machine may call a loopback server.",
        json_schema_extra={"unit": "names"},
    )
    default_window_minutes: int = Field(
        60,
        ge=1,
        description="Window of `fleet` and `cohorts` when the caller names none.",
        json_schema_extra={"unit": "minutes"},
    )
    tree_cache_spans: int = Field(
        200_000,
        ge=0,
        description="Spans of lately opened run trees that are kept ready for the next page.",
        json_schema_extra={"unit": "spans"},
    )
    outline_cache_spans: int = Field(
        1_000_000,
        ge=0,
        description="Rows of lately opened runs that are kept ready for the run view.",
        json_schema_extra={"unit": "spans"},
    )
