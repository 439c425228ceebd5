"""Adding up what was sent: each span once, however often it was sent.

Refuses to turn "not reported" into zero: a token class that nobody reported stays None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quarterdeck.simulate.histories.shape import SpanFacts, TokenFacts


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay sent. Runs and spans count once; `repeated_spans` were sent again with the same identity.

    `runs`: named runs; in traces that name none, one for each root, and one where the root is missing. `tokens` has input, output, cache_read, cache_write,
    reasoning, total; each None when no model call reported it. `cost_usd` is the reported cost, None when none was.
    """

    runs: int
    spans: int
    model_calls: int
    tool_calls: int
    tokens: Mapping[str, int | None]
    cost_usd: float | None
    repeated_spans: int = 0
    rejected_spans: int = 0
    readable: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The summary as the command line prints it."""
        return {
            "runs": self.runs,
            "spans": self.spans,
            "model_calls": self.model_calls,
            "tool_calls": self.tool_calls,
            "tokens": dict(self.tokens),
            "cost_usd": self.cost_usd,
            "repeated_spans": self.repeated_spans,
            "rejected_spans": self.rejected_spans,
            "readable": self.readable,
        }


@dataclass(slots=True)
class Tally:
    """Collects facts of spans as they are read."""

    spans_by_run: dict[str, int] = field(default_factory=dict)
    """Named runs in order of first appearance, with their unique spans."""
    unnamed: dict[str, int] = field(default_factory=dict)
    """Traces that name no run, in order, with their roots."""
    model_calls: int = 0
    tool_calls: int = 0
    repeated: int = 0
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _tokens: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(TokenFacts._fields))
    _costs: list[float] = field(default_factory=list)

    @property
    def spans(self) -> int:
        """Unique spans so far."""
        return len(self._seen)

    def add(self, facts: Iterable[SpanFacts]) -> None:
        """Count the spans that were not counted before."""
        for fact in facts:
            identity = (fact.trace_id, fact.span_id)
            if identity in self._seen:
                self.repeated += 1
                continue
            self._seen.add(identity)
            self._add_new(fact)

    def _add_new(self, fact: SpanFacts) -> None:
        if fact.run_id is None:
            self.unnamed[fact.trace_id] = self.unnamed.get(fact.trace_id, 0) + fact.is_root
        else:
            self.spans_by_run[fact.run_id] = self.spans_by_run.get(fact.run_id, 0) + 1
        self.model_calls += fact.model_call
        self.tool_calls += fact.tool_call
        for name, count in fact.tokens._asdict().items():
            if count is not None:
                self._tokens[name] = (self._tokens[name] or 0) + count
        if fact.cost_usd is not None:
            self._costs.append(fact.cost_usd)

    def summary(self, *, rejected: int = 0, readable: bool | None = None) -> ReplaySummary:
        """The sums; costs by `math.fsum`, so the order of sending does not matter."""
        known = [count for count in (self._tokens["input"], self._tokens["output"]) if count is not None]
        return ReplaySummary(
            runs=len(self.spans_by_run) + sum(max(1, roots) for roots in self.unnamed.values()),
            spans=self.spans,
            model_calls=self.model_calls,
            tool_calls=self.tool_calls,
            tokens={**self._tokens, "total": sum(known) if known else None},
            cost_usd=math.fsum(self._costs) if self._costs else None,
            repeated_spans=self.repeated,
            rejected_spans=rejected,
            readable=readable,
        )
