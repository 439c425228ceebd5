"""`quarterdeck runs context` against a real API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quarterdeck.cli.run_context import call_row, change_row


def _run(quarterdeck: Callable[..., Any], url: str) -> str:
    return str(quarterdeck("runs", "list", "--url", url, "--limit", "1", "--json").document["items"][0]["run_id"])


def test_it_lists_the_calls_of_a_run(quarterdeck: Callable[..., Any], url: str) -> None:
    run_id = _run(quarterdeck, url)
    answer = quarterdeck("runs", "context", run_id, "--url", url)
    assert answer.code == 0
    assert answer.err == "1 model calls; characters by consumer\n"
    document = quarterdeck("runs", "context", run_id, "--url", url, "--json").document
    assert (document["calls"], document["items"][0]["tokens_input"]) == (1, 100)


def test_a_run_of_one_call_is_compared_with_nothing(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "context", _run(quarterdeck, url), "--url", url, "--diff")
    assert answer.code == 0
    document = quarterdeck("runs", "context", _run(quarterdeck, url), "--url", url, "--diff", "--json").document
    assert answer.out.splitlines()[0] == document["in_words"]
    assert document["a"] is None


def test_calls_are_named_for_a_difference_only(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "context", "x", "--url", url, "--a", "1")
    assert answer.code == 3
    assert "expected `--diff --a SPAN --b SPAN`" in answer.err


CALL: dict[str, Any] = {
    "span_id": "s",
    "agent": None,
    "tokens_input": 1200,
    "cache_read": None,
    "chars": {"tools": 10, "system": 20, "user": 30, "assistant": 0, "tool_results": 0},
    "chars_total": 60,
    "shared_chars": 30,
    "cut": 0,
    "cache": "hit",
    "content_state": "present",
}


def test_a_call_is_one_row_and_unknown_is_a_dash() -> None:
    assert call_row(CALL) == ["s", "—", "1,200", "—", "10", "20", "30", "0", "0", "50%", "0", "hit"]
    without = CALL | {"chars": None, "chars_total": None, "shared_chars": None, "cut": None}
    row = call_row(without | {"content_state": "not_captured"})
    assert row[4:] == ["—", "—", "—", "—", "—", "—", "—", "not captured"]


def test_a_change_is_one_row_on_one_line() -> None:
    change = {"change": "edited", "consumer": "tool_results", "chars_a": 5, "chars_b": 1200, "preview_a": "a"}
    assert change_row(change | {"preview_b": "two\nlines"}) == ["~ edited", "tool results", "5 → 1,200", "two lines"]
    removed = {"change": "removed", "consumer": "user", "chars_a": 5, "chars_b": None, "preview_a": "a"}
    assert change_row(removed | {"preview_b": None}) == ["- removed", "user", "5", "a"]
