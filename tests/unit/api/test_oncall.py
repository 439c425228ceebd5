"""The routes of on call over a real watch: how alerts stand, choices with prices, closing and taking back, mutes, forecasts, handover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.api.routes.alerts import _ALERT
from quarterdeck.app.watch import patrols
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.probes import Pair, Probe
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.signals import SignalsOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.memory.documents import MemoryDocumentStore

MINUTE, HOUR, DAY = 60 * 10**9, 3_600 * 10**9, 86_400 * 10**9
SWING = {"as": "normal_swing", "reason": "the weekly batch import runs on Tuesdays", "by": "ann"}


class FixedProbes:
    """Probes that came to a verdict; only what closing reads of them."""

    def __init__(self, *probes: Probe) -> None:
        self._probes = probes

    def get(self, _project: str, probe_id: str) -> Probe:
        return next(one for one in self._probes if one.probe_id == probe_id)

    def listed(self, _project: str, alert_id: str | None, **_: Any) -> tuple[list[Probe], None]:
        return [one for one in self._probes if one.alert_id == alert_id], None


def alert(number: int, **changes: Any) -> Alert:
    opened_ns = _ALERT.opened_ns + number * MINUTE
    events = (*_ALERT.events, AlertEvent(_ALERT.updated_ns, changes.pop("decided", "paged"), "as the rules say"))
    values = {"signature": f"s{number}", "opened_ns": opened_ns, "events": events} | changes
    return replace(_ALERT, alert_id=f"a{number}", **values)


@pytest.fixture
def alerts() -> MemoryAlertStore:
    """Firing: one that paged, one that waited, one of policy; one pending; one of another project."""
    store = MemoryAlertStore()
    guarded = replace(_ALERT.findings[0], signal="guardrail")
    store.put_alerts([alert(1), alert(2, decided="batched"), alert(3, decided="batched", findings=(guarded,))])
    store.put_alerts([alert(5, project="other")])
    return store


@pytest.fixture
def client(deck: Any, alerts: MemoryAlertStore) -> Any:
    watch = Watch(
        feed=deck.store,
        alerts=alerts,
        patrols=patrols(SignalsOptions()),
        live=LiveRules(),
        objectives=Objectives(),
        options=WatchOptions(),
        alert_options=AlertOptions(),
        gauges=WatchGauges(CollectorRegistry()),
        clock=deck.clock,
        log=structlog.get_logger(),
        desk=MemoryDocumentStore(),
    )
    watch.tick(deck.clock.now_ns())
    alerts.put_alerts([alert(4, state="pending", decided="pending", fired_ns=None)])
    probe = Probe("default", "p1", "a1", "t", "ann", 1, pairs=(Pair(True, True),) * 9, state="done")
    probes = FixedProbes(
        replace(probe, verdict="wobble", ended_ns=deck.clock.now_ns() + DAY), replace(probe, probe_id="p2")
    )
    return deck.client(watch=watch, alerts=alerts, probes=probes)


def post(client: Any, path: str, body: dict[str, Any] | None = None) -> Any:
    return client.request("POST", f"/api/v1/{path}", json=body)


def get(client: Any, path: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_alert_says_how_it_stands(client: Any) -> None:
    found = get(client, "alerts/a1")
    assert found["class"] == "capability"
    assert found["paging"] == {"what": "page", "reason": "as the rules say", "defect": False}
    assert found["first_action"]["text"].startswith("Probe the worst run on v7 and v6")
    assert found["suspect"] == "the prompt (v6 to v7)"
    assert (found["before"], found["muted_by"], found["snoozed_until"], found["disposition"]) == ([], None, None, None)


def test_urgency_puts_pages_first_then_the_class_then_who_waits(client: Any, problem: Callable[..., Any]) -> None:
    found = get(client, "alerts", order="urgency")
    assert [one["alert_id"] for one in found["items"]] == ["a1", "a3", "a2", "a4"]
    assert found["next_cursor"] is None
    assert [one["alert_id"] for one in get(client, "alerts", order="urgency", limit=1)["items"]] == ["a1"]
    assert [one["alert_id"] for one in get(client, "alerts")["items"]] == ["a4", "a3", "a2", "a1"]
    refused = client.get("/api/v1/alerts", params={"order": "urgency", "cursor": "x"})
    assert "cursor" in problem(refused, 400, "bad_input")["detail"]


def test_choices_have_prices_and_say_why_not(client: Any, problem: Callable[..., Any]) -> None:
    found = {one["kind"]: one for one in get(client, "alerts/a2/choices")["items"]}
    assert list(found) == ["normal_swing", "accepted_change", "duplicate", "harmless", "wobble", "fixed"]
    assert "is not looked for" in found["normal_swing"]["price"]
    assert (found["wobble"]["allowed"], found["wobble"]["code"]) == (False, "bad_input")
    probed = {one["kind"]: one for one in get(client, "alerts/a1/choices")["items"]}
    assert probed["wobble"]["allowed"]
    problem(client.get("/api/v1/alerts/a9/choices"), 404, "not_found")
    problem(client.get("/api/v1/alerts/a5/choices"), 404, "not_found")


def test_closing_states_a_disposition_that_can_be_taken_back(client: Any, problem: Callable[..., Any]) -> None:
    closed = post(client, "alerts/a1/close", SWING)
    assert closed.status_code == 200, closed.text
    found = closed.json()
    assert (found["state"], found["resolution"]) == ("resolved", SWING["reason"])
    stands = found["disposition"]
    assert (stands["kind"], stands["by"], stands["evidence"]["n"], stands["ended_at"]) == (
        "normal_swing",
        "ann",
        212,
        None,
    )
    assert stands["tolerance"] > 0
    assert [one["alert_id"] for one in get(client, "dispositions", state="standing")["items"]] == ["a1"]
    assert get(client, "dispositions", alert_id="a2")["items"] == []
    assert "disposition already" in problem(post(client, "alerts/a1/close", SWING), 400, "bad_input")["detail"]

    opened = post(client, "alerts/a1/reopen", {"by": "bob", "reason": "it was the prompt after all"}).json()
    assert (opened["state"], opened["disposition"]) == ("firing", None)
    assert [(one["kind"], one["refuted"]) for one in opened["before"]] == [("normal_swing", False)]
    assert get(client, "dispositions", state="standing")["items"] == []
    assert get(client, "dispositions")["items"][0]["ended_because"] == "undone: it was the prompt after all"


def test_the_second_dismissal_needs_an_investigation(client: Any, problem: Callable[..., Any]) -> None:
    assert post(client, "alerts/a1/close", SWING).status_code == 200
    assert post(client, "alerts/a1/reopen", {"by": "bob", "reason": "it was the prompt after all"}).status_code == 200
    refused = problem(post(client, "alerts/a1/close", SWING), 409, "investigation_required")
    assert "probe the worst run" in refused["mend"]
    invented = post(client, "alerts/a1/close", SWING | {"incident_id": "made-up"})
    assert invented.status_code in (400, 404), "an incident that is not there is no investigation"
    assert post(client, "alerts/a1/close", SWING | {"probe_id": "p1"}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"as": None}, "normal_swing: For 7 days a change"),
        ({"as": "weird"}, "as"),
        ({"reason": "the model was weird"}, "says only that the model was odd"),
        ({"reason": ""}, "reason"),
        ({"by": " "}, "by takes the name"),
        ({"days": 31}, "days"),
        ({"as": "duplicate"}, "the id of the other alert"),
        ({"as": "duplicate", "other_alert_id": "a9"}, "other_alert_id: no alert has the id 'a9'"),
        ({"as": "harmless"}, "an approver"),
        ({"as": "wobble"}, "a probe whose verdict is wobble"),
        ({"as": "wobble", "probe_id": "p2"}, "p2 has no verdict yet"),
        ({"who": "me"}, "who"),
    ],
)
def test_what_is_no_disposition_is_refused(
    client: Any, problem: Callable[..., Any], changed: dict[str, Any], says: str
) -> None:
    assert says in problem(post(client, "alerts/a1/close", SWING | changed), 400, "bad_input")["detail"]
    assert get(client, "alerts/a1")["state"] == "firing"


def test_another_alerts_probe_is_no_evidence(client: Any, problem: Callable[..., Any]) -> None:
    asked = SWING | {"as": "wobble", "probe_id": "p1"}
    assert "of another alert" in problem(post(client, "alerts/a2/close", asked), 400, "bad_input")["detail"]
    assert post(client, "alerts/a1/close", asked).json()["disposition"]["probe_id"] == "p1"


def test_an_alert_sleeps_and_is_woken(client: Any, problem: Callable[..., Any]) -> None:
    assert post(client, "alerts/a1/snooze", {"by": "ann"}).json()["snoozed_until"] == "2026-12-08T07:00:00.000000Z"
    assert post(client, "alerts/a1/wake", {"by": "ann"}).json()["snoozed_until"] is None
    problem(post(client, "alerts/a1/wake", {"by": "ann"}), 404, "not_found")
    problem(post(client, "alerts/a3/snooze", {"by": "ann"}), 400, "bad_input")


def test_a_mute_has_an_owner_and_an_end(client: Any, problem: Callable[..., Any]) -> None:
    asked = {"signal": "failing", "where": {"agent": "support-agent"}, "owner": "ann", "hours": 8}
    made = post(client, "mutes", asked | {"reason": "the provider migrates tonight"})
    assert made.status_code == 200, made.text
    mute = made.json()
    assert (mute["where"], mute["until"], mute["held"]) == (
        {"agent": "support-agent"},
        "2026-11-24T15:00:00.000000Z",
        0,
    )
    assert get(client, "alerts/a1")["muted_by"] == mute["mute_id"]
    assert get(client, "alerts/a3")["muted_by"] is None
    assert [one["mute_id"] for one in get(client, "mutes")["items"]] == [mute["mute_id"]]
    over = post(client, f"mutes/{mute['mute_id']}/end", {"by": "bob"}).json()
    assert over["ended_because"] == "ended by bob"
    problem(post(client, f"mutes/{mute['mute_id']}/end", {"by": "bob"}), 400, "bad_input")
    problem(post(client, "mutes/nothing/end", {"by": "bob"}), 404, "not_found")


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"hours": 73}, "72"), ({"reason": "weird"}, "three words"), ({"owner": ""}, "owner"), ({"signal": "guardrail"}, "policy")],
)  # fmt: skip
def test_what_is_no_mute_is_refused(
    client: Any, problem: Callable[..., Any], changed: dict[str, Any], says: str
) -> None:
    asked = {"signal": "failing", "owner": "ann", "hours": 8, "reason": "the provider migrates tonight"}
    assert says in problem(post(client, "mutes", asked | changed), 400, "bad_input")["detail"]
    assert get(client, "mutes")["items"] == []


def test_forecasts_are_decided_by_what_turns_out(client: Any, problem: Callable[..., Any]) -> None:
    said = post(client, "alerts/a1/forecast", {"by": "ann", "probability": 0.8}).json()
    assert (said["probability"], said["real"]) == (0.8, None)
    problem(post(client, "alerts/a1/forecast", {"by": "ann", "probability": 1.2}), 400, "bad_input")
    assert get(client, "calibration") == {"stated": 1, "decided": 0, "needed": 100, "brier": None, "tenths": []}
    assert post(client, "alerts/a1/close", SWING | {"as": "fixed", "reason": "v7 was rolled back"}).status_code == 200
    assert get(client, "calibration")["decided"] == 1


def test_the_handover_has_what_paged_what_waited_and_what_runs_out(
    deck: Any, client: Any, problem: Callable[..., Any]
) -> None:
    post(client, "mutes", {"owner": "bob", "hours": 8, "reason": "the provider migrates tonight", "signal": "cost_usd"})
    found = get(client, "handover")
    assert [one["alert_id"] for one in found["paged"]] == ["a1"]
    assert [one["alert"]["alert_id"] for one in found["batched"]] == ["a3", "a2"]
    assert found["batched"][0]["reason"] == "as the rules say"
    assert [one["in_words"] for one in found["expiring"]] == ["mute of cost_usd: the provider migrates tonight"]
    assert len(found["quality"]["defects"]) == 2
    assert 0 < found["quality"]["false_pages_expected"] < 1
    assert found["in_words"].startswith(
        "1 paged in 12 hours, 2 waited for this digest, 0 held; 0 dismissals turned out wrong"
    )
    assert found["markdown"].startswith("# Handover 2026-11-23 19:00 UTC to 2026-11-24 07:00 UTC\n")
    assert found["paged"][0]["title"].split(",")[0] in found["markdown"]
    deck.clock.advance(DAY / 10**9)
    later = get(client, "handover", hours=1)
    assert (later["paged"], later["batched"]) == ([], [])
    problem(client.get("/api/v1/handover", params={"hours": 0}), 400, "bad_input")
