"""The canonical span: one form for every producer (the skeleton that is always kept).

Unknown is None, never 0 and never "". Token counts follow the inclusive rule of OpenTelemetry:
`tokens_input` includes cache reads and writes, `tokens_output` includes reasoning.
The order of the fields is the order of the columns in every store.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

OpKind = Literal[
    "agent", "workflow", "llm", "tool", "retrieval", "embedding", "rerank", "memory", "plan",
    "guardrail", "evaluator", "handoff", "chain", "other",
]  # fmt: skip
SpanStatus = Literal["ok", "error", "unset"]
UsageScope = Literal["own", "inclusive", "exclusive_run", "cumulative_lifetime", "partial", "none"]
ErrorClass = Literal[
    "provider_rate_limit", "provider_overload", "provider_auth", "context_overflow", "content_filter",
    "schema_invalid", "tool_error", "tool_timeout", "guardrail_block", "cancelled", "infra", "unknown",
]  # fmt: skip


LINKS_MAX = 16
"""Span links that a skeleton keeps; the raw form keeps all."""


class Span(NamedTuple):
    """One operation in canonical form. (project, trace_id, span_id) is its identity.

    `end_ns` is 0 while the span has not ended. `finish_reasons` is a comma-joined string or None.
    `run_id` is the explicit `quarterdeck.run.id` (own or None; inheritance is the business of runs).
    `weight` is the adjusted count that head sampling left (1.0 = not sampled, None = sampled, weight unknown).
    `tool_calls_requested`: ids of the tool calls that a model asked for, comma-joined. `links`: span links as
    "kind trace_id span_id", joined by ";" (kind "" where the producer names none); what came later than `LINKS_MAX` is left out.
    `evaluations`: results that the span carries, JSON [[name, score, label, at in ns], …], scores as sent.
    `task_key`: the same text for repeats of one task. `promised`: what the agent itself expects its run to take, JSON
    {quantity: [q10, q50, q90, q99]}.
    """

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start_ns: int
    end_ns: int
    status: SpanStatus
    status_message: str | None
    op_kind: OpKind
    op_name: str | None
    dialect: str
    dialect_version: str | None
    mapping_version: int
    run_id: str | None
    session_id: str | None
    session_source: str | None
    provider: str | None
    model_request: str | None
    model_response: str | None
    response_id: str | None
    finish_reasons: str | None
    streaming: bool | None
    ttft_s: float | None
    tokens_input: int | None
    tokens_output: int | None
    tokens_cache_read: int | None
    tokens_cache_write: int | None
    tokens_cache_write_1h: int | None
    tokens_reasoning: int | None
    usage_scope: UsageScope
    usage_confidence: str | None
    cost_reported_usd: float | None
    agent_name: str | None
    agent_name_source: str | None
    agent_id: str | None
    agent_version: str | None
    workflow_name: str | None
    tool_name: str | None
    tool_call_id: str | None
    tool_args_hash: str | None
    tool_result_hash: str | None
    user_hash: str | None
    tenant: str | None
    environment: str | None
    feature: str | None
    task_class: str | None
    prompt_name: str | None
    prompt_version: str | None
    prompt_hash: str | None
    toolset_hash: str | None
    config_hash: str | None
    error_type: str | None
    error_class: ErrorClass | None
    outcome: str | None
    retry_attempt: int | None
    service_name: str | None
    weight: float | None
    tool_calls_requested: str | None = None
    links: str | None = None
    evaluations: str | None = None
    task_key: str | None = None
    promised: str | None = None
