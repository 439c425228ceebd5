"""`GET objectives`, and the concentration of `GET fleet`, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.observe.signals.objectives import BurnOptions, Objective

BURN = BurnOptions(
    runs_min=5,
    objectives=(
        Objective(name="spend", quantity="cost_usd", budget=0.001, match={"agent": "support"}),
        Objective(name="works", quantity="failing", target=0.5),
        Objective(name="liked", quantity="score:thumbs", target=0.9),
        Objective(name="elsewhere", quantity="cost_usd", budget=1, project="other"),
    ),
)


@pytest.fixture(params=["memory", "duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def filled(deck: Any, trace: Callable[..., Any]) -> Any:
    for n in range(1, 11):
        deck.take(trace(n, failed=n <= 3))
    return deck


def test_objectives_tell_spent_budget_burn_and_n(filled: Any) -> None:
    answer = filled.client(burn=BURN).get("/api/v1/objectives")
    assert answer.status_code == 200
    spend, works, liked = answer.json()["items"]
    assert (spend["name"], spend["unit"], spend["match"]) == ("spend", "US dollars", {"agent": "support"})
    assert spend["spent"]["n"] == 10
    assert spend["used"] == pytest.approx(spend["spent"]["value"] / 0.001)
    assert (spend["state"], spend["exhausted_in_s"]) == ("burning", 0)
    assert [(pair["long_s"], pair["short_s"]) for pair in spend["windows"]] == [
        (3_600, 300), (21_600, 1_800), (259_200, 21_600),
    ]  # fmt: skip
    assert (works["spent"]["value"], works["spent"]["n"], works["budget"]) == (pytest.approx(0.3), 10, 0.5)
    assert works["windows"][2]["long"]["value"] == pytest.approx(0.6)
    assert (works["windows"][2]["state"], works["state"]) == ("ok", "ok")
    assert (liked["state"], liked["spent"]["value"], liked["spent"]["reason"]) == (
        "insufficient", None, "no outcome came in this time",
    )  # fmt: skip


def test_a_project_sees_its_own_objectives_only(filled: Any) -> None:
    answer = filled.client(burn=BURN).get("/api/v1/objectives", params={"project": "other"}).json()
    assert [item["name"] for item in answer["items"]] == ["spend", "works", "liked", "elsewhere"]
    assert answer["items"][0]["spent"]["value"] == 0


def test_a_server_without_objectives_has_none(filled: Any) -> None:
    assert filled.client().get("/api/v1/objectives").json() == {"items": [], "next_cursor": None}


def test_the_fleet_says_how_concentrated_its_spending_is(filled: Any) -> None:
    found = filled.client().get("/api/v1/fleet").json()["concentration"]
    assert (found["tokens"]["cohorts"], found["tokens"]["of"], found["tokens"]["share_80"]) == (1, 1, 1.0)
    (top,) = found["tokens"]["top"]
    assert top == {"keys": {"agent": "support", "prompt_version": None, "model": "gpt-4o"}, "share": 1.0}
    assert found["cost_usd"]["cohorts"] == 1


def test_an_empty_fleet_has_no_concentration(deck: Any) -> None:
    assert deck.client().get("/api/v1/fleet").json()["concentration"] == {"tokens": None, "cost_usd": None}
