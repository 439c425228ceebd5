"""Runs made by hand: what a test does not name is ordinary."""

from __future__ import annotations

from typing import Any

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens

EPOCH_NS = 1_790_000_000 * 10**9


def run(
    n: int,
    at_s: float,
    /,
    lasted_s: float = 10.0,
    *,
    failed: bool | None = False,
    tokens: float = 1_000,
    **changes: Any,
) -> Run:
    """Run number `n`, which ended at `at_s`."""
    ended = EPOCH_NS + int(at_s * 1e9)
    values: dict[str, Any] = {
        "project": "default", "run_id": f"r{n}", "trace_ids": (f"t{n}",), "root_span_id": "s", "root_name": "run",
        "root_synthetic": False, "session_id": None, "session_source": None, "tenant": None, "environment": "production",
        "feature": None, "task_class": None, "user_hash": None, "agent": "a", "agent_version": None,
        "prompt_version": "v1", "model": "m", "provider": "p", "toolset_hash": None, "config_hash": None,
        "lifecycle": "finished", "status": {True: "error", False: "ok", None: "unknown"}[failed], "error_class": None,
        "outcome": None, "started_at_ns": ended - int(lasted_s * 1e9), "ended_at_ns": ended, "last_seen_ns": ended,
        "spans": 10, "model_calls": 5, "tool_calls": 4, "retries": 0, "errors": 0, "depth": 2,
        "tokens": Tokens(round(tokens), 100, 0, 0, 0, "full"), "cost": Cost(tokens * 1e-6, None, "priced", "1"),
        "residual_tokens": 0, "orphans": Orphans(), "tools": {"search": 4},
    }  # fmt: skip
    return Run(**(values | changes))
