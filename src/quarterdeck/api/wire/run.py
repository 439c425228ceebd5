"""Run: the product's main noun, as written in the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.estimate import RunEstimateOut, run_estimate_dict
from quarterdeck.model.runs import Cost, CostSource, Coverage, Lifecycle, Run, RunStatus, Tokens


class TokensOut(BaseModel):
    """`input` includes cache_read and cache_write, `output` includes reasoning, `total` = input + output; null = not reported."""

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None
    reasoning: int | None
    total: int | None
    coverage: Coverage


class CostOut(BaseModel):
    """US dollars; null = unknown."""

    computed: float | None
    reported: float | None
    source: CostSource


class OrphansOut(BaseModel):
    """Spans whose parent never came: attached again by a rule, or shown under a node that stands for the missing one."""

    repaired: int
    missing: int


class LinkOut(BaseModel):
    """A span link that leads out of the run; `run_id` is null when the span there is not stored, or its trace holds several runs."""

    kind: Literal["handoff", "queue", "resume", "fork", "retry", "link"]
    run_id: str | None
    trace_id: str
    span_id: str


class RunOut(BaseModel):
    """One execution of an agent on one task, with exact counts."""

    run_id: str
    project: str
    trace_ids: list[str]
    session_id: str | None
    session_source: str | None
    tenant: str | None
    environment: str | None
    feature: str | None
    task_class: str | None
    user_hash: str | None
    agent: str | None
    agent_version: str | None
    prompt_version: str | None
    model: str | None
    provider: str | None
    toolset_hash: str | None
    config_hash: str | None
    lifecycle: Lifecycle
    status: RunStatus
    error_class: str | None
    outcome: str | None
    started_at: str
    ended_at: str | None
    duration_s: float | None
    last_seen: str
    spans: int
    model_calls: int
    tool_calls: int
    retries: int
    errors: int
    depth: int
    tokens: TokensOut
    cost_usd: CostOut
    residual_tokens: int | None
    busy_s: float | None = Field(description="Time in which at least one call was at work; parallel calls count once.")
    links: list[LinkOut]
    orphans: OrphansOut
    task_key: str | None = Field(description="The same text for repeats of one task.")
    estimate: RunEstimateOut | None = Field(description="What was promised of the run; null where nothing was.")
    body_probability: float | None = Field(
        description="Probability with which the bodies of this run were kept; null while nothing is decided."
    )
    body_reason: str | None
    weight: float | None = Field(
        description="How many runs this one stands for after head sampling; null when it was sampled and the weight is unknown."
    )
    flags: list[str]
    root_name: str
    root_span_id: str | None
    root_synthetic: bool
    tools: dict[str, int]
    tool_errors: dict[str, int] = Field(description="Failed calls by tool; a tool without one is left out.")
    models: dict[str, int]
    dialects: list[str]


class RunsOut(BaseModel):
    """A page of runs."""

    items: list[RunOut]
    next_cursor: str | None


def tokens_dict(tokens: Tokens) -> dict[str, Any]:
    return {
        "input": tokens.input,
        "output": tokens.output,
        "cache_read": tokens.cache_read,
        "cache_write": tokens.cache_write,
        "reasoning": tokens.reasoning,
        "total": tokens.total,
        "coverage": tokens.coverage,
    }


def cost_dict(cost: Cost) -> dict[str, Any]:
    return {"computed": cost.computed, "reported": cost.reported, "source": cost.source}


def links_list(run: Run, runs_by_trace: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """`runs_by_trace` names the runs of the traces that are linked to."""
    found = []
    for link in run.links:
        kind, trace_id, span_id = link.split(" ")
        runs = [run_id for run_id in runs_by_trace.get(trace_id, ()) if run_id != run.run_id]
        only = runs[0] if len(runs) == 1 else None
        found.append({"kind": kind or "link", "run_id": only, "trace_id": trace_id, "span_id": span_id})
    return found


def run_dict(run: Run, runs_by_trace: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """The run as written in the contract, with what is beside it."""
    return {
        "run_id": run.run_id,
        "project": run.project,
        "trace_ids": run.trace_ids,
        "session_id": run.session_id,
        "session_source": run.session_source,
        "tenant": run.tenant,
        "environment": run.environment,
        "feature": run.feature,
        "task_class": run.task_class,
        "user_hash": run.user_hash,
        "agent": run.agent,
        "agent_version": run.agent_version,
        "prompt_version": run.prompt_version,
        "model": run.model,
        "provider": run.provider,
        "toolset_hash": run.toolset_hash,
        "config_hash": run.config_hash,
        "lifecycle": run.lifecycle,
        "status": run.status,
        "error_class": run.error_class,
        "outcome": run.outcome,
        "started_at": rfc3339(run.started_at_ns),
        "ended_at": rfc3339_or_none(run.ended_at_ns),
        "duration_s": run.duration_s,
        "last_seen": rfc3339(run.last_seen_ns),
        "spans": run.spans,
        "model_calls": run.model_calls,
        "tool_calls": run.tool_calls,
        "retries": run.retries,
        "errors": run.errors,
        "depth": run.depth,
        "tokens": tokens_dict(run.tokens),
        "cost_usd": cost_dict(run.cost),
        "residual_tokens": run.residual_tokens,
        "busy_s": run.busy_s,
        "links": links_list(run, runs_by_trace or {}),
        "orphans": {"repaired": run.orphans.repaired, "missing": run.orphans.missing},
        "task_key": run.task_key,
        "estimate": None if run.estimate is None else run_estimate_dict(run, run.estimate),
        "body_probability": run.body_probability,
        "body_reason": run.body_reason,
        "weight": run.weight,
        "flags": (*run.flags, "over_budget") if run.over_budget else run.flags,
        "root_name": run.root_name,
        "root_span_id": run.root_span_id,
        "root_synthetic": run.root_synthetic,
        "tools": run.tools,
        "tool_errors": run.tool_errors,
        "models": run.models,
        "dialects": run.dialects,
    }
