"""`POST rules/try`: the patrol over stored runs, under the rules in force or others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(params=["memory", "duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def filled(deck: Any, trace: Callable[..., Any]) -> Any:
    for n in range(1, 41):
        deck.take(trace(n, failed=n > 35))
    return deck


def test_stored_runs_are_tried_and_nothing_changes(filled: Any) -> None:
    client = filled.client()
    answer = client.request("POST", "/api/v1/rules/try", json={})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["runs"], found["deploys"], found["truncated"]) == (40, 0, False)
    assert found["cohort_by"] == ["agent", "environment"]
    assert found["promise"]["alarms_per_month"] == 1
    assert {stream["lane"] for stream in found["streams"]} == {"pooled", "cohort"}
    failing = next(one for one in found["streams"] if (one["signal"], one["lane"]) == ("failing", "pooled"))
    assert failing["runs"] == 40
    assert client.request("POST", "/api/v1/rules/try", json={}).json()["streams"] == found["streams"]


def test_other_rules_are_tried_by_naming_them(filled: Any) -> None:
    asked = {"alarms_per_month": 1_000, "tolerance": 0, "cohort_by": ["model"], "warmup_runs": 5, "since": "-2h"}
    found = filled.client().request("POST", "/api/v1/rules/try", json=asked).json()
    assert (found["tolerance"], found["cohort_by"], found["promise"]["alarms_per_month"]) == (0, ["model"], 1_000)
    assert any("model" in stream["cohort"] for stream in found["streams"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cohort_by": ["colour"]}, "cohort_by takes names of agent"),
        ({"alarms_per_month": 0}, "greater than 0"),
        ({"alarm": 1}, "alarm"),
        ({"since": "yesterday"}, "since"),
    ],
)
def test_what_cannot_be_tried_is_refused(filled: Any, asked: dict[str, Any], words: str) -> None:
    answer = filled.client().request("POST", "/api/v1/rules/try", json=asked)
    assert answer.status_code == 400
    assert words in answer.text
