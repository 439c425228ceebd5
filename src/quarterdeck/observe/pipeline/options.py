"""How long runs may lag behind their spans, how many traces stay in memory, and when texts give way to facts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PipelineOptions(BaseModel):
    """The table of traces, the settling of runs, and what gives way under overload."""

    model_config = ConfigDict(frozen=True)

    trace_spans_max: int = Field(
        150_000,
        gt=0,
        description="Spans held in memory to tell repeats and to build runs; older traces are read back when needed.",
        json_schema_extra={"unit": "spans"},
    )
    settle_quiet_s: float = Field(
        0.8,
        ge=0,
        description="A trace that got no span for this long is settled: its runs are written.",
        json_schema_extra={"unit": "seconds"},
    )
    settle_lag_max_s: float = Field(
        2.5,
        gt=0,
        description="A trace that keeps getting spans is settled at least this often.",
        json_schema_extra={"unit": "seconds"},
    )
    settle_every_s: float = Field(
        1.0,
        ge=0,
        description="Rounds of settling start at least this far apart.",
        json_schema_extra={"unit": "seconds"},
    )
    settle_spans_max: int = Field(
        40_000,
        gt=0,
        description="Spans looked at in one round of settling, so that commits do not wait long.",
        json_schema_extra={"unit": "spans"},
    )
    aging_s: float = Field(
        10.0,
        gt=0,
        description="How often runs that fell silent are looked at again (stalled, lost).",
        json_schema_extra={"unit": "seconds"},
    )
    aging_runs_max: int = Field(2_000, gt=0, description="Live runs looked at in one round of aging.")
    skeleton_high: float = Field(
        0.5,
        gt=0,
        le=1,
        description="How full the queue must stay before long texts of new traces are no longer stored (facts always are).",
        json_schema_extra={"unit": "share of ingest.queue_bytes_max or ingest.requests_waiting_max"},
    )
    skeleton_after_s: float = Field(
        5.0,
        gt=0,
        description="For how long it must: then half of the new traces are kept as skeletons, after as long again all.",
        json_schema_extra={"unit": "seconds"},
    )
    skeleton_low: float = Field(
        0.2,
        ge=0,
        le=1,
        description="How empty the queue must stay before texts are stored again.",
        json_schema_extra={"unit": "share of ingest.queue_bytes_max or ingest.requests_waiting_max"},
    )
    skeleton_calm_s: float = Field(
        10.0,
        gt=0,
        description="For how long it must, for each of the two steps back.",
        json_schema_extra={"unit": "seconds"},
    )
