"""Runs for these tests: one agent, times in seconds after NOW_NS, cost and tokens as said."""

from __future__ import annotations

from typing import Any

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens

SECOND = 10**9
NOW_NS = 1_795_503_600 * SECOND


def at(seconds: float) -> int:
    return NOW_NS + int(seconds * SECOND)


def run(
    run_id: str,
    *,
    started: float = -60,
    seen: float = 0,
    usd: float | None = None,
    tokens: int | None = None,
    **fields: Any,
) -> Run:
    unknown = dict.fromkeys((
        "session_id", "session_source", "tenant", "environment", "feature", "task_class", "user_hash", "agent_version",
        "model", "provider", "toolset_hash", "config_hash", "error_class", "outcome", "residual_tokens", "ended_at_ns",
    ))  # fmt: skip
    values: dict[str, Any] = {
        **unknown, "project": "default", "trace_ids": (run_id,), "root_span_id": None, "root_name": "r",
        "root_synthetic": False, "agent": "support", "prompt_version": "v7", "lifecycle": "running", "status": "unknown",
        "spans": 3, "model_calls": 1, "tool_calls": 1, "retries": 0, "errors": 0, "depth": 1, "orphans": Orphans(),
        **fields,
    }  # fmt: skip
    cost = Cost(computed=usd, source="unpriced" if usd is None else "priced")
    return Run(
        run_id=run_id,
        started_at_ns=at(started),
        last_seen_ns=at(seen),
        cost=cost,
        tokens=Tokens(input=tokens),
        **values,
    )


def over(
    run_id: str, *, minutes: float = 2, usd: float | None = 0.02, tokens: int | None = 1_000, **fields: Any
) -> Run:
    end = -10.0
    return run(
        run_id, started=end - 60 * minutes, seen=end, usd=usd, tokens=tokens,
        lifecycle="finished", status="ok", ended_at_ns=at(end), **fields,
    )  # fmt: skip
