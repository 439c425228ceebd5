"""Health: how the server itself is doing, with findings and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.wire.doctor import BillingOut, FindingOut
from quarterdeck.model.health import IngestHealth, LimitNow
from quarterdeck.observe.doctor import Finding, Producer


class IngestOut(BaseModel):
    """The way in since the start; counts are spans, `refused` counts requests.

    `skeleton_share` of new traces are stored without long texts, since the queue stays full (0 = none); `skeleton_spans`
    lost texts that way.
    """

    spans_per_s: float | None
    acknowledged: int
    repeated: int
    rejected: dict[str, int]
    refused: dict[str, int]
    queue_bytes: int
    queue_bytes_max: int
    commit_ms_p50: float | None
    commit_ms_p99: float | None
    settle_lag_s: float | None
    skeleton_share: float
    skeleton_spans: int


class StorageOut(BaseModel):
    """The whole store, all projects."""

    spans: int | None
    runs: int | None
    bytes_on_disk: int | None
    path: str | None


class LimitOut(BaseModel):
    """A named limit and where it stands; capacity null = not bounded."""

    name: str
    current: float
    capacity: float | None
    unit: str


class ProducerOut(BaseModel):
    """One instrumentation of this project, and how many of its model calls say what they used."""

    dialect: str
    scope: str
    spans: int
    model_calls: int
    with_usage: int


class EndpointsOut(BaseModel):
    """Where this server listens; null = not at all."""

    api: str | None
    otlp_http: str | None
    otlp_grpc: str | None
    gateway: str | None


class HealthOut(BaseModel):
    """The Health view and `quarterdeck doctor URL` read this."""

    status: Literal["ok", "degraded"]
    version: str
    data_format: int
    uptime_s: float
    ingest: IngestOut
    storage: StorageOut
    limits: list[LimitOut]
    producers: list[ProducerOut]
    findings: list[FindingOut]
    billing: BillingOut | None
    redacted: dict[str, int] = Field(
        description="Values of this project taken out at the door since the start, by rule."
    )
    endpoints: EndpointsOut


def ingest_dict(ingest: IngestHealth) -> dict[str, Any]:
    return {
        "spans_per_s": ingest.spans_per_s,
        "acknowledged": ingest.acknowledged,
        "repeated": ingest.repeated,
        "rejected": dict(ingest.rejected),
        "refused": dict(ingest.refused),
        "queue_bytes": ingest.queue_bytes,
        "queue_bytes_max": ingest.queue_bytes_max,
        "commit_ms_p50": ingest.commit_ms_p50,
        "commit_ms_p99": ingest.commit_ms_p99,
        "settle_lag_s": ingest.settle_lag_s,
        "skeleton_share": ingest.skeleton_share,
        "skeleton_spans": ingest.skeleton_spans,
    }


def storage_dict(counts: Mapping[str, int], path: str | None) -> dict[str, Any]:
    named = {name: counts.get(name) for name in ("spans", "runs", "bytes_on_disk")}
    return {**named, "path": path}


def limit_dict(limit: LimitNow) -> dict[str, Any]:
    return {"name": limit.name, "current": limit.current, "capacity": limit.capacity, "unit": limit.unit}


def producer_dict(producer: Producer) -> dict[str, Any]:
    return {
        "dialect": producer.dialect,
        "scope": producer.scope,
        "spans": producer.spans,
        "model_calls": producer.model_calls,
        "with_usage": producer.with_usage,
    }


def endpoints_dict(endpoints: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: endpoints.get(name) for name in ("api", "otlp_http", "otlp_grpc", "gateway")}


def status_of(findings: Sequence[Finding], limits: Sequence[LimitNow]) -> str:
    """`degraded` when something is wrong now: a finding of severity error, or a limit that is reached."""
    broken = any(finding.severity == "error" for finding in findings)
    full = any(limit.capacity is not None and limit.current >= limit.capacity > 0 for limit in limits)
    return "degraded" if broken or full else "ok"
