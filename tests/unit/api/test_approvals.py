"""The routes about approvals: asking, listing, one answer, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.api.options import ApiOptions
from quarterdeck.store.memory import MemoryApprovalStore

ASK = {"tool": "refund", "why": "over the ceiling", "task_id": "t1", "quantity": "tokens_total", "q90": 140_000.0}
URL = "/api/v1/approvals"


@pytest.fixture
def client(deck: Any) -> Any:
    options = ApiOptions(approvals_pending_max=3, approvals_keep_days=1.0)
    return deck.client(approvals=MemoryApprovalStore(), options=options)


def ask(client: Any, **changes: Any) -> dict[str, Any]:
    answer = client.request("POST", URL, json=ASK | changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(client: Any, approval_id: str, **body: Any) -> Any:
    return client.request("POST", f"{URL}/{approval_id}/decide", json={"decision": "approve", "by": "ann"} | body)


def test_a_question_waits_is_answered_and_stays_answered(client: Any, problem: Callable[..., Any]) -> None:
    asked = ask(client)
    assert (asked["state"], asked["q90"], asked["ceiling"], asked["by"]) == ("pending", 140_000.0, None, None)
    assert asked["expires_at"] == "2026-11-24T07:15:00.000000Z"
    decided = decide(client, asked["approval_id"], reason="fine").json()
    assert (decided["state"], decided["by"], decided["reason"]) == ("approved", "ann", "fine")
    assert client.get(f"{URL}/{asked['approval_id']}").json() == decided
    again = decide(client, asked["approval_id"], decision="refuse", reason="no")
    assert "decided by ann" in problem(again, 409, "already_decided")["detail"]


def test_nobody_answers_in_time(client: Any, deck: Any, problem: Callable[..., Any]) -> None:
    asked = ask(client, wait_s=5)
    deck.clock.advance(5)
    assert client.get(f"{URL}/{asked['approval_id']}").json()["state"] == "expired"
    assert "expired before" in problem(decide(client, asked["approval_id"]), 409, "already_decided")["detail"]


def test_a_question_with_a_key_is_asked_once(client: Any) -> None:
    first, second, other = ask(client, key="k"), ask(client, key="k"), ask(client, key="l")
    assert first == second != other
    assert client.get(URL).json()["pending_n"] == 2


def test_a_project_sees_its_own(client: Any, problem: Callable[..., Any]) -> None:
    asked = ask(client)
    assert client.get(URL, params={"project": "other"}).json() == {"items": [], "next_cursor": None, "pending_n": 0}
    problem(client.get(f"{URL}/{asked['approval_id']}", params={"project": "other"}), 404, "not_found")


def test_lists_by_state(client: Any) -> None:
    first, second = ask(client)["approval_id"], ask(client)["approval_id"]
    decide(client, first)
    listed = client.get(URL, params={"state": ["pending"]}).json()
    assert ([one["approval_id"] for one in listed["items"]], listed["pending_n"]) == ([second], 1)


def test_the_queue_is_bounded_and_old_answers_go(client: Any, deck: Any, problem: Callable[..., Any]) -> None:
    first = ask(client)["approval_id"]
    ask(client)
    ask(client)
    problem(client.request("POST", URL, json=ASK), 503, "overloaded")
    deck.clock.advance(86_400 + 901)
    ask(client)
    problem(client.get(f"{URL}/{first}"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "says"),
    [({"tool": ""}, "tool"), ({"tool": "  "}, "tool"), ({"why": "x" * 2_001}, "why"), ({"wait_s": 0}, "wait_s"),
     ({"wait_s": 1e9}, "wait_s"), ({"quantity": "apples"}, "quantity"), ({"spent": -1}, "spent"), ({"tol": "x"}, "tol")],
)  # fmt: skip
def test_a_question_that_cannot_be_says_why(
    client: Any, problem: Callable[..., Any], body: dict[str, Any], says: str
) -> None:
    assert says in problem(client.request("POST", URL, json=ASK | body), 400, "bad_input")["detail"]


@pytest.mark.parametrize(
    ("body", "says"),
    [({"decision": "maybe"}, "decision"), ({"by": ""}, "by"), ({"by": "  "}, "by"),
     ({"decision": "refuse"}, "reason"), ({"decision": "refuse", "reason": " "}, "reason")],
)  # fmt: skip
def test_an_answer_that_cannot_be_says_why(
    client: Any, problem: Callable[..., Any], body: dict[str, Any], says: str
) -> None:
    asked = ask(client)
    assert says in problem(decide(client, asked["approval_id"], **body), 400, "bad_input")["detail"]
    assert client.get(f"{URL}/{asked['approval_id']}").json()["state"] == "pending"


def test_a_server_without_a_queue_says_so(deck: Any, problem: Callable[..., Any]) -> None:
    client = deck.client()
    problem(client.get(URL), 404, "not_found")
    problem(client.request("POST", URL, json=ASK), 404, "not_found")
    problem(decide(client, "a"), 404, "not_found")
