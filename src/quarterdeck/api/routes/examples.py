"""Examples for the OpenAPI document, made by the same functions that make the answers, so they cannot lie."""

from __future__ import annotations

from typing import Any

from quarterdeck.api.wire.run import run_dict
from quarterdeck.model.runs import Cost, Orphans, Run, Tokens

_START_NS = 1_795_503_600_000_000_000

RUN = Run(
    project="default",
    run_id="9f86d081884c7d659a2feaa0c55ad015",
    trace_ids=("4bf92f3577b34da6a3ce929d0e0e4736",),
    root_span_id="00f067aa0ba902b7",
    root_name="support-agent",
    root_synthetic=False,
    session_id="ticket-1841",
    session_source="gen_ai.conversation.id",
    tenant="acme",
    environment="production",
    feature="refunds",
    task_class="refund",
    user_hash="8d969eef6ecad3c2",
    agent="support-agent",
    agent_version="2.4.0",
    prompt_version="v7",
    model="gpt-4.1-2025-04-14",
    provider="openai",
    toolset_hash="b1946ac92492d234",
    config_hash=None,
    lifecycle="finished",
    status="error",
    error_class="tool_error",
    outcome=None,
    started_at_ns=_START_NS,
    ended_at_ns=_START_NS + 192_000_000_000,
    last_seen_ns=_START_NS + 192_000_000_000,
    spans=61,
    model_calls=47,
    tool_calls=12,
    retries=1,
    errors=2,
    depth=4,
    tokens=Tokens(182_400, 6_120, 120_000, None, 2_048, "full"),
    cost=Cost(0.38, None, "priced", "2026-11-01"),
    residual_tokens=0,
    orphans=Orphans(1, 0),
    tools={"lookup_order": 9, "refund": 3},
    tool_errors={"refund": 1},
    models={"gpt-4.1-2025-04-14": 47},
    dialects=("otel",),
    flags=("clock_skew",),
)

RUN_EXAMPLE: dict[str, Any] = run_dict(RUN)
