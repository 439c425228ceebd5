"""The routes about incidents: a story from the alert to the close, and what is refused on the way."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from quarterdeck.api.routes.alerts import _ALERT
from quarterdeck.api.wire.incident import IncidentOut
from quarterdeck.observe.incidents import load_rubric
from quarterdeck.observe.incidents.desk import IncidentDesk
from quarterdeck.observe.incidents.options import IncidentOptions
from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.memory.documents import MemoryDocumentStore

URL = "/api/v1/incidents"
FACTS = {
    "harms": [{"type": "privacy", "actual": True, "reversible": "no", "magnitude": "serious"}],
    "autonomy": "acted", "caught_by": "outsider", "undetected_hours": 30, "domain": "general",
    "ongoing": True, "affected_users": 900, "confidence": "high",
}  # fmt: skip
MILD = FACTS | {"harms": [{"type": "quality", "actual": True, "reversible": "yes", "magnitude": "minor"}]}


@pytest.fixture(params=["memory", "duckdb"])
def engine(request: Any) -> Any:
    return request.param


@pytest.fixture
def documents() -> MemoryDocumentStore:
    return MemoryDocumentStore()


@pytest.fixture
def client(deck: Any, documents: MemoryDocumentStore, trace: Callable[..., Any]) -> Any:
    """Ten runs of five sessions, three failing; two alerts of one signature, one of them about a tool."""
    for number in range(1, 11):
        deck.take(trace(number, failed=number <= 3, session=f"s{(number + 1) // 2}"))
    opened_ns = deck.clock.now_ns() - 1_800 * 10**9
    alert = replace(_ALERT, where=(("agent", "support"),), findings=(), opened_ns=opened_ns)
    other = replace(alert, alert_id="a2", where=(("agent", "support"), ("tool", "lookup")))
    alerts, ids = MemoryAlertStore(), count(1)
    alerts.put_alerts([alert, other])
    desk = IncidentDesk(
        documents,
        deck.store,
        rubric=load_rubric(),
        options=IncidentOptions(affected_runs_max=10),
        clock=deck.clock,
        chance=lambda: f"i{next(ids)}",
    )
    return deck.client(incidents=desk, alerts=alerts)


def send(client: Any, path: str = "", **body: Any) -> Any:
    return client.request("POST", f"{URL}{path}", json={"by": "ann"} | body)


def post(client: Any, path: str = "", **body: Any) -> dict[str, Any]:
    answer = send(client, path, **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert IncidentOut.model_validate(found).model_dump(by_alias=True) == found
    return found


def from_alert(client: Any, **body: Any) -> dict[str, Any]:
    return post(client, alert_id=_ALERT.alert_id, **body)


def test_an_alert_brings_slice_window_exposure_fields_and_the_rate_to_grade_by(client: Any) -> None:
    found = from_alert(client, facts=FACTS)
    assert (found["title"], found["where"]) == (_ALERT.title, {"agent": "support"})
    assert found["window"] == {"from": "2026-11-24T06:30:00.000000Z", "to": None}
    exposure = found["exposure"]
    assert (exposure["runs"], exposure["sessions"], exposure["users"], exposure["tenants"]) == (10, 5, 0, 0)
    assert exposure["failing"]["value"] == 0.3
    assert (exposure["failing"]["n"], exposure["per_day"]) == (10, 480.0)
    assert found["facts"]["rate"] == {"events": 3, "trials": 10}
    assert found["facts"]["traffic_per_day"] == 480.0
    assert found["replay_plan"] == {"rate": 0.3, "n": 9, "done": 0, "seen": 0}
    assert found["fields"]["model_route"] == {
        "value": "provider openai 100 % of 10 runs; model gpt-4o 100 % of 10 runs", "source": "runs", "by": "ann",
    }  # fmt: skip
    assert "judge_configuration" not in found["fields"]
    assert "the field judge configuration" in found["to_close"]
    assert found["grades"][0]["recomputes"] is True
    assert [clock["code"] for clock in found["clocks"]] == ["gdpr_33"]
    assert found["clocks"][0]["started_at"] is None


def finish(client: Any, where: str) -> None:
    fields = ("prompt_revision", "judge_configuration", "retrieval_index_state", "tool_schema_versions", "traffic_mix")
    for name in fields:
        post(client, f"{where}/fields", name=name, value="no such part here", source="not_applicable")
    for step in ("retrieval", "generation", "routing", "upstream"):
        post(client, f"{where}/triage", step=step, finding="ruled_out", evidence="looked at ten runs")
    post(
        client, f"{where}/cause", kind="distributional", text="prompt v7 and short contexts", confidence="medium",
        rate={"events": 3, "trials": 10}, factors=["prompt v7", "short contexts"],
    )  # fmt: skip
    post(client, f"{where}/actions", text="roll back", owner="bob", due="2026-11-25T00:00:00Z")


def test_the_story_from_alert_to_close(client: Any, deck: Any, problem: Callable[..., Any]) -> None:
    where = "/" + from_alert(client, facts=FACTS)["incident_id"]
    refused = problem(send(client, f"{where}/close"), 409, "incident_incomplete")["detail"]
    assert "a root cause" in refused
    assert "the triage step routing" in refused
    finish(client, where)
    started = post(client, f"{where}/clocks/gdpr_33", do="start", at="-2h")
    (clock,) = started["clocks"]
    assert (clock["due_at"], clock["left_hours"]) == ("2026-11-27T05:00:00.000000Z", 70.0)
    assert "GDPR" in problem(send(client, f"{where}/close"), 409, "incident_incomplete")["detail"]
    stopped = post(client, f"{where}/clocks/gdpr_33", do="stop", note="reported to the authority")
    assert (stopped["clocks"][0]["left_hours"], stopped["to_close"]) == (None, [])
    assert post(client, f"{where}/contain", how="rolled back to v6")["state"] == "contained"
    (action,) = stopped["actions"]
    deck.clock.advance(60)
    assert post(client, f"{where}/actions/{action['action_id']}/done")["actions"][0]["done_at"] is not None
    closed = post(client, f"{where}/close")
    assert (closed["state"], closed["to_close"], closed["severity"]) == ("closed", [], 0)
    assert closed["window"]["to"] == "2026-11-24T07:00:00.000000Z"
    assert "closed" in problem(send(client, f"{where}/note", text="more"), 400, "bad_input")["detail"]
    assert "closed already" in problem(send(client, f"{where}/close"), 400, "bad_input")["detail"]
    checked = client.get(f"{URL}/verify").json()
    assert (checked["broken"], checked["records"]) == (None, 17)


def test_a_milder_grade_has_its_price(client: Any, problem: Callable[..., Any]) -> None:
    where = "/" + from_alert(client, facts=FACTS)["incident_id"]
    milder = {"facts": MILD}
    problem(send(client, f"{where}/grade", **milder), 409, "downgrade_refused")
    problem(send(client, f"{where}/grade", **milder, approver="eve"), 409, "downgrade_refused")
    few = {"events": 0, "trials": 8}
    said = problem(send(client, f"{where}/grade", **milder, approver="eve", replays=few), 409, "downgrade_refused")
    assert said["mend"] == "replay 9 times"
    found = post(client, f"{where}/grade", **milder, approver="eve", replays={"events": 0, "trials": 9})
    assert [one["severity"] for one in found["grades"]] == [0, 3]
    assert (found["grades"][1]["approver"], found["severity"]) == ("eve", 3)


def test_not_reproduced_takes_the_replays_that_the_rate_demands(client: Any, problem: Callable[..., Any]) -> None:
    where = "/" + from_alert(client, facts=FACTS)["incident_id"]
    finish(client, where)
    post(client, f"{where}/replays", events=0, trials=8)
    refused = send(client, f"{where}/close", not_reproduced=True)
    assert "9 replays, 8 were made" in problem(refused, 409, "incident_incomplete")["detail"]
    assert post(client, f"{where}/replays", events=0, trials=1)["replay_plan"]["done"] == 9
    assert post(client, f"{where}/close", not_reproduced=True)["timeline"][-1]["words"] == "not reproduced"


def test_what_was_seen_in_replays_was_reproduced(client: Any, problem: Callable[..., Any]) -> None:
    where = "/" + from_alert(client, facts=FACTS)["incident_id"]
    finish(client, where)
    post(client, f"{where}/replays", events=1, trials=500)
    refused = send(client, f"{where}/close", not_reproduced=True)
    assert "seen in 1 of 500 replays" in problem(refused, 409, "incident_incomplete")["detail"]


def test_the_second_of_a_signature_takes_a_structural_review(
    client: Any, deck: Any, problem: Callable[..., Any]
) -> None:
    first = from_alert(client, facts=FACTS)
    assert first["review_required"] is None
    assert "no structural review" in problem(send(client, "/i1/review", text="x"), 400, "bad_input")["detail"]
    deck.clock.advance(89 * 86_400)
    second = from_alert(client, facts=FACTS)
    assert second["review_required"]["earlier"] == ["i1"]
    finish(client, "/i2")
    assert "a structural review" in problem(send(client, "/i2/close"), 409, "incident_incomplete")["detail"]
    assert post(client, "/i2/review", text="prompts ship without a canary")["review_required"]["found"]
    deck.clock.advance(91 * 86_400)
    assert from_alert(client, facts=FACTS)["review_required"] is None


def test_who_was_affected_as_lines_and_as_csv(client: Any, problem: Callable[..., Any]) -> None:
    from_alert(client)
    answer = client.get(f"{URL}/i1/affected")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [(row["session"], row["runs"], row["failing"]) for row in rows] == [
        ("s1", 2, 2), ("s2", 2, 1), ("s3", 2, 0), ("s4", 2, 0), ("s5", 2, 0),
    ]  # fmt: skip
    table = list(csv.DictReader(client.get(f"{URL}/i1/affected", params={"format": "csv"}).text.splitlines()))
    assert [row["session"] for row in table] == ["s1", "s2", "s3", "s4", "s5"]
    assert table[0]["tenant"] == ""
    post(client, title="by hand")
    assert "no window" in problem(client.get(f"{URL}/i2/affected"), 400, "bad_input")["detail"]


def test_a_list_of_too_many_is_refused(client: Any, deck: Any, trace: Any, problem: Callable[..., Any]) -> None:
    from_alert(client)
    deck.take(trace(11))
    assert "11 runs" in problem(client.get(f"{URL}/i1/affected"), 413, "too_large")["detail"]


def test_what_cannot_be_counted_is_said(client: Any) -> None:
    words = [one["words"] for one in post(client, alert_id="a2")["timeline"] if one["what"] == "exposure"]
    assert "counted without tool" in words[0]


def test_counting_again_leaves_what_was_typed(client: Any, deck: Any, trace: Any) -> None:
    from_alert(client)
    post(client, "/i1/fields", name="model_route", value="the fallback", source="typed")
    deck.take(trace(11))
    found = post(client, "/i1/measure")
    assert (found["exposure"]["runs"], found["fields"]["model_route"]["value"]) == (11, "the fallback")


def test_lists_by_state_and_severity(client: Any) -> None:
    from_alert(client, facts=FACTS)
    post(client, title="two", facts=MILD)
    post(client, title="three")
    post(client, "/i3/contain", how="switched off")

    def ids(**query: Any) -> list[str]:
        return [one["incident_id"] for one in client.get(URL, params=query).json()["items"]]

    assert sorted(ids()) == ["i1", "i2", "i3"]
    assert (ids(state="contained"), ids(severity=0), ids(severity=[1, 3])) == (["i3"], ["i1"], ["i2"])
    page = client.get(URL, params={"limit": 1, "severity": 0}).json()
    assert [one["incident_id"] for one in page["items"]] == ["i1"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("", {}, "takes a title"),
        ("", {"title": "x", "facts": {"harms": []}}, "harms takes a list"),
        ("", {"title": "x", "since": "-1h", "until": "-2h"}, "since takes a time before until"),
        ("", {"title": "x", "colour": "red"}, "colour"),
        ("/i1/fields", {"name": "mood", "value": "x"}, "name"),
        ("/i1/cause", {"kind": "distributional", "text": "x"}, "takes a rate"),
        ("/i1/clocks/gdpr_99", {"do": "start"}, "gdpr_33"),
        ("/i1/clocks/gdpr_33", {"do": "start", "at": "2030-01-01T00:00:00Z"}, "not in the future"),
        ("/i1/replays", {"events": 3, "trials": 2}, "events <= trials"),
        ("/i1/alerts", {"alert_id": _ALERT.alert_id}, "part of the incident already"),
        ("/i1/measure", {"by": ""}, "by"),
    ],
)
def test_bad_input_is_told(client: Any, problem: Callable[..., Any], path: str, body: dict, words: str) -> None:
    from_alert(client)
    assert words in problem(send(client, path, **body), 400, "bad_input")["detail"]


def test_what_is_not_there_is_not_found(client: Any, deck: Any, problem: Callable[..., Any]) -> None:
    from_alert(client)
    problem(client.get(f"{URL}/nope"), 404, "not_found")
    problem(send(client, alert_id="nope"), 404, "not_found")
    problem(send(client, "/i1/alerts", alert_id="nope"), 404, "not_found")
    problem(send(client, "/i1/actions/nope/done"), 404, "not_found")
    problem(send(client, "/i1/clocks/gdpr_33", do="stop", note="x"), 404, "not_found")
    problem(client.get(f"{URL}/i1", params={"project": "other"}), 404, "not_found")
    problem(deck.client().get(URL), 404, "not_found")
    assert post(client, "/i1/alerts", alert_id="a2")["alert_ids"] == [_ALERT.alert_id, "a2"]


def test_a_changed_document_is_found(client: Any, documents: MemoryDocumentStore) -> None:
    from_alert(client, facts=FACTS)
    kept = documents.get_document("default", "incident", "i1")
    documents.put_documents([kept._replace(body={**kept.body, "title": "nothing much"})])
    broken = client.get(f"{URL}/verify").json()["broken"]
    assert (broken["seq"], broken["because"]) == (1, "the incident i1 is not what its last record left")
    documents.put_documents([kept, kept._replace(id="i9")])
    assert client.get(f"{URL}/verify").json()["broken"]["because"] == "no record tells of the incident i9"
    documents.drop_documents("default", "incident", ["i1", "i9"])
    assert client.get(f"{URL}/verify").json()["broken"]["because"] == "the incident i1 is gone"
