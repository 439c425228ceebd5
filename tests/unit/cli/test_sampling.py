"""`quarterdeck sampling` and `quarterdeck labels` against a running API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.cli.labels import row
from quarterdeck.cli.sampling import kept_words, policy_words, search_words, size, stratum_row

LONG_AGO = "2020-01-01T00:00:00Z"


def test_show_says_what_is_kept(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("sampling", "show", "--since", LONG_AGO, "--url", url)
    assert answer.code == 0
    assert "200 sessions per stratum and 60 min" in answer.out
    assert "3 of 3 sessions (3 runs) keep their bodies, 3 of them not decided on yet" in answer.out
    assert quarterdeck("sampling", "show", "--since", LONG_AGO, "--url", url, "--json").document["sessions"] == 3


def test_try_says_what_would_be_kept(quarterdeck: Callable[..., Any], url: str) -> None:
    words = ("sampling", "try", "--reservoir", "1", "--keep", "error", "--top-share", "0", "--since", LONG_AGO)
    answer = quarterdeck(*words, "--url", url)
    assert answer.code == 0
    assert "Kept for certain: error" in answer.out
    document = quarterdeck(*words, "--url", url, "--json").document
    assert (document["policy"]["reservoir"], document["undecided"]) == (1, 0)
    assert {r["reason"]: r["kept"] for r in document["reasons"]} == {"reservoir": 2, "error": 1}


@pytest.mark.parametrize("words", [["--keep", "everything"], ["--mode", "some"], ["--since", "yesterday"]])
def test_a_policy_that_cannot_be_is_named(quarterdeck: Callable[..., Any], url: str, words: list[str]) -> None:
    answer = quarterdeck("sampling", "try", *words, "--url", url)
    assert (answer.code, answer.out) == (3, "")
    assert words[1] in answer.err


def test_search_finds_and_estimates(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("sampling", "search", "gpt-4o", "--since", LONG_AGO, "--url", url)
    assert answer.code == 0
    assert "100 % (100 %–100 %, n=3) of all 3 runs say it. 3 of 3 runs that were read do." in answer.out
    document = quarterdeck("sampling", "search", "nothing", "--since", LONG_AGO, "--url", url, "--json").document
    assert document["matches"] == 0


def test_labels_of_a_server_without_a_book(quarterdeck: Callable[..., Any], url: str) -> None:
    assert quarterdeck("labels", "--url", url, "--json").document == {"items": [], "next_cursor": None}
    assert "became other" in quarterdeck("labels", "--url", url).out


def test_a_label_in_a_row() -> None:
    label = {
        "label": "tenant",
        "distinct": {"value": 1380.2, "low": 1320, "high": 1440},
        "admitted": 1000,
        "capacity": 1000,
        "refused": [{"reason": "cap", "runs": 2204, "example": "globex\neu" + "x" * 50}],
        "top": [{"value": "acme", "runs_low": 1, "runs_high": 1}],
    }
    assert row(label) == [
        "tenant", "1,380", "1,000", "1,000", "acme", "cap: 2,204 runs, e.g. globex eu" + "x" * 30 + "…",
    ]  # fmt: skip
    assert row({**label, "refused": [], "top": []})[-2:] == ["—", "—"]


def test_policies_in_words() -> None:
    assert policy_words({"mode": "all"}) == "Every body is kept."
    assert "Nothing is decided" in policy_words({"mode": "off"})
    policy = {"mode": "reservoir", "keep": [], "top_share": 0.01, "reservoir": 200, "window_s": 3600}
    assert policy_words(policy).startswith("Kept for certain: nothing by rule, and the top 1.0 % by cost")


def test_what_is_kept_in_words() -> None:
    found = {
        "kept": 10, "undecided": 0, "sessions": 1000, "runs": 1200, "truncated": True, "unknown": {"tenant": 7},
        "text_bytes": {"all": 1_234_567, "kept": 999}, "expected_relative_error": {"cost_usd": 0.071, "tokens": None},
    }  # fmt: skip
    assert kept_words(found) == (
        "10 of 1,000 sessions (1,200 runs) keep their bodies; about 999 B of 1.2 MB of text. Standard error of totals "
        "estimated from them: cost_usd 7.1 %. Sessions that do not say: tenant 7. Only the newest runs were looked at."
    )


def test_a_stratum_in_a_row() -> None:
    stratum = {"stratum": "a" * 80, "seen": 1000, "kept": 20, "probability_low": 0.1, "probability_high": 1.0}
    assert stratum_row(stratum) == ["a" * 69 + "…", "1,000", "20", "0.100–1.000"]
    assert stratum_row({**stratum, "probability_high": 0.1})[-1] == "0.100"
    assert stratum_row({**stratum, "probability_low": None})[-1] == "—"


def test_a_search_in_words() -> None:
    found = {
        "runs": 50, "runs_read": 10, "matches": 2, "runs_without_bodies": 30, "truncated": True,
        "estimated": {"share": None, "insufficient": "fewer than 5 sampled units", "weight_unknown": 3},
    }  # fmt: skip
    assert search_words(found) == (
        "Not enough to say how many of all runs say it: fewer than 5 sampled units. 2 of 10 runs that were read do; 30 runs "
        "have no bodies. A random part of the kept bodies was read. 3 sessions are left out: their odds are unknown."
    )


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (1500, "1.5 kB"), (2e9, "2.0 GB"), (3e15, "3000.0 TB")])
def test_sizes(count: float, words: str) -> None:
    assert size(count) == words
