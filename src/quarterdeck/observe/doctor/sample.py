"""What a sample of spans tells about how they were made: lost parents, calls told twice, traces that never came.

Pure: spans and the runs that were built of them in, facts and findings out. Refuses: to judge runs that still go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.doctor.context import Stray, lost_context, strays_of
from quarterdeck.observe.doctor.finding import Finding
from quarterdeck.observe.doctor.head import head_sampling, traces_by_service
from quarterdeck.observe.doctor.pairs import Pair, SpanKey, doubled_calls, duplicate_instrumentation, keys_of
from quarterdeck.observe.doctor.telemetry import Holes

_GOING_ON = ("running", "waiting")
_SCOPES_OF_STRAYS = 16


class Examined(NamedTuple):
    """What was seen. `wanted` are the spans whose scope has to be looked up before `findings_of`."""

    spans: Sequence[Span]
    runs: Sequence[Run]
    holes: Holes
    skew_ms: float | None
    pairs: Sequence[Pair]
    model_calls: int
    strays: Sequence[Stray]
    calls: int

    @property
    def wanted(self) -> list[SpanKey]:
        return [
            *keys_of(self.pairs, self.spans),
            *((s.span.trace_id, s.span.span_id) for s in self.strays[:_SCOPES_OF_STRAYS]),
        ]


def examine(spans: Sequence[Span], trees: Sequence[RunTree]) -> Examined:
    """Look at spans of any number of traces, and at the runs that `build_runs` made of them."""
    pairs, model_calls = doubled_calls(spans)
    strays, calls = strays_of(spans)
    return Examined(
        spans, [tree.run for tree in trees], holes_of(spans, trees), skew_of(spans), pairs, model_calls, strays, calls
    )


def findings_of(seen: Examined, scopes: Mapping[SpanKey, str]) -> list[Finding]:
    """What the sample shows beyond counts; `scopes` names the instrumentation of the spans in `wanted`."""
    spans = {(span.trace_id, span.span_id): span for span in seen.spans} if seen.pairs else {}
    alone = [scopes.get((stray.span.trace_id, stray.span.span_id), "") for stray in seen.strays[:_SCOPES_OF_STRAYS]]
    context = lost_context(seen.strays, seen.calls, filter(None, alone))
    known, came, unknown = weights_of(seen.runs, seen.spans)
    doubled = duplicate_instrumentation(seen.pairs, scopes, seen.model_calls, spans)
    return [
        *head_sampling(traces_by_service(seen.spans), known=known, came=came, unknown=unknown),
        *(doubled or _duplicate_usage(seen.runs)),
        *([context] if context is not None else []),
    ]


def _duplicate_usage(runs: Sequence[Run]) -> list[Finding]:
    """Calls told twice now and then, by nobody in particular."""
    part = sum("duplicate_usage" in run.flags for run in runs)
    if not part:
        return []
    return [
        Finding(
            "duplicate_usage",
            "warning",
            f"{part:,} of {len(runs):,} runs report the same model call more than once; it is counted once",
            {"runs_with_duplicates": part, "runs": len(runs), "share": part / len(runs)},
            "Install one instrumentation per framework, not two (for example OpenInference or OpenLLMetry).",
        )
    ]


def holes_of(spans: Sequence[Span], trees: Sequence[RunTree]) -> Holes:
    """Parents that were named and never came, over runs that are over."""
    over = {trace_id for tree in trees if tree.run.lifecycle not in _GOING_ON for trace_id in tree.run.trace_ids}
    known = {(span.trace_id, span.span_id) for span in spans}
    named = {(span.trace_id, span.parent_span_id) for span in spans if span.parent_span_id and span.trace_id in over}
    rules = Counter(
        node.repair_rule
        for tree in trees
        if tree.run.lifecycle not in _GOING_ON
        for node in tree.nodes
        if node.repair_rule is not None
    )
    return Holes(len(spans), len(named), len(named - known), dict(rules))


def skew_of(spans: Sequence[Span]) -> float | None:
    """Milliseconds by which the worst span ends before it begins, or begins before its parent of another service."""
    known = {(span.trace_id, span.span_id): span for span in spans}
    worst = 0
    for span in spans:
        if 0 < span.end_ns < span.start_ns:
            worst = max(worst, span.start_ns - span.end_ns)
        above = known.get((span.trace_id, span.parent_span_id))
        if above is not None and above.service_name != span.service_name and span.start_ns < above.start_ns:
            worst = max(worst, above.start_ns - span.start_ns)
    return worst / 1e6 if spans else None


def weights_of(runs: Sequence[Run], spans: Sequence[Span]) -> tuple[int, int, int]:
    """(how many runs the sampled ones with a known weight stand for, how many those are, sampled runs of unknown weight)."""
    of_trace: dict[str, float | None] = {}
    for span in spans:
        if span.weight != 1.0:
            of_trace.setdefault(span.trace_id, span.weight)
    weights = [of_trace[trace_id] for run in runs for trace_id in run.trace_ids[:1] if trace_id in of_trace]
    known = [weight for weight in weights if weight is not None]
    return round(sum(known)), len(known), len(weights) - len(known)
