"""Findings from counts: what the runs of a window, the producers and the door say about the incoming telemetry.

Pure: facts in, findings out, worst first. Refuses: to guess; every finding carries the numbers it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quarterdeck.observe.doctor.finding import Finding, worst_first
from quarterdeck.stats import wilson

_ORPHAN_SHARE = 0.01
"""Below this share a few lost spans are noise of any network; above, a sampler or a missing exporter is at work."""
_ORPHAN_SHARE_BAD = 0.2
"""Above this share counts and trees are too holed to read."""
_USAGE_SHARE = 0.95
"""A producer that reports usage does so nearly always; aborted streams explain the rest."""
_CALLS_TO_JUDGE = 20
"""Fewer model calls say little about a producer."""
_KEYS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Holes:
    """Of a sample of finished runs: spans named as a parent, how many of them came, and how orphans were placed.

    `rules` maps a repair rule to the number of nodes that it placed; `spans` is the size of the sample.
    """

    spans: int = 0
    parents: int = 0
    missing: int = 0
    rules: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Producer:
    """One instrumentation (dialect and scope) of a project, since the store began."""

    dialect: str
    scope: str
    spans: int
    model_calls: int
    with_usage: int
    orphans: int = 0


@dataclass(frozen=True, slots=True)
class TelemetryFacts:
    """What the findings are made from. Runs are those of the last `window_h` hours; `unmapped` maps a key to its count.

    `skew_ms` is how far the worst span of the sample begins before its parent or ends before it began; None = not looked at.
    """

    window_h: int
    runs: int
    runs_with_orphans: int
    runs_without_root: int
    runs_with_skew: int
    runs_unpriced: int
    unmapped: Mapping[str, int] = field(default_factory=dict)
    producers: Sequence[Producer] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    holes: Holes = field(default_factory=Holes)
    skew_ms: float | None = None
    skeleton_share: float = 0.0
    skeleton_spans: int = 0


def find(facts: TelemetryFacts) -> list[Finding]:
    """All findings, worst first."""
    found = [
        _orphans(facts),
        _missing_roots(facts),
        *(_usage_missing(producer) for producer in facts.producers),
        _rejections(facts),
        _skeletons(facts),
        _unmapped(facts),
        _clock_skew(facts),
        _unpriced(facts),
    ]
    return worst_first(found)


def _share(part: int, facts: TelemetryFacts, name: str) -> dict[str, Any]:
    return {name: part, "runs": facts.runs, "share": part / facts.runs if facts.runs else None, "hours": facts.window_h}


def _orphans(facts: TelemetryFacts) -> Finding | None:
    part = facts.runs_with_orphans
    if not facts.runs or part / facts.runs < _ORPHAN_SHARE:
        return None
    return Finding(
        "orphans",
        "error" if part / facts.runs >= _ORPHAN_SHARE_BAD else "warning",
        f"{part:,} of {facts.runs:,} runs have spans whose parent never came" + _lost_share(facts.holes),
        _share(part, facts, "runs_with_orphans") | _lost(facts.holes),
        "Sample whole traces, not spans: set OTEL_TRACES_SAMPLER=parentbased_always_on in every service of the "
        "agent, or move sampling into the collector's tail_sampling processor. Check that each service exports. If "
        "the SDK logs that its queue is full, raise OTEL_BSP_MAX_QUEUE_SIZE or lower OTEL_BSP_SCHEDULE_DELAY.",
    )


def _lost_share(holes: Holes) -> str:
    if not holes.missing:
        return ""
    return f"; {holes.missing:,} of {holes.parents:,} parents that spans name are missing"


def _lost(holes: Holes) -> dict[str, Any]:
    """The share of spans that never came, estimated: each span that others name as their parent is a probe."""
    if not holes.parents:
        return {"repaired_by": dict(holes.rules)}
    low, high = wilson(holes.missing, holes.parents)
    return {
        "parents_named": holes.parents,
        "parents_missing": holes.missing,
        "share_lost": holes.missing / holes.parents,
        "interval": [low, high],
        "repaired_by": dict(holes.rules),
    }


def _missing_roots(facts: TelemetryFacts) -> Finding | None:
    part = facts.runs_without_root
    if not facts.runs or part / facts.runs < _ORPHAN_SHARE:
        return None
    return Finding(
        "missing_roots",
        "warning",
        f"{part:,} of {facts.runs:,} runs came without their root span",
        _share(part, facts, "runs_without_root"),
        "Export from the process that starts the agent too, and call force_flush (or shutdown) of its tracer "
        "provider before it exits, so that the root span is sent.",
    )


def _usage_missing(producer: Producer) -> Finding | None:
    calls = producer.model_calls
    if calls < _CALLS_TO_JUDGE or producer.with_usage / calls >= _USAGE_SHARE:
        return None
    without = calls - producer.with_usage
    return Finding(
        "usage_missing",
        "warning",
        f"{without:,} of {calls:,} model calls by {producer.scope or producer.dialect} do not say what they used",
        {
            "dialect": producer.dialect,
            "scope": producer.scope,
            "model_calls": calls,
            "with_usage": producer.with_usage,
            "share": producer.with_usage / calls,
        },
        'Ask the provider for usage when streaming (OpenAI: stream_options={"include_usage": true}), and bring the '
        "instrumentation to its newest version.",
    )


def _rejections(facts: TelemetryFacts) -> Finding | None:
    total = sum(facts.rejected.values())
    if not total:
        return None
    return Finding(
        "rejections",
        "warning",
        f"{total:,} spans were rejected since the server started",
        {"rejected": dict(facts.rejected)},
        "GET /api/v1/rejections names each span and its reason; raise the limit that the reason names (settings "
        "ingest.*), or mend the exporter.",
    )


def _skeletons(facts: TelemetryFacts) -> Finding | None:
    if not facts.skeleton_share and not facts.skeleton_spans:
        return None
    now = f"; {facts.skeleton_share:.0%} of new traces still are" if facts.skeleton_share else "; it is over"
    return Finding(
        "overload_skeletons",
        "warning",
        f"{facts.skeleton_spans:,} spans were stored without their long texts, since the server could not keep up{now}",
        {"skeleton_spans": facts.skeleton_spans, "skeleton_share": facts.skeleton_share},
        "Counts, tokens and costs are whole. Send less (ingest.spans_per_s_max limits a project), give the server more "
        "processors or a faster disk, or let it wait longer before it lets texts go (pipeline.skeleton_after_s).",
    )


def _unmapped(facts: TelemetryFacts) -> Finding | None:
    if not facts.unmapped:
        return None
    top = sorted(facts.unmapped.items(), key=lambda item: (-item[1], item[0]))[:_KEYS_NAMED]
    return Finding(
        "unmapped_keys",
        "info",
        f"{_keys(len(facts.unmapped))} of known families read by no dialect",
        {"keys": len(facts.unmapped), "most_frequent": dict(top)},
        "They are kept and counted, never summed. If one of them carries usage or identity, set the quarterdeck.* "
        "attribute for it (docs/design/attributes.md) or report the key so that a dialect learns it.",
    )


def _keys(n: int) -> str:
    return "1 attribute key" if n == 1 else f"{n:,} attribute keys"


def _clock_skew(facts: TelemetryFacts) -> Finding | None:
    if not facts.runs_with_skew:
        return None
    return Finding(
        "clock_skew",
        "warning",
        f"{facts.runs_with_skew:,} of {facts.runs:,} runs have spans whose times cannot all be right",
        _share(facts.runs_with_skew, facts, "runs_with_skew") | {"largest_ms": facts.skew_ms},
        "Let every host that runs agents keep time by NTP (chrony or systemd-timesyncd). Times are shown as sent.",
    )


def _unpriced(facts: TelemetryFacts) -> Finding | None:
    if not facts.runs_unpriced:
        return None
    return Finding(
        "unpriced",
        "info",
        f"{facts.runs_unpriced:,} of {facts.runs:,} runs used models without a known price",
        _share(facts.runs_unpriced, facts, "runs_unpriced"),
        "Add the models to a price file of your own and name it in serve.prices_file.",
    )
