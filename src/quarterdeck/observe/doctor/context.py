"""Lost context: calls that stand alone in traces of their own while their agent is at work beside them.

Refuses: to blame a service in which no agent was at work at that time; there a call alone is what it looks like. Spans without a
service belong together only by their session.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.doctor.finding import Finding, percent
from quarterdeck.stats import wilson

_HOLDERS = frozenset({"agent", "workflow", "chain"})
_CALLS = frozenset({"llm", "tool", "embedding", "retrieval", "rerank"})
_STRAYS_MIN = 3
_SHARE_MIN = 0.1
"""Below, a job of its own that runs beside the agents explains it."""
_LOOK_BACK = 200
"""Agents of a service looked at per call, latest first."""


class Stray(NamedTuple):
    """A root that is no agent, and the agent of its service (and session, where both say one) that was at work around it."""

    span: Span
    agent: Span


def strays_of(spans: Sequence[Span]) -> tuple[list[Stray], int]:
    """(calls alone in a trace beside their agent, calls in all), over services in which an agent was at work."""
    agents: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start_ns, span.span_id)):
        if span.op_kind in _HOLDERS:
            agents.setdefault(span.service_name or "", []).append(span)
    starts = {service: [span.start_ns for span in found] for service, found in agents.items()}
    calls = [span for span in spans if span.op_kind in _CALLS and (span.service_name or "") in agents]
    found = []
    for call in calls:
        if call.parent_span_id:
            continue
        service = call.service_name or ""
        around = _around(call, agents[service], starts[service])
        if around is not None:
            found.append(Stray(call, around))
    return found, len(calls)


def _around(call: Span, agents: Sequence[Span], starts: Sequence[int]) -> Span | None:
    end = call.end_ns or call.start_ns
    at = bisect_right(starts, call.start_ns)
    for agent in reversed(agents[max(0, at - _LOOK_BACK) : at]):
        if agent.trace_id == call.trace_id or (agent.end_ns and agent.end_ns < end):
            continue
        unsaid = None in (agent.session_id, call.session_id)
        if (unsaid and call.service_name) or (not unsaid and agent.session_id == call.session_id):
            return agent
    return None


def lost_context(strays: Sequence[Stray], calls: int, scopes: Iterable[str]) -> Finding | None:
    """`scopes`: who made the stray spans, as far as it is known."""
    if len(strays) < _STRAYS_MIN or len(strays) / calls < _SHARE_MIN:
        return None
    low, high = wilson(len(strays), calls)
    services = sorted({stray.span.service_name or "unknown" for stray in strays})[:5]
    names = sorted({stray.agent.agent_name or stray.agent.name for stray in strays})[:5]
    return Finding(
        "lost_context",
        "error",
        f"{len(strays):,} of {calls:,} calls of {', '.join(services)} stand alone in traces of their own while their "
        f"agent is at work ({', '.join(names)})",
        {
            "calls_alone": len(strays),
            "calls": calls,
            "share": len(strays) / calls,
            "interval": [low, high],
            "services": services,
            "agents": names,
            "scopes": sorted(set(scopes))[:5],
            "example_trace_id": strays[0].span.trace_id,
        },
        f"The context does not follow the work ({percent(len(strays) / calls)} of the calls): for threads and thread pools "
        "install opentelemetry-instrumentation-threading (opentelemetry-instrument then switches it on; check that "
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS does not name threading), for event loops "
        "opentelemetry-instrumentation-asyncio; with a pool or queue of your own, submit contextvars.copy_context().run, "
        "or send the traceparent along and attach it.",
    )
