"""The weight of a run, and the marks of guardrails and evaluators."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs import build_runs
from quarterdeck.observe.runs.weight import weight_of_run

from .spans import NOW, PRICES, span


@pytest.mark.parametrize(
    ("weights", "weight", "flags"),
    [
        ((1.0, 1.0), 1.0, set()),
        ((8.0, 1.0, 1.0), 8.0, {"sampled"}),
        ((1.0, 8.0, 8.0), 8.0, {"sampled"}),
        ((8.0, 8.0000001), 8.0, {"sampled"}),
        ((8.0, 4.0), None, {"sampled", "weight_conflict"}),
        ((None, 1.0), None, {"sampled"}),
        ((None, 8.0), None, {"sampled"}),
        ((None, 8.0, 4.0), None, {"sampled", "weight_conflict"}),
    ],
)
def test_the_stated_weight_counts_and_a_contradiction_is_unknown(
    weights: tuple[float | None, ...], weight: float | None, flags: set[str]
) -> None:
    assert weight_of_run(weights) == (weight, flags)


def built(*spans: Span) -> Run:
    [tree] = build_runs(spans, now_ns=NOW * 10**9, prices=PRICES)
    return tree.run


def test_a_run_carries_the_weight_of_its_spans() -> None:
    run = built(span("a", kind="agent", weight=10.0), span("b", "a", "llm", weight=10.0))
    assert (run.weight, run.flags.count("sampled")) == (10.0, 1)


def test_a_contradiction_is_flagged() -> None:
    run = built(span("a", kind="agent", weight=10.0), span("b", "a", "llm", weight=2.0))
    assert run.weight is None
    assert {"sampled", "weight_conflict"} <= set(run.flags)


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"kind": "guardrail", "outcome": "Triggered"}, "guardrail"),
        ({"kind": "guardrail", "status": "error"}, "guardrail"),
        ({"kind": "llm", "status": "error", "error_class": "content_filter"}, "guardrail"),
        ({"kind": "evaluator", "outcome": "negative"}, "negative_feedback"),
    ],
)
def test_a_guardrail_or_an_evaluator_marks_the_run(changes: dict[str, Any], flag: str) -> None:
    assert flag in built(span("a", kind="agent"), span("b", "a", **changes)).flags


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "guardrail", "outcome": "passed"},
        {"kind": "evaluator", "outcome": "good"},
        {"kind": "evaluator", "status": "error"},
        {"kind": "tool", "status": "error", "error_class": "tool_error"},
    ],
)
def test_nothing_else_does(changes: dict[str, Any]) -> None:
    flags = built(span("a", kind="agent"), span("b", "a", **changes)).flags
    assert {"guardrail", "negative_feedback"}.isdisjoint(flags)
