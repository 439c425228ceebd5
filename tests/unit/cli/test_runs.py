"""`quarterdeck runs` and `quarterdeck fleet` against a real API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.cli import runs
from quarterdeck.cli.client import ApiClient


def test_list_prints_a_row_per_run(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "list", "--url", url)
    assert answer.code == 0
    rows = [line for line in answer.out.splitlines() if "gpt-4o" in line]
    assert [row.split()[2] for row in rows if "failed" not in row] == ["research", "support"]
    assert answer.err == "3 runs\n"


def test_list_as_json_is_the_apis_list(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "list", "--url", url, "--json", "--sort", "started_at")
    document = answer.document
    assert [run["agent"] for run in document["items"]] == ["research", "support", "support"]
    assert document["next_cursor"] is None
    assert {run["tokens"]["total"] for run in document["items"]} == {120}


@pytest.mark.parametrize(
    ("words", "agents"),
    [
        (["--where", "agent=support"], ["support", "support"]),
        (["--where", "agent=support", "--where", "agent=research"], ["research", "support", "support"]),
        (["--where", "prompt_version="], ["research", "support", "support"]),
        (["--where", "status=error"], ["support"]),
        (["--has", "error"], ["support"]),
        (["--q", "research"], ["research"]),
        (["--since", "-10m"], []),
        (["--limit", "1"], ["research"]),
    ],
)
def test_filters(quarterdeck: Callable[..., Any], url: str, words: list[str], agents: list[str]) -> None:
    answer = quarterdeck("runs", "list", "--url", url, "--json", *words)
    assert [run["agent"] for run in answer.document["items"]] == agents


def test_an_unknown_facet_names_the_known_ones(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "list", "--url", url, "--where", "agnt=x")
    assert answer.code == 3
    assert "NAME one of agent, agent_version" in answer.err


def test_show_says_what_the_run_did_and_draws_its_tree(quarterdeck: Callable[..., Any], url: str) -> None:
    run_id = quarterdeck("runs", "list", "--url", url, "--json", "--has", "error").document["items"][0]["run_id"]
    answer = quarterdeck("runs", "show", run_id, "--url", url)
    assert answer.code == 0
    assert f"run {run_id}: invoke_agent support" in answer.out
    assert "failed" in answer.out
    assert "made 1 model call and 1 tool call in 1.0 s" in answer.out
    assert "tokens: 100 input, 20 output (coverage full); cost $0.0004" in answer.out
    tree = answer.out.split("\n\n", 1)[1].splitlines()
    assert tree[0].startswith("agent invoke_agent support")
    assert {line.strip().split(" · ")[0] for line in tree[1:]} == {"llm chat gpt-4o", "tool execute_tool search"}
    assert all(line.startswith("  ") for line in tree[1:])


def test_show_as_json_has_the_run_and_all_spans(quarterdeck: Callable[..., Any], url: str) -> None:
    run_id = quarterdeck("runs", "list", "--url", url, "--json", "--limit", "1").document["items"][0]["run_id"]
    document = quarterdeck("runs", "show", run_id, "--url", url, "--json").document
    assert document["run"]["run_id"] == run_id
    assert len(document["spans"]) == document["run"]["spans"] == 3


def test_an_unknown_run_is_named(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "show", "no/such run", "--url", url)
    assert answer.code == 3
    assert answer.err.startswith("error[not_found]: ")
    assert "no/such run" in answer.err
    assert answer.out == ""


def test_no_server_is_said_with_the_mend(quarterdeck: Callable[..., Any]) -> None:
    answer = quarterdeck("fleet", "--url", "http://127.0.0.1:9")
    assert answer.code == 3
    assert answer.err.startswith("error[unreachable]: no Quarterdeck server answers at http://127.0.0.1:9")
    assert "quarterdeck serve" in answer.err


def test_an_address_without_scheme_is_refused(quarterdeck: Callable[..., Any]) -> None:
    answer = quarterdeck("fleet", "--url", "localhost:4320")
    assert answer.code == 3
    assert "expected an address such as http://127.0.0.1:4320" in answer.err


def test_tail_needs_a_count_for_json(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("runs", "tail", "--url", url, "--json")
    assert answer.code == 3
    assert "--count" in answer.err


class Growing:
    """A list of runs that grows by one at each look."""

    def __init__(self) -> None:
        self.looks = 0

    def pages(self, *_: object, **__: object) -> list[dict[str, Any]]:
        self.looks += 1
        return [{"run_id": str(n)} for n in range(self.looks, 0, -1)]


def test_tail_gives_each_new_run_once_oldest_first() -> None:
    pauses: list[None] = []
    found = runs.new_runs(Growing(), [], pause=lambda: pauses.append(None))  # type: ignore[arg-type]
    assert [next(found)["run_id"] for _ in range(3)] == ["2", "3", "4"]
    assert len(pauses) == 2


def test_pages_follow_the_cursor_to_the_limit(url: str) -> None:
    with ApiClient(url, None) as client:
        assert len(list(client.pages("runs", [], limit=2))) == 2
        assert len(list(client.pages("runs", [], limit=700))) == 3


def test_fleet_speaks_in_words_then_by_cohort(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("fleet", "--url", url, "--since", "2025-10-01T00:00:00Z", "--by", "agent")
    assert answer.code == 0
    words, table = answer.out.split("\n\n", 1)
    assert words
    assert "too few to judge" in table
    assert "support" in table


def test_fleet_as_json(quarterdeck: Callable[..., Any], url: str) -> None:
    document = quarterdeck("fleet", "--url", url, "--since", "2025-10-01T00:00:00Z", "--json").document
    assert document["fleet"]["runs"] == 3
    assert sum(cohort["runs"] for cohort in document["cohorts"]) == 3


@pytest.mark.parametrize("by", ["", "agent,nonsense"])
def test_an_unknown_cohort_key_names_the_known_ones(quarterdeck: Callable[..., Any], url: str, by: str) -> None:
    answer = quarterdeck("fleet", "--url", url, "--by", by)
    assert answer.code == 3
    assert "agent_version" in answer.err
