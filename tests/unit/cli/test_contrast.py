"""`quarterdeck contrast` against a real API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LONG_AGO = ("--since", "2025-01-01")


def test_it_says_both_sides_and_that_three_runs_are_too_few(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("contrast", "--url", url, *LONG_AGO)
    assert answer.code == 0
    first, _, *table = answer.out.splitlines()
    assert any(line.startswith("medoid") for line in table)
    table = table[: table.index("")]
    assert first == "1 runs where failed, 2 against (the rest). Not enough data: each side needs 20 runs."
    (agent,) = [line for line in table if "research" in line]
    assert agent.split()[:2] == ["agent", "research"]
    assert "0 % (" in agent
    assert "-50 points" in agent
    assert agent.rstrip().endswith("not enough data")


def test_as_json_it_is_the_apis_answer(quarterdeck: Callable[..., Any], url: str) -> None:
    words = ("--where", "agent=support", "--against", "agent=research", "--attributes", "agent", "--json")
    document = quarterdeck("contrast", "--url", url, *LONG_AGO, *words).document
    assert (document["where_runs"], document["against_runs"]) == (2, 1)
    assert [(item["value"], item["where_runs"], item["against_runs"]) for item in document["items"]] == [
        ("research", 0, 1),
        ("support", 2, 0),
    ]


def test_a_wrong_word_is_named(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("contrast", "--url", url, "--where", "agnt=x")
    assert answer.code == 3
    assert "where: found 'agnt=x', expected NAME=VALUE" in answer.err
