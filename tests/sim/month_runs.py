"""Runs of the month as the server would store them, for simulations without a server."""

from __future__ import annotations

from tests.sim.fleet_runs import EPOCH_NS
from tests.sim.month import Event

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens

_DOLLARS = (0.4e-6, 0.1e-6, 1.6e-6)
"""Per token of input, of cached input, of output: gpt-4.1-mini."""


def run_of(event: Event) -> Run:
    """What the server makes of the spans of `benchmarks/fleet_load.py`."""
    failing, inside, retry, blocked, miss = event.bad
    ended_ns = EPOCH_NS + int(event.ended_s * 1e9)
    cached = 0 if miss else event.tokens
    return Run(
        project="default",
        run_id=f"run-{event.number}",
        trace_ids=(f"run-{event.number}",),
        root_span_id="root",
        root_name="invoke_agent",
        root_synthetic=False,
        session_id=f"session-{event.session}",
        session_source="quarterdeck.session.id",
        tenant=None,
        environment="production",
        feature=None,
        task_class=None,
        user_hash=None,
        agent=f"agent-{event.cohort:02d}",
        agent_version=None,
        prompt_version=None,
        model="gpt-4.1-mini",
        provider="openai",
        toolset_hash=None,
        config_hash=None,
        lifecycle="finished",
        status="error" if blocked else "ok",
        error_class="guardrail_block" if blocked else None,
        outcome="failure" if failing else "success",
        started_at_ns=EPOCH_NS + int(event.started_s * 1e9),
        ended_at_ns=ended_ns,
        last_seen_ns=ended_ns,
        spans=2,
        model_calls=1,
        tool_calls=0,
        retries=retry,
        errors=inside + blocked,
        depth=1,
        tokens=Tokens(input=event.tokens, output=100, cache_read=cached, coverage="full"),
        cost=Cost(computed=(event.tokens - cached) * _DOLLARS[0] + cached * _DOLLARS[1] + 100 * _DOLLARS[2]),
        residual_tokens=None,
        orphans=Orphans(),
        models={"gpt-4.1-mini": 1},
    )
