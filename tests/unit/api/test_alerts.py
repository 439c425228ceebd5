"""The routes about alerts, over a real watch: lists, one alert, closing, and a server that watches nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.api.routes.alerts import _ALERT
from quarterdeck.app.watch import patrols
from quarterdeck.model.alerts import Alert
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.signals import SignalsOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.memory.documents import MemoryDocumentStore

MINUTE = 60 * 10**9


@pytest.fixture
def alerts() -> MemoryAlertStore:
    """Three alerts of `default`, a minute apart, and one of another project."""
    store = MemoryAlertStore()
    store.put_alerts([alert(1, state="resolved", resolved_ns=_ALERT.opened_ns, resolution="over"), alert(2)])
    store.put_alerts([alert(3, kind="loop", state="pending"), alert(4, project="other")])
    return store


def alert(number: int, **changes: Any) -> Alert:
    opened_ns = _ALERT.opened_ns + number * MINUTE
    return replace(_ALERT, alert_id=f"a{number}", signature=f"s{number}", opened_ns=opened_ns, **changes)


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
    return deck.client(watch=watch, alerts=alerts)


def ids(client: Any, **query: Any) -> list[str]:
    return [item["alert_id"] for item in client.get("/api/v1/alerts", params=query).json()["items"]]


def test_a_list_shows_the_leading_finding_of_each_and_no_events(client: Any) -> None:
    found = client.get("/api/v1/alerts").json()
    assert [item["alert_id"] for item in found["items"]] == ["a3", "a2", "a1"]
    first = found["items"][1]
    assert (first["state"], first["findings_n"], len(first["findings"])) == ("firing", 1, 1)
    assert first["where"] == {"agent": "support-agent", "environment": "production", "prompt_version": "v7"}
    assert first["findings"][0]["now"]["value"] == 0.31
    assert "events" not in first


def test_lists_are_filtered_and_paged(client: Any) -> None:
    assert ids(client, state="firing") == ["a2"]
    assert ids(client, state=["pending", "resolved"]) == ["a3", "a1"]
    assert ids(client, kind="loop") == ["a3"]
    since = str((_ALERT.opened_ns + 2 * MINUTE) // 10**6)
    assert ids(client, since=since) == ["a3", "a2"]
    assert ids(client, until=since) == ["a1"]
    page = client.get("/api/v1/alerts", params={"limit": 2}).json()
    assert ids(client, limit=2, cursor=page["next_cursor"]) == ["a1"]
    assert ids(client, project="other") == ["a4"]


@pytest.mark.parametrize(
    ("query", "says"),
    [({"state": "open"}, "state"), ({"kind": "bad"}, "kind"), ({"limit": 501}, "limit"), ({"cursor": "x"}, "cursor"),
     ({"since": "yesterday"}, "since"), ({"stat": "firing"}, "did you mean 'state'")],
)  # fmt: skip
def test_a_list_that_cannot_be_asked_for_says_why(
    client: Any, problem: Callable[..., Any], query: dict[str, Any], says: str
) -> None:
    assert says in problem(client.get("/api/v1/alerts", params=query), 400, "bad_input")["detail"]


def test_one_alert_has_all_of_it(client: Any) -> None:
    found = client.get("/api/v1/alerts/a2").json()
    assert [event["what"] for event in found["events"]] == ["pending", "firing", "notified"]
    assert found["exemplars"] == []  # no such run is stored
    assert found["fired_at"] == "2026-11-24T07:00:00.000000Z"
    assert found["findings"][0]["deploy"]["new"] == "v7"


def test_an_unknown_alert_is_not_found(client: Any, problem: Callable[..., Any]) -> None:
    problem(client.get("/api/v1/alerts/a9"), 404, "not_found")
    problem(client.get("/api/v1/alerts/a4"), 404, "not_found")


def test_a_server_that_does_not_watch_says_so(deck: Any, problem: Callable[..., Any]) -> None:
    bare = deck.client()
    close = {"as": "fixed", "reason": "v7 was rolled back", "by": "ann"}
    for method, path, body in (("GET", "", None), ("GET", "/a2", None), ("POST", "/a2/close", close)):
        found = problem(bare.request(method, f"/api/v1/alerts{path}", json=body), 404, "not_found")
        assert "watch.enabled" in found["mend"]
