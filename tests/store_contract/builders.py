"""Spans, raw spans and runs with defaults, so that a test says only what it is about.

Ids come from numbers: `trace_id(7)` is the same everywhere. Refuses randomness.
"""

from __future__ import annotations

from typing import Any

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.model.spans import Span

START_NS = 1_764_000_000_000_000_000
"""A whole minute: 2025-11-24T16:00:00Z."""

MINUTE_NS = 60_000_000_000
RESOURCE = Resource({"service.name": "desk"}, "")
SCOPE = Scope("scope.lib", "1.0", {}, "")


def trace_id(number: int) -> str:
    return f"{number:032x}"


def span_id(number: int) -> str:
    return f"{number:016x}"


def make_span(trace: int = 1, span: int = 1, **changes: Any) -> Span:
    """A finished model call without parent; every optional field is None."""
    values: dict[str, Any] = dict.fromkeys(Span._fields)
    values.update(
        project="default",
        trace_id=trace_id(trace),
        span_id=span_id(span),
        parent_span_id="",
        name=f"chat {span}",
        start_ns=START_NS + span * 1_000,
        end_ns=START_NS + span * 1_000 + 500,
        status="ok",
        op_kind="llm",
        dialect="otel_genai",
        mapping_version=1,
        usage_scope="own",
    )
    values.update(changes)
    return Span(**values)


def make_raw(span: Span, **changes: Any) -> RawSpan:
    """The raw span from which `span` may have come."""
    values: dict[str, Any] = {
        "project": span.project,
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "trace_state": "",
        "name": span.name,
        "kind": 3,
        "start_ns": span.start_ns,
        "end_ns": span.end_ns,
        "status_code": 1,
        "status_message": "",
        "attributes": {"gen_ai.operation.name": "chat"},
        "events": (),
        "links": (),
        "resource": RESOURCE,
        "scope": SCOPE,
    }
    values.update(changes)
    return RawSpan(**values)


def make_pair(
    trace: int = 1, span: int = 1, *, raw: dict[str, Any] | None = None, **changes: Any
) -> tuple[Span, RawSpan]:
    made = make_span(trace, span, **changes)
    return made, make_raw(made, **(raw or {}))


def make_run(number: int = 1, **changes: Any) -> Run:
    """A finished run of one trace, started `number` seconds after START_NS; identity fields are unknown."""
    optional = (
        "session_id", "session_source", "tenant", "environment", "feature", "task_class", "user_hash", "agent",
        "agent_version", "prompt_version", "model", "provider", "toolset_hash", "config_hash", "error_class", "outcome",
        "residual_tokens",
    )  # fmt: skip
    started = changes.get("started_at_ns", START_NS + number * 1_000_000_000)
    values: dict[str, Any] = dict.fromkeys(optional)
    values.update(
        project="default",
        run_id=f"run-{number:05d}",
        trace_ids=(trace_id(number),),
        root_span_id=span_id(1),
        root_name="invoke_agent",
        root_synthetic=False,
        lifecycle="finished",
        status="ok",
        started_at_ns=started,
        ended_at_ns=started + 2_000_000_000,
        last_seen_ns=started + 2_000_000_000,
        spans=3,
        model_calls=1,
        tool_calls=1,
        retries=0,
        errors=0,
        depth=2,
        tokens=Tokens(),
        cost=Cost(),
        orphans=Orphans(),
    )
    values.update(changes)
    return Run(**values)
