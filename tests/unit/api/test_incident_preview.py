"""What facts would be graded as: the same as when they are recorded, and nothing is kept of it."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from quarterdeck.api.routes.incident_preview import GradePreviewOut
from quarterdeck.observe.incidents import load_rubric
from quarterdeck.observe.incidents.desk import IncidentDesk
from quarterdeck.observe.incidents.options import IncidentOptions
from quarterdeck.store.memory.documents import MemoryDocumentStore

FACTS = {
    "title": "invented citations", "rate": {"events": 3, "trials": 200}, "traffic_per_day": 4_000.5,
    "harms": [{"type": "legal", "actual": True, "reversible": "no", "magnitude": "serious"}],
    "autonomy": "acted", "caught_by": "outsider", "undetected_hours": 30, "domain": "legal",
    "ongoing": True, "affected_users": 3, "confidence": "high",
}  # fmt: skip


@pytest.fixture(params=["memory"])
def engine(request: Any) -> Any:
    return request.param


@pytest.fixture
def client(deck: Any) -> Any:
    ids = count(1)
    desk = IncidentDesk(
        MemoryDocumentStore(), deck.store, rubric=load_rubric(), options=IncidentOptions(), clock=deck.clock,
        chance=lambda: f"i{next(ids)}",
    )  # fmt: skip
    return deck.client(incidents=desk)


def test_the_preview_is_the_grade_that_is_then_recorded(client: Any) -> None:
    previewed = client.request("POST", "/api/v1/incidents/grade", json={"facts": FACTS})
    assert previewed.status_code == 200, previewed.text
    found = GradePreviewOut.model_validate(previewed.json())
    assert client.request("GET", "/api/v1/incidents").json()["items"] == []
    opened = client.request("POST", "/api/v1/incidents", json={"title": "x", "by": "ann", "facts": FACTS}).json()
    grade = opened["grades"][0]
    assert (found.severity, found.rubric_version) == (grade["severity"], grade["rubric_version"])
    assert found.because == grade["because"]
    assert [one.code for one in found.clocks] == [one["code"] for one in opened["clocks"]]


def test_a_word_that_no_fact_takes_is_named(client: Any) -> None:
    refused = client.request("POST", "/api/v1/incidents/grade", json={"facts": FACTS | {"autonomy": "magic"}})
    assert refused.status_code in {400, 422}
    assert "autonomy" in refused.json()["detail"]
