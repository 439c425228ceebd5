"""Options of the server's doors and of the API: declared once here; file, environment, flags and docs derive from it."""

from __future__ import annotations

from pathlib import Path

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
    approvals_pending_max: int = Field(
        1_000,
        ge=1,
        description="Approvals of one project that may wait for an answer; more are answered 503.",
        json_schema_extra={"unit": "approvals"},
    )
    approvals_keep_days: float = Field(
        400.0,
        gt=0,
        description="How long an approval is kept after its time to answer is over.",
        json_schema_extra={"unit": "days"},
    )


class ServeOptions(BaseModel):
    """Where the server listens and where it keeps its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address to listen on; any other than loopback wants a key in force.",
        json_schema_extra={"unit": "address"},
    )
    api_port: int = Field(
        4320, ge=0, le=65535, description="Page and API; 0 picks a free port.", json_schema_extra={"unit": "port"}
    )
    otlp_http_port: int = Field(
        4318, ge=0, le=65535, description="OTLP over HTTP; 0 picks a free port.", json_schema_extra={"unit": "port"}
    )
    otlp_grpc_port: int = Field(
        4317, ge=0, le=65535, description="OTLP over gRPC; 0 picks a free port.", json_schema_extra={"unit": "port"}
    )
    data_dir: Path = Field(
        Path("var/quarterdeck"),
        description="Folder that holds everything; made when it is not there.",
        json_schema_extra={"unit": "path"},
    )
    project: str = Field(
        "default",
        min_length=1,
        max_length=200,
        description="Project of spans that come in without a key.",
        json_schema_extra={"unit": "name"},
    )
    require_key: bool = Field(
        False,
        description="Demand a key on loopback too, for instance behind a proxy on this machine.",
        json_schema_extra={"unit": "yes or no"},
    )
    prices_file: Path | None = Field(
        None,
        description="Price file of your own, merged over the shipped list prices.",
        json_schema_extra={"unit": "path"},
    )
    connections_max: int = Field(
        1024,
        ge=16,
        description="Connections that each door keeps open at the same time; more are turned away.",
        json_schema_extra={"unit": "connections"},
    )
