"""Signals over HTTP: a real watch over a real patrol; prompt v7 fails three times as often as v6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.api.routes.examples import RUN
from quarterdeck.api.routes.signals import EXAMPLE
from quarterdeck.api.signal_list import StreamFilter, moved, page_of, stream_of_cohort
from quarterdeck.api.watched import PROJECTS_MAX, Watched
from quarterdeck.api.wire.fleet import FleetOut
from quarterdeck.api.wire.signals import EVIDENCE_MAX, finding_dict, stream_dict
from quarterdeck.app.watch import patrols
from quarterdeck.errors import BadInput
from quarterdeck.model.measured import Measured
from quarterdeck.model.runs import Cost, Run
from quarterdeck.model.signals import Finding, SliceScore, StreamNow
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.memory.alerts import MemoryAlertStore

SECOND = 10**9


def made(at: int, end_ns: int, *, version: str, failed: bool, agent: str = "support-agent") -> Run:
    """A run of twenty seconds that ended then."""
    return replace(
        RUN, run_id=f"r{at:05}", trace_ids=(f"{at:032x}",), session_id=None, session_source=None, user_hash=None,
        agent=agent, prompt_version=version, agent_version=None, toolset_hash=None, tenant=None, task_class=None,
        status="error" if failed else "ok", error_class="tool_error" if failed else None, flags=(), cost=Cost(0.1),
        started_at_ns=end_ns - 20 * SECOND, ended_at_ns=end_ns, last_seen_ns=end_ns,
    )  # fmt: skip


class Fleet:
    """A store, a watch over it, and runs that end one a second until now."""

    def __init__(self, deck: Any) -> None:
        self.deck = deck
        self.store: MemoryStore = deck.store
        self.alerts = MemoryAlertStore()
        self.registry = CollectorRegistry()
        self.watch = Watch(
            feed=self.store, alerts=self.alerts, patrols=patrols(SignalsOptions(alarms_per_month=20.0)),
            live=LiveRules(), objectives=Objectives(), options=WatchOptions(), alert_options=AlertOptions(),
            gauges=WatchGauges(self.registry), clock=deck.clock, log=SimpleNamespace(error=print, warning=print),
        )  # fmt: skip

    def play(self) -> None:
        """Ten minutes of v6, one failing run in eight, then three of v7, half of them failing; another agent beside it."""
        begin = self.deck.clock.now_ns() - 800 * SECOND
        old = [made(at, begin + at * SECOND, version="v6", failed=at % 8 == 0) for at in range(600)]
        beside = [
            made(10_000 + at, begin + at * 3 * SECOND, version="v1", failed=at % 9 == 0, agent="research")
            for at in range(260)
        ]
        new = [made(600 + at, begin + (600 + at) * SECOND, version="v7", failed=at % 2 == 0) for at in range(180)]
        self.store.put_runs(old, [], settled_seq=0)
        self.watch.tick(self.deck.clock.now_ns())
        self.store.put_runs([*beside, *new], [], settled_seq=0)
        self.watch.tick(self.deck.clock.now_ns())


@pytest.fixture
def fleet(deck: Any) -> Fleet:
    found = Fleet(deck)
    found.play()
    return found


@pytest.fixture
def client(deck: Any, fleet: Fleet) -> Any:
    return deck.client(watch=fleet.watch, alerts=fleet.alerts)


def test_the_stream_that_reached_its_threshold_comes_first(client: Any) -> None:
    found = client.get("/api/v1/signals").json()
    first = found["items"][0]
    assert (first["signal"], first["lane"], first["state"]) == ("failing", "deploy", "reached")
    assert first["deploy"] | {"opened_at": None} == {
        "part": "prompt_version", "old": "v6", "new": "v7", "opened_at": None,
    }  # fmt: skip
    assert first["cohort"] == {"agent": "support-agent", "environment": "production"}
    assert first["now"]["value"] > 0.4 > first["before"]["value"]
    assert found["promise"]["alarms_per_month"] == 20.0
    assert {one["name"] for one in found["promise"]["conditions"]}


def test_streams_are_filtered_and_come_in_pages(client: Any) -> None:
    def ask(**params: Any) -> dict[str, Any]:
        return client.get("/api/v1/signals", params=params).json()

    whole = [one["stream_id"] for one in ask(limit=500)["items"]]
    assert len(whole) == len(set(whole)) > 20
    paged, cursor = [], None
    while True:
        page = ask(limit=7, **({} if cursor is None else {"cursor": cursor}))
        paged += [one["stream_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole
    assert {one["lane"] for one in ask(lane="pooled", limit=500)["items"]} == {"pooled"}
    assert {one["signal"] for one in ask(signal=["failing", "tokens"], limit=500)["items"]} == {"failing", "tokens"}
    assert {one["cohort"]["agent"] for one in ask(q="RESEARCH", limit=500)["items"]} == {"research"}
    assert {one["state"] for one in ask(state="reached")["items"]} == {"reached"}
    assert ask(q="nobody")["items"] == []


def test_a_stream_over_time_with_its_version_alert_and_runs(client: Any) -> None:
    first = client.get("/api/v1/signals").json()["items"][0]
    found = client.get(f"/api/v1/signals/{first['stream_id']}").json()
    assert {name: found[name] for name in first} == first
    assert len(found["history"]) > 1
    assert found["history"] == sorted(found["history"], key=lambda point: point["at"])
    assert [(one["part"], one["new"]) for one in found["deploys"]] == [("prompt_version", "v7")]
    assert [(one["state"], one["to"]) for one in found["alerts"]] == [("firing", None)]
    roles = [one["role"] for one in found["exemplars"]]
    assert (roles[:2], len(roles) <= 5) == (["medoid", "healthy"], True)
    bad = client.get(f"/api/v1/runs/{found['exemplars'][0]['run_id']}").json()
    assert (bad["prompt_version"], bad["status"]) == ("v7", "error")
    healthy = client.get(f"/api/v1/runs/{found['exemplars'][1]['run_id']}").json()
    assert (healthy["agent"], healthy["status"]) == ("support-agent", "ok")


def test_bad_questions_are_told_apart(client: Any, problem: Callable[..., dict[str, Any]]) -> None:
    problem(client.get("/api/v1/signals/nothing"), 404, "not_found")
    problem(client.get("/api/v1/signals", params={"lane": "live"}), 400, "bad_input")
    problem(client.get("/api/v1/signals", params={"cursor": "x"}), 400, "bad_input")
    problem(client.get("/api/v1/signals", params={"signal": "No Name"}), 400, "bad_input")


def test_a_server_that_watches_nothing_says_so(deck: Any, problem: Callable[..., dict[str, Any]]) -> None:
    for path in ("signals", "signals/x"):
        assert "does not watch" in problem(deck.client().get(f"/api/v1/{path}"), 404, "not_found")["detail"]


def test_the_fleet_says_what_fires_in_words_and_what_moved(client: Any) -> None:
    found = client.get("/api/v1/fleet").json()
    FleetOut.model_validate(found, extra="forbid")
    assert found["alerts"] == {"firing": 1, "pending": 0}
    assert "support-agent" in found["in_words"]
    assert "v7 fails more than v6: " in found["in_words"]
    assert found["in_words"].endswith(" Nothing else moved.")
    first = client.get("/api/v1/signals").json()
    assert found["moved"][0] == first["items"][0]
    assert {one["state"] for one in found["moved"]} <= {"rising", "reached"}
    assert found["promise"] == first["promise"]
    assert isinstance(found["mix"], list)


def test_a_row_of_cohorts_shows_the_evidence_that_its_runs_fail(client: Any) -> None:
    rows = client.get("/api/v1/cohorts?by=agent,prompt_version").json()["items"]
    watched = {row["keys"]["prompt_version"]: row["watched"] for row in rows}
    assert watched["v7"]["state"] == "reached"
    assert watched["v7"]["evidence"] >= watched["v7"]["threshold"]
    assert (watched["v6"], watched["v1"]) == (None, None)
    (research,) = [
        one for one in client.get("/api/v1/cohorts?by=agent").json()["items"] if one["keys"]["agent"] == "research"
    ]
    assert research["watched"]["state"] in ("learning", "quiet", "rising")
    assert set(research["watched"]) == {
        "stream_id", "state", "evidence", "threshold", "runs", "runs_needed", "sees",
    }  # fmt: skip


def test_an_unwatched_fleet_has_nulls_and_not_zeros(deck: Any) -> None:
    found = deck.client().get("/api/v1/fleet").json()
    assert [found[name] for name in ("alerts", "promise", "moved", "mix")] == [None] * 4


def test_one_description_serves_for_a_while(deck: Any, fleet: Fleet) -> None:
    watched = Watched(deck.services(watch=fleet.watch, alerts=fleet.alerts))
    first = watched.seen("default")
    assert watched.seen("default") is first
    deck.clock.advance(11)
    assert watched.seen("default") is not first
    for at in range(PROJECTS_MAX):
        watched.seen(f"p{at}")
    again = watched.seen("default")
    assert again is not None
    assert len(again.streams) > 20


def test_the_most_urgent_alert_speaks_first(deck: Any, fleet: Fleet) -> None:
    first = fleet.alerts.open_alerts()[0]
    live = replace(first.findings[0], lane="live")
    cheap = replace(first, alert_id="cheap", wasted_usd=9.0, fired_ns=first.fired_ns + 1)
    fleet.alerts.put_alerts(
        [
            replace(first, alert_id="rises", state="pending", wasted_usd=1e6),
            replace(first, alert_id="dear", wasted_usd=120.0),
            replace(first, wasted_usd=8.0),
            replace(cheap, alert_id="fact", findings=(live,)),
            cheap,
            replace(cheap, alert_id="empty", findings=(), wasted_usd=None),
        ]
    )
    found = Watched(deck.services(watch=fleet.watch, alerts=fleet.alerts)).open_alerts("default")
    assert [one.alert_id for one in found] == ["dear", "fact", "cheap", first.alert_id, "empty", "rises"]


# --- the list, pure


def stream(stream_id: str, evidence: float, **changes: Any) -> StreamNow:
    return replace(
        EXAMPLE, stream_id=stream_id, state="quiet", evidence=evidence, lane="cohort", deploy=None, **changes
    )


def test_the_nearest_on_a_log_scale_comes_first_and_what_has_no_threshold_last() -> None:
    streams = [
        stream("a", 10.0, threshold=100.0),
        stream("b", 100.0, threshold=1e6),
        stream("c", 50.0, threshold=float("inf")),
        replace(EXAMPLE, stream_id="d"),
        stream("e", 0.0, threshold=100.0),
    ]
    page, cursor = page_of(streams, StreamFilter(), cursor=None, limit=5)
    assert ("".join(one.stream_id for one in page), cursor) == ("dabec", None)
    assert [one.stream_id for one in moved(streams)] == ["d"]
    with pytest.raises(BadInput, match="cursor"):
        page_of(streams, StreamFilter(), cursor="nonsense", limit=1)


def test_a_threshold_that_is_not_set_yet_is_unknown_and_evidence_is_capped() -> None:
    found = stream_dict(stream("a", 1e300, threshold=float("inf")))
    assert (found["threshold"], found["evidence"]) == (None, EVIDENCE_MAX)


def test_a_row_of_cohorts_finds_the_stream_that_speaks_for_it() -> None:
    cohort = stream("cohort", 5.0)
    other = stream("other", 50.0, cohort=(("agent", "research"), ("environment", "production")))
    pooled = replace(stream("pooled", 90.0), lane="pooled", cohort=())
    test = replace(EXAMPLE, stream_id="test")
    streams = [cohort, other, pooled, test]

    def named(**keys: str | None) -> str | None:
        found = stream_of_cohort(streams, "failing", keys)
        return None if found is None else found.stream_id

    assert named(agent="support-agent", prompt_version="v7", model="m") == "test"
    assert named(agent="support-agent", prompt_version="v6") is None
    assert named(agent="support-agent") == "cohort"
    assert named(agent="research", environment="production") == "other"
    assert named(prompt_version="v7") is None
    assert stream_of_cohort(streams, "tokens", {"agent": "research"}) is None


def test_a_finding_is_written_out_whole() -> None:
    unknown = Measured(None, None, None, 0, None, "nothing is known", 30)
    found = finding_dict(
        Finding(
            "default", "regression", "reached", "failing", "failing runs", "share of runs", "cohort", EXAMPLE.cohort, "s", 1e13,
            100.0, EXAMPLE.deploy.opened_ns, 5, unknown, unknown, (("agent", None),),
            (SliceScore((("agent", None),), 5, 0.5, 0.1, 3.0),), EXAMPLE.deploy, ("r",), None,
        )
    )  # fmt: skip
    assert found["where"] == {"agent": None}
    assert found["slices"] == [{"where": {"agent": None}, "n": 5, "mean": 0.5, "expected": 0.1, "score": 3.0}]
    assert found["now"] == {
        "value": None, "low": None, "high": None, "n": 0, "method": None, "reason": "nothing is known", "n_needed": 30,
    }  # fmt: skip
    assert (found["evidence"], found["at"], found["deploy"]["new"]) == (
        EVIDENCE_MAX,
        "2026-11-24T06:58:45.000000Z",
        "v7",
    )
