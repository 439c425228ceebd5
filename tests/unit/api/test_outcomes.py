"""Outcomes over HTTP: posted, listed, beside their run, summed up."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.observe.outcomes import NameBook, OutcomeDesk, OutcomeGauges, OutcomeOptions

SECOND = 10**9


def at_once(act: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(act(None))
    return future


@pytest.fixture(params=["memory", "duckdb"])
def engine(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def client(deck: Any) -> Any:
    desk = OutcomeDesk(
        deck.store, at_once, NameBook(deck.store, OutcomeOptions()),
        options=OutcomeOptions(), clock=deck.clock, gauges=OutcomeGauges(CollectorRegistry()),
    )  # fmt: skip
    return deck.client(outcomes=desk)


def post(client: Any, *items: Any, **parameters: str) -> Any:
    return client.request("POST", "/api/v1/outcomes", json={"items": list(items)}, params=parameters)


def test_what_is_posted_stands_beside_the_run(client: Any, deck: Any, trace: Any) -> None:
    (run_id,) = deck.take(trace(1))
    found = post(
        client,
        {"run_id": run_id, "name": "thumbs", "score": 0.0, "at": "2026-11-24T06:59:30Z", "comment": "wrong order"},
        {"run_id": "later", "name": "thumbs", "score": 1},
        {"run_id": run_id, "name": "thumbs", "score": "bad"},
        {"run_id": run_id, "name": "stars", "score": 4},
    )
    assert found.status_code == 200
    assert found.json() == {
        "accepted": 3,
        "unknown_runs": 1,
        "rejected": [{"index": 2, "reason": "score: found 'bad', expected a number from 0 to 1"}],
        "noted": [{"index": 3, "reason": "score 4 is outside 0 to 1 and was kept as a label"}],
    }
    first, second = client.get(f"/api/v1/runs/{run_id}").json()["outcomes"]
    assert first == {
        "run_id": run_id,
        "name": "thumbs",
        "score": 0.0,
        "label": None,
        "at": "2026-11-24T06:59:30.000000Z",
        "received_at": "2026-11-24T07:00:00.000000Z",
        "source": "api",
        "comment": "wrong order",
    }
    assert (second["score"], second["label"]) == (None, "4")
    assert client.get("/api/v1/outcomes", params={"run_id": "later"}).json()["items"][0]["score"] == 1.0


def test_outcomes_are_of_their_project(client: Any) -> None:
    post(client, {"run_id": "r", "name": "thumbs", "score": 1}, project="other")
    assert client.get("/api/v1/outcomes", params={"run_id": "r"}).json()["items"] == []
    assert len(client.get("/api/v1/outcomes", params={"run_id": "r", "project": "other"}).json()["items"]) == 1


def test_the_summary_says_how_many_have_it_and_how_late_it_comes(client: Any, deck: Any, trace: Any) -> None:
    runs = [deck.take(trace(number))[0] for number in (1, 2)]
    post(client, {"run_id": runs[0], "name": "thumbs", "score": 0.5})
    found = client.get("/api/v1/outcomes/summary").json()
    assert (found["runs"], found["since"], found["until"]) == (
        2, "2026-11-17T07:00:00.000000Z", "2026-11-24T07:00:00.000000Z",
    )  # fmt: skip
    (row,) = found["items"]
    ended_s = deck.store.get_run("default", runs[0]).ended_at_ns / SECOND
    assert (row["name"], row["n"], row["scored"], row["mean"]) == ("thumbs", 1, 1, 0.5)
    assert (row["share"]["value"], row["share"]["n"]) == (0.5, 2)
    assert row["delay_s_p50"] == row["delay_s_p90"] == pytest.approx(deck.clock.now_ns() / SECOND - ended_s)
    assert client.get("/api/v1/outcomes/summary", params={"until": "-1d"}).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "items"),
        ({"items": [1] * 501}, "500"),
        ({"items": [], "more": 1}, "more"),
        ({"items": "r1"}, "items"),
    ],
)
def test_a_post_of_another_shape_is_refused(client: Any, problem: Any, body: Any, words: str) -> None:
    answer = client.request("POST", "/api/v1/outcomes", json=body)
    assert words in problem(answer, 400, "bad_input")["detail"]


def test_a_server_that_takes_none_says_so(deck: Any, problem: Any) -> None:
    problem(post(deck.client(), {"run_id": "r", "name": "thumbs", "score": 1}), 404, "not_found")


def test_all_outcomes_of_a_project_come_page_by_page(client: Any, problem: Any) -> None:
    post(client, *({"run_id": f"r{n}", "name": "thumbs", "score": 1} for n in range(5)))
    post(client, *({"run_id": f"o{n}", "name": "thumbs", "score": 1} for n in range(5)), project="other")
    post(client, {"run_id": "r9", "name": "thumbs", "score": 1})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/api/v1/outcomes", params={"limit": 2, **cursor}).json()
        seen += [item["run_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["r0", "r1", "r2", "r3", "r4", "r9"]
    problem(client.get("/api/v1/outcomes", params={"cursor": "x"}), 400, "bad_input")
