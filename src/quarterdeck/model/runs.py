"""Runs: one execution of an agent on one task, with exact counts and reconciled usage.

Unknown is None. `Tokens.total` is input + output; `coverage` says how many of the model calls reported usage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from quarterdeck.model.estimates import Promise, Quantity

Lifecycle = Literal["running", "waiting", "stalled", "lost", "finished"]
RunStatus = Literal["ok", "error", "unknown"]
Coverage = Literal["full", "partial", "none"]
CostSource = Literal["reported", "priced", "reconciled", "unpriced"]

FAILED_OUTCOMES = frozenset({"failure", "failed", "fail", "error"})
"""Outcomes (lower case) that count as a failure whatever the spans' status says: a run can end well and achieve nothing."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of a run. `input` includes cache_read and cache_write, `output` includes reasoning; None = not reported."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    coverage: Coverage = "none"

    @property
    def total(self) -> int | None:
        """input + output; None when neither was reported."""
        if self.input is None and self.output is None:
            return None
        return (self.input or 0) + (self.output or 0)


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars. `computed` from the price table, `reported` by the producer; None when unknown."""

    computed: float | None = None
    reported: float | None = None
    source: CostSource = "unpriced"
    price_version: str | None = None


@dataclass(frozen=True, slots=True)
class Orphans:
    """Spans whose parent never came: `repaired` were re-attached by a rule, `missing` are the synthetic nodes shown instead."""

    repaired: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Times are ns since the epoch; `ended_at_ns` is None until something ended.

    `tools` and `models` map a name to its number of calls, `tool_errors` a tool to its failed calls (one or more).
    `root_span_id` is None when the root is synthetic.
    `weight` is how many runs this one stands for after head sampling (1.0 = not sampled, None = sampled, weight unknown).
    `busy_s` is the time in which at least one call (model, tool, retrieval, embedding) was at work, parallel ones once; None = none ended.
    `links` are span links that lead out of the run, as in `Span.links`, one each.
    `body_probability` and `body_reason` are filled in by the reader of a store from what was decided (`BodyDecision`);
    None = not decided yet. `estimate` is filled in the same way: what was promised of the run; None = nothing.
    `task_key` is the same text for repeats of one task; `promised` is what the agent's own spans promised (`Span.promised`).
    """

    project: str
    run_id: str
    trace_ids: tuple[str, ...]
    root_span_id: str | None
    root_name: str
    root_synthetic: bool
    session_id: str | None
    session_source: str | None
    tenant: str | None
    environment: str | None
    feature: str | None
    task_class: str | None
    user_hash: str | None
    agent: str | None
    agent_version: str | None
    prompt_version: str | None
    model: str | None
    provider: str | None
    toolset_hash: str | None
    config_hash: str | None
    lifecycle: Lifecycle
    status: RunStatus
    error_class: str | None
    outcome: str | None
    started_at_ns: int
    ended_at_ns: int | None
    last_seen_ns: int
    spans: int
    model_calls: int
    tool_calls: int
    retries: int
    errors: int
    depth: int
    tokens: Tokens
    cost: Cost
    residual_tokens: int | None
    orphans: Orphans
    tools: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    dialects: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    weight: float | None = 1.0
    busy_s: float | None = None
    links: tuple[str, ...] = ()
    tool_errors: dict[str, int] = field(default_factory=dict)
    body_probability: float | None = None
    body_reason: str | None = None
    task_key: str | None = None
    promised: str | None = None
    estimate: Promise | None = None

    @property
    def session_key(self) -> str:
        """What decides about this run's bodies: its session, or itself when it has none."""
        return self.session_id or self.run_id

    @property
    def failed(self) -> bool | None:
        """Whether the run counts as failing: an error status or a failed outcome; None while neither is known."""
        if self.status == "error" or (self.outcome is not None and self.outcome.lower() in FAILED_OUTCOMES):
            return True
        return False if self.status == "ok" else None

    @property
    def spent(self) -> dict[Quantity, float]:
        """What it took so far; what was not reported is left out, and so are tokens and dollars where none were."""
        cost = self.cost.reported if self.cost.source == "reported" else self.cost.computed
        known: dict[Quantity, float | None] = {
            "tokens_input": self.tokens.input,
            "tokens_output": self.tokens.output,
            "tokens_total": self.tokens.total,
            "steps": self.model_calls or None,
            "cost_usd": self.cost.computed if cost is None else cost,
            "seconds": self.duration_s,
        }
        return {name: float(value) for name, value in known.items() if value is not None}

    @property
    def over_budget(self) -> bool | None:
        """Whether its tokens are above what nine in ten such runs stay below; None while nobody knows."""
        promised = None if self.estimate is None else self.estimate.estimate.spreads.get("tokens_total")
        total = self.tokens.total
        if promised is None or total is None:
            return None
        if total > promised.q90:
            return True
        return False if self.lifecycle in ("finished", "lost") else None

    @property
    def duration_s(self) -> float | None:
        """Wall time of the root, seconds; None while it has no end, 0 when it ends before it starts (flag `clock_skew`)."""
        return None if self.ended_at_ns is None else max(0, self.ended_at_ns - self.started_at_ns) / 1e9


@dataclass(frozen=True, slots=True)
class SpanNode:
    """Where one span stands in its run: what the tree view needs beyond the span itself.

    `parent_span_id` is the parent after repair ("" = run root); `repair_rule` is None when nothing was repaired.
    `synthetic` marks a node that stands for a span which never came. `tokens_residual` is usage that the span
    claims and its children do not explain. `attempt` of `attempts`: the span is one try of an operation that was tried more than
    once; None = it was not, or nobody knows how often.
    """

    trace_id: str
    span_id: str
    parent_span_id: str
    run_id: str
    depth: int
    repair_rule: str | None = None
    synthetic: bool = False
    tokens_residual: int | None = None
    attempt: int | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class RunTree:
    """A run with the place of each of its spans, parents before children."""

    run: Run
    nodes: tuple[SpanNode, ...]
