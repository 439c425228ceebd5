"""Model calls that were reported twice: which two spans are one call.

Refuses: to call two spans one call because they look alike; they share a response id, or one lies in the other as the
same call does (`runs.calls.same_call`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.doctor.finding import Finding
from quarterdeck.observe.runs.calls import same_call

SpanKey = tuple[str, str]
"""(trace id, span id)."""

SAMPLED_MAX = 64
"""Pairs whose scopes are looked up."""

_CALLS_MIN = 2
"""One repeat may be a re-sent span of a proxy; two are a habit."""
_CALLS = ("llm", "embedding", "rerank")
_STRUCTURE = 1_000
"""What a span that is no call weighs against a call's usage: more than all that are looked at."""
_ALIASES = {"openai_v2": "openai", "openai_agents_v2": "openai_agents", "vertexai_v2": "vertexai"}
_NOT_A_NAME = frozenset({"v1", "v0", "trace", "tracer", "patch", "utils", "genai", "instrumentor"})


class Pair(NamedTuple):
    """Two reports of one call. `outer` contains `inner`, or began first."""

    outer: SpanKey
    inner: SpanKey


def doubled_calls(spans: Sequence[Span]) -> tuple[list[Pair], int]:
    """(pairs of reports of one call, model calls in all). `spans`: of any number of traces."""
    models = {(span.trace_id, span.span_id): span for span in spans if span.op_kind == "llm"}
    found = [
        Pair(_key(outer), _key(span))
        for span in models.values()
        if (outer := models.get((span.trace_id, span.parent_span_id))) is not None and same_call(outer, span)
    ]
    inner = {pair.inner for pair in found}
    by_response: dict[tuple[str, str], list[Span]] = {}
    for key, span in models.items():
        if span.response_id is not None and key not in inner:
            by_response.setdefault((span.trace_id, span.response_id), []).append(span)
    for group in by_response.values():
        group.sort(key=lambda span: (span.start_ns, span.span_id))
        found += [Pair(_key(group[0]), _key(other)) for other in group[1:] if _overlap(group[0], other)]
    return found, len(models) - len(found)


def _overlap(one: Span, two: Span) -> bool:
    """Some producers write one response id on all calls of a conversation; those do not happen at once."""
    return two.start_ns < (one.end_ns or one.start_ns + 1)


def _key(span: Span) -> SpanKey:
    return span.trace_id, span.span_id


def duplicate_instrumentation(
    pairs: Sequence[Pair], scopes: Mapping[SpanKey, str], calls: int, spans: Mapping[SpanKey, Span]
) -> list[Finding]:
    """One finding per pair of scopes that report the same calls. `scopes` also tells of some spans that are no calls.

    Who reports agents and tools too is kept: without it the calls would stand alone.
    """
    counted: Counter[tuple[str, str]] = Counter()
    told: Counter[str] = Counter()
    for key, scope in scopes.items():
        told[scope] += _STRUCTURE * (key in spans and spans[key].op_kind not in _CALLS)
    for pair in pairs:
        outer, inner = scopes.get(pair.outer, ""), scopes.get(pair.inner, "")
        if outer and inner:
            counted[(outer, inner)] += 1
            told[outer] += pair.outer in spans and spans[pair.outer].tokens_input is not None
            told[inner] += pair.inner in spans and spans[pair.inner].tokens_input is not None
    return [
        _finding((outer, inner), told, {"calls_reported_twice": n, "of_pairs": len(pairs), "model_calls": calls})
        for (outer, inner), n in counted.most_common(5)
        if n >= _CALLS_MIN
    ]


def _finding(scopes: tuple[str, str], told: Counter[str], counts: Mapping[str, int]) -> Finding:
    outer, inner = scopes
    off, keep = (inner, outer) if told[outer] >= told[inner] else (outer, inner)
    return Finding(
        "duplicate_instrumentation",
        "warning",
        f"{outer} and {inner} report the same model calls" if outer != inner else f"{outer} reports model calls twice",
        {"scopes": [outer, inner], **counts, "turn_off": off},
        _mend(off, keep),
    )


def _mend(off: str, keep: str) -> str:
    name, kept = entry_point(off), entry_point(keep)
    if off == keep:
        return (
            f"{keep} is set up twice: call its instrument() once, and do not combine opentelemetry-instrument with "
            "instrumentation in code. It is counted once here, in your provider's other tools it is not."
        )
    if name != kept:
        return (
            f"Turn one of them off, for example with OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={name}, and keep {keep}, "
            "which knows at least as much. Tokens are counted once here meanwhile."
        )
    return (
        f"Both packages bear the name {name!r}, so OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={name} would turn both off: "
        f"uninstall the one of {off}, or do not call its instrument(), and keep {keep}. Tokens are counted once here "
        "meanwhile."
    )


def entry_point(scope: str) -> str:
    """The name of an instrumentation in OTEL_PYTHON_DISABLED_INSTRUMENTATIONS, from its scope's name.

    E.g. `openinference.instrumentation.openai` → `openai`.
    """
    parts = [part for part in scope.replace("-", "_").split(".") if part and part not in _NOT_A_NAME]
    if "instrumentation" in parts and parts.index("instrumentation") + 1 < len(parts):
        parts = parts[parts.index("instrumentation") + 1 :]
        name = parts[0]
    else:
        name = parts[-1] if parts else scope
    return _ALIASES.get(name, name)


def keys_of(pairs: Iterable[Pair], spans: Sequence[Span]) -> list[SpanKey]:
    """The spans whose scope has to be looked up: those of the first pairs, and what else is in their traces."""
    found: dict[SpanKey, None] = {}
    for pair in list(pairs)[:SAMPLED_MAX]:
        found[pair.outer] = found[pair.inner] = None
    traces = {trace_id for trace_id, _ in found}
    others = [_key(span) for span in spans if span.trace_id in traces and span.op_kind not in _CALLS]
    return [*found, *others[:SAMPLED_MAX]]
