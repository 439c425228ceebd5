"""The routes about privacy and the life of data, over a memory store with errands done at once."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.api.services import UpkeepServices
from quarterdeck.app.privacy import privacy_parts
from quarterdeck.observe.privacy import PrivacyOptions

from ..observe.upkeep.conftest import KEY, House, agent, call


@pytest.fixture
def house() -> House:
    found = House()
    found.send(agent(1, 1, session_id="s1", user_id="ada"), call(1, 2, 1))
    found.send(agent(2, 1, session_id="s/2", user_id="bob"), call(2, 2, 1))
    return found


@pytest.fixture
def client(deck: Any, house: House) -> Any:
    deck.store = house.store
    options = PrivacyOptions(patterns={"customer": r"C-\d+"}, names=("ssn",), capture="sampled", capture_share=0.25)
    tally = privacy_parts(options, KEY, CollectorRegistry()).tally
    upkeep = UpkeepServices(house.eraser, house.retainer, house.history, options, tally, house.tombstones.__len__)
    return deck.client(upkeep=upkeep)


def test_privacy_names_rules_and_shows_no_pattern(client: Any) -> None:
    found = client.get("/api/v1/privacy").json()
    assert found["own_rules"] == ["customer"]
    assert (found["own_names"], found["capture"], found["capture_share"], found["redacted"]) == (1, "sampled", 0.25, {})
    assert "C-" not in str(found)


def test_a_session_and_a_user_are_erased_once(client: Any, house: House) -> None:
    found = client.request("DELETE", "/api/v1/sessions/s%2F2")
    assert found.status_code == 200
    assert found.json() == {"kind": "session", "sessions": 1, "traces": 1, "runs": 1, "spans": 2, "bodies": 0}
    assert client.request("DELETE", "/api/v1/sessions/s%2F2").json()["code"] == "not_found"
    user = client.request("DELETE", f"/api/v1/users/{house.hash('ada')}").json()
    assert (user["kind"], user["spans"]) == ("user", 2)
    assert client.get("/api/v1/runs").json()["items"] == []
    assert client.get("/api/v1/privacy").json()["tombstones"] == 4


def test_another_project_is_out_of_reach(client: Any) -> None:
    assert client.request("DELETE", "/api/v1/sessions/s1?project=other").status_code == 404
    assert len(client.get("/api/v1/runs").json()["items"]) == 2


def test_retention_says_days_and_runs_on_demand(client: Any) -> None:
    found = client.get("/api/v1/retention").json()
    assert found["days"] == {"bodies": 30, "spans": 90, "runs": 400, "rollups": None}
    assert found["last_round_at"] is None
    dry = client.request("POST", "/api/v1/retention", json={"dry_run": True}).json()
    assert dry == {
        "dry_run": True,
        "removed": {"bodies": None, "spans": 0, "traces": 0, "runs": None, "rollups": None},
    }
    assert client.request("POST", "/api/v1/retention", json={}).json()["removed"]["spans"] == 0
    refused = client.request("POST", "/api/v1/retention", json={"dry": True})
    assert refused.json()["code"] == "bad_input"


def test_a_job_over_history_is_started_and_shown(client: Any, house: House) -> None:
    assert client.get("/api/v1/upkeep").json() == {"job": None}
    started = client.request("POST", "/api/v1/upkeep", json={"act": "remap"})
    assert started.json()["job"]["act"] == "remap"
    assert house.history.stop(60)
    job = client.get("/api/v1/upkeep").json()["job"]
    assert job["state"] in ("done", "stopped")
    assert client.request("POST", "/api/v1/upkeep", json={"act": "erase"}).status_code == 400


def test_an_export_has_pages_in_both_forms(client: Any) -> None:
    first = client.get("/api/v1/export?limit=3").json()
    rest = client.get(f"/api/v1/export?limit=3&cursor={first['next_cursor']}").json()
    assert (first["spans"], rest["spans"], rest["next_cursor"]) == (3, 1, None)
    ids = [
        span["spanId"]
        for page in (first, rest)
        for block in page["items"]
        for part in block["scopeSpans"]
        for span in part["spans"]
    ]
    assert len(ids) == 4
    spans = client.get("/api/v1/export?form=spans&limit=500").json()
    assert {span["session_id"] for span in spans["items"]} == {"s1", "s/2", None}
    assert client.get("/api/v1/export?form=csv").status_code == 400


def test_a_server_that_keeps_nothing_says_so(deck: Any) -> None:
    assert deck.client().get("/api/v1/privacy").json()["code"] == "not_found"
