"""A run in words: what is not known is not invented."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.cli import run_words

RUN: dict[str, Any] = {
    "run_id": "r1", "root_name": "invoke_agent a", "agent": "a", "agent_version": None, "prompt_version": "v7",
    "model": None, "lifecycle": "finished", "status": "ok", "error_class": None, "started_at": "2026-01-01T00:00:00Z",
    "duration_s": None, "model_calls": 1, "tool_calls": 0, "retries": 2, "residual_tokens": None, "flags": [],
    "tokens": {"input": None, "output": None, "cache_read": None, "cache_write": None, "reasoning": None,
               "total": None, "coverage": "none"},
    "cost_usd": {"computed": None, "reported": None, "source": "unpriced"}, "orphans": {"missing": 0, "repaired": 0},
}  # fmt: skip
SPAN: dict[str, Any] = {
    "span_id": "s", "name": "chat", "op_kind": "llm", "depth": 0, "synthetic": False, "duration_ms": None,
    "tokens_input": None, "tokens_output": None, "cost_usd": None, "status": "ok", "error_class": None,
    "error_type": None, "repair_rule": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "ok"),
        ({"status": "unknown"}, "finished"),
        ({"status": "error"}, "failed"),
        ({"status": "error", "error_class": "tool_error"}, "failed (tool_error)"),
        ({"lifecycle": "stalled", "status": "unknown"}, "stalled"),
    ],
)
def test_state(changes: dict[str, Any], word: str) -> None:
    assert run_words.state({**RUN, **changes}) == word


def test_an_unreported_run_shows_dashes() -> None:
    text = "\n".join(run_words.header(RUN))
    assert "made 1 model call and 0 tool calls, 2 retries and has not ended" in text
    assert "tokens: not reported (coverage none); cost — (unpriced)" in text
    assert "flags" not in text


def test_partly_reported_tokens_carry_a_plus() -> None:
    known = {**RUN["tokens"], "total": 1200, "coverage": "partial"}
    assert run_words.tokens({**RUN, "tokens": known}) == "1,200+"
    assert run_words.tokens(RUN) == "—"


def test_the_reported_cost_stands_in_for_a_missing_computed_one() -> None:
    assert run_words.cost({**RUN, "cost_usd": {"computed": None, "reported": 2.0, "source": "reported"}}) == "$2.00"


def test_failed_tool_calls_are_named_the_most_first() -> None:
    failed = {"tools": {"search": 9, "refund": 4}, "tool_errors": {"search": 1, "refund": 3}}
    assert "failed tool calls: refund 3 of 4, search 1 of 9" in list(run_words.header({**RUN, **failed}))


def test_what_was_found_out_is_said() -> None:
    said = [{"name": "thumbs", "score": 1.0, "label": None}, {"name": "stars", "score": None, "label": "4"}]
    lines = list(run_words.header({**RUN, "outcome": "failure", "outcomes": said}))
    assert "outcome: failure" in lines
    assert "found out: thumbs 1.00, stars 4" in lines


def test_doubts_are_said() -> None:
    text = "\n".join(
        run_words.header(
            {**RUN, "orphans": {"missing": 1, "repaired": 3}, "residual_tokens": 50, "flags": ["residual"]}
        )
    )
    assert "never came: 1; links repaired: 3" in text
    assert "not explained below: 50" in text
    assert "flags: residual" in text


def test_the_tree_marks_missing_and_repaired_spans() -> None:
    spans = [
        {**SPAN, "synthetic": True},
        {
            **SPAN,
            "depth": 1,
            "repair_rule": "to_root",
            "status": "error",
            "error_class": "infra",
            "duration_ms": 1500.0,
        },
    ]
    assert list(run_words.tree(spans)) == [
        "? missing span s",
        "  llm chat · 1.5 s · error infra · re-attached: to_root",
    ]


def test_a_very_deep_tree_stays_within_the_line() -> None:
    line = next(iter(run_words.tree([{**SPAN, "depth": 50_000}])))
    assert len(line) < 200
