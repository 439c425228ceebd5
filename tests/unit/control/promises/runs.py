"""Runs with defaults: `make_run(n)` starts n seconds after START_NS, lasts two seconds and takes 100 tokens."""

from __future__ import annotations

from typing import Any

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens

SECOND = 10**9
START_NS = 1_764_000_000 * SECOND


def make_run(number: int = 1, *, total: int | None = 100, **changes: Any) -> Run:
    optional = (
        "session_id", "session_source", "tenant", "environment", "feature", "task_class", "user_hash",
        "agent_version", "prompt_version", "provider", "toolset_hash", "config_hash", "error_class", "outcome",
        "residual_tokens",
    )  # fmt: skip
    started = changes.get("started_at_ns", START_NS + number * SECOND)
    usage = Tokens() if total is None else Tokens(input=total, output=0, coverage="full")
    values: dict[str, Any] = dict.fromkeys(optional)
    values.update(
        project="default", run_id=f"run-{number:05d}", trace_ids=(f"{number:032x}",), root_span_id="1" * 16,
        root_name="triage", root_synthetic=False, lifecycle="finished", status="ok", agent="triage", model="m-1",
        started_at_ns=started, ended_at_ns=started + 2 * SECOND, last_seen_ns=started + 2 * SECOND, spans=3,
        model_calls=2, tool_calls=1, retries=0, errors=0, depth=2, tokens=usage, cost=Cost(), orphans=Orphans(),
    )  # fmt: skip
    values.update(changes)
    return Run(**values)
