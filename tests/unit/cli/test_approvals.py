"""`quarterdeck approvals` against a running API: what an agent asked is listed, shown and answered once."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

import quarterdeck as qd
from quarterdeck.model.estimates import Estimate, Spread


@pytest.fixture
def asked(url: str) -> str:
    """The id of a question that waits."""
    body = {"tool": "refund", "why": "over the ceiling", "arguments": "order W1", "agent": "support", "task_id": "t1",
            "quantity": "tokens_total", "ceiling": 100_000, "spent": 62_000}  # fmt: skip
    request = urllib.request.Request(
        f"{url}/api/v1/approvals", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["approval_id"])


def test_a_question_is_listed_shown_and_approved(quarterdeck: Callable[..., Any], url: str, asked: str) -> None:
    assert asked in quarterdeck("approvals", "list", "--state", "pending", "--url", url).out
    shown = quarterdeck("approvals", "show", asked, "--url", url).out
    assert "support asks to use refund: pending" in shown
    assert "spent 62,000 of 100,000 tokens_total" in shown
    decided = quarterdeck("approvals", "approve", asked, "--by", "ann", "--url", url, "--json").document
    assert (decided["state"], decided["by"], decided["reason"]) == ("approved", "ann", None)
    again = quarterdeck("approvals", "refuse", asked, "--by", "bob", "--reason", "no", "--url", url)
    assert (again.code, again.out) == (3, "")
    assert "was decided by ann already" in again.err


def test_a_refusal_says_why(quarterdeck: Callable[..., Any], url: str, asked: str) -> None:
    told = quarterdeck("approvals", "refuse", asked, "--by", "ann", "--reason", "wrong order", "--url", url).out
    assert "by ann: wrong order" in told
    listed = quarterdeck("approvals", "list", "--state", "refused", "--url", url, "--json").document
    assert asked in [one["approval_id"] for one in listed["items"]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("list", "--state", "open"), "state"),
        (("show", "nothing"), "no approval has the id 'nothing'"),
        (("refuse", "nothing", "--by", "ann"), "--reason"),
        (("approve", "nothing", "--by", "ann"), "no approval has the id"),
    ],
)
def test_what_cannot_be_is_named(quarterdeck: Callable[..., Any], url: str, words: tuple[str, ...], says: str) -> None:
    answer = quarterdeck("approvals", *words, "--url", url)
    assert (answer.code, answer.out) == (3, "")
    assert says in answer.err


def test_the_library_asks_a_person_answers_and_the_tool_may_be_used_once(
    quarterdeck: Callable[..., Any], url: str
) -> None:
    """The whole way: a budget withholds, the server keeps the question, the command line answers while the agent waits."""
    waiting: list[float] = []

    def person(seconds: float) -> None:
        waiting.append(seconds)
        found = quarterdeck("approvals", "list", "--state", "pending", "--url", url, "--json").document["items"]
        mine = next(one for one in found if one["task_id"] == "whole way")
        answer = ("approve", mine["approval_id"]) if mine["arguments"] == "to ann" else ("refuse", mine["approval_id"])
        why = () if answer[0] == "approve" else ("--reason", "not to bob")
        assert quarterdeck("approvals", *answer, "--by", "eve", *why, "--url", url).code == 0

    estimate = Estimate({"tokens_total": Spread(1, 2, 900, 4_000)}, "high", cold=False, basis=(), why="a test")
    budget = qd.TaskBudget(
        tokens_total=500, irreversible=["send"], estimate=estimate, task_id="whole way", agent="support",
        approve=qd.approvals(url, sleep=person),
    )  # fmt: skip
    assert budget.allows_tool("send", "to ann")
    assert not budget.allows_tool("send", "to bob")
    assert len(waiting) == 2
