"""Every route answers its documented shape, from real spans through real runs."""

from __future__ import annotations

import pytest

from quarterdeck.api.wire.audit import RejectionsOut, UnmappedListOut
from quarterdeck.api.wire.cohort import CohortsOut
from quarterdeck.api.wire.contrast import ContrastsOut
from quarterdeck.api.wire.facet import FacetsOut
from quarterdeck.api.wire.fleet import FleetOut
from quarterdeck.api.wire.health import HealthOut
from quarterdeck.api.wire.outcome import RunDetailOut
from quarterdeck.api.wire.run import RunsOut
from quarterdeck.api.wire.session import SessionOut
from quarterdeck.api.wire.span import RunSpansOut, SpanDetailOut
from quarterdeck.model.health import IngestHealth, LimitNow
from quarterdeck.model.reports import Rejection
from quarterdeck.store.interface import Batch

API = "/api/v1"
SHAPES = [
    ("/runs", RunsOut),
    ("/runs/{run}", RunDetailOut),
    ("/run-facets", FacetsOut),
    ("/runs/{run}/spans", RunSpansOut),
    ("/runs/{run}/spans/0000000000000002", SpanDetailOut),
    ("/sessions/s1", SessionOut),
    ("/fleet", FleetOut),
    ("/cohorts", CohortsOut),
    ("/contrast", ContrastsOut),
    ("/health", HealthOut),
    ("/unmapped", UnmappedListOut),
    ("/rejections", RejectionsOut),
]


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
@pytest.mark.parametrize(("path", "shape"), SHAPES, ids=[path for path, _ in SHAPES])
def test_the_answer_has_exactly_the_declared_shape(engine, deck, trace, path, shape) -> None:
    """The dicts are built by hand; this holds them to the models that the OpenAPI document shows."""
    (run,) = deck.take(trace(1, failed=True))
    deck.store.commit(Batch([], rejections=[Rejection("default", 5, "bad_id", "found x, expected hex")]))
    deck.health = IngestHealth(1.5, 3, limits=[LimitNow("queue", 1, 9, "bytes")], rejected={"bad_id": 1})
    answer = deck.client().get(API + path.format(run=run))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    shape.model_validate(answer.json(), extra="forbid")


def test_a_run_is_what_happened(deck, client, trace) -> None:
    (run,) = deck.take(trace(1, failed=True))
    body = client.get(f"{API}/runs/{run}").json()
    assert (body["run_id"], body["project"], body["agent"]) == (run, "default", "support")
    assert (body["spans"], body["model_calls"], body["tool_calls"], body["errors"]) == (3, 1, 1, 2)
    assert body["tokens"]["total"] == 1050
    assert body["tokens"]["cache_read"] is None
    assert (body["status"], body["lifecycle"]) == ("error", "finished")
    assert body["started_at"] == "2026-11-24T06:50:01.000000Z"
    assert body["duration_s"] == 1.0
    assert body["cost_usd"]["source"] == "priced"
    assert body["cost_usd"]["computed"] > 0
    assert body["estimate"] is None


def test_runs_come_newest_first_and_page_by_cursor(deck, client, trace) -> None:
    made = {deck.take(trace(number))[0] for number in range(1, 8)}
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{API}/runs", params=params).json()
        seen += [run["run_id"] for run in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=error", {2}),
        ("status=ok&status=error", {1, 2}),
        ("agent=support", {1, 2}),
        ("agent=nobody", set()),
        ("tenant=", {1, 2}),
        ("prompt_version=v1", set()),
        ("has=error", {2}),
        ("q=SUPPORT", {1, 2}),
        ("q=", {1, 2}),
        ("session_id=s2", {2}),
        ("since=-60m", {1, 2}),
        ("since=-60m&until=-30m", set()),
        ("until=2026-11-24T06:50:01Z", set()),
        ("since=2026-11-24T06:50:01%2B00:00", {1, 2}),
        ("since=1795503001000", {1, 2}),
        ("since=1795503001001", set()),
    ],
)
def test_filters(deck, client, trace, query, expected) -> None:
    ids = {deck.take(trace(1))[0]: 1, deck.take(trace(2, failed=True, session="s2"))[0]: 2}
    answer = client.get(f"{API}/runs?{query}")
    assert answer.status_code == 200, answer.text
    assert {ids[run["run_id"]] for run in answer.json()["items"]} == expected


def test_facets_count_and_ignore_their_own_filter(deck, client, trace) -> None:
    deck.take(trace(1))
    deck.take(trace(2, failed=True))
    body = client.get(f"{API}/run-facets?names=status,tenant&status=error").json()
    assert body["total"] == 1
    assert {(c["value"], c["count"]) for c in body["facets"]["status"]} == {("ok", 1), ("error", 1)}
    assert body["facets"]["tenant"] == [{"value": None, "count": 1}]


def test_spans_stand_in_tree_order_and_page(deck, client, trace) -> None:
    (run,) = deck.take(trace(1, failed=True))
    first = client.get(f"{API}/runs/{run}/spans?limit=2").json()
    second = client.get(f"{API}/runs/{run}/spans", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    spans = first["items"] + second["items"]
    assert second["next_cursor"] is None
    assert [(s["name"], s["tree_parent_span_id"], s["depth"]) for s in spans] == [
        ("invoke support", None, spans[0]["depth"]),
        ("chat gpt-4o", "0000000000000001", spans[0]["depth"] + 1),
        ("lookup", "0000000000000001", spans[0]["depth"] + 1),
    ]
    assert [s["offset_ms"] for s in spans] == [0, 1000, 2000]
    assert [s["duration_ms"] for s in spans] == [1000, 1000, 1000]
    assert [s["self_error"] for s in spans] == [False, False, True]  # the agent only echoes the tool's error
    assert spans[1]["cost_usd"] > 0
    assert spans[0]["cost_usd"] is None
    assert "start_ns" not in spans[0]


def test_a_missing_parent_shows_as_a_node_without_facts(deck, client, raw) -> None:
    (run,) = deck.take([raw(1, 2, 9, attributes={"gen_ai.operation.name": "invoke_agent"})])
    node, child = client.get(f"{API}/runs/{run}/spans").json()["items"]
    assert (node["synthetic"], node["span_id"]) == (True, f"{9:016x}")
    assert (node["started_at"], node["duration_ms"], node["dialect"]) == (None, None, None)
    assert child["tree_parent_span_id"] == node["span_id"]
    detail = client.get(f"{API}/runs/{run}/spans/{9:016x}").json()
    assert (detail["raw"], detail["messages"], detail["mapped_by"]) == (None, None, {})


def test_one_span_in_full(deck, client, trace) -> None:
    (run,) = deck.take(trace(1))
    body = client.get(f"{API}/runs/{run}/spans/{2:016x}").json()
    assert body["raw"]["kind"] == "client"
    assert body["raw"]["attributes"]["gen_ai.request.model"] == "gpt-4o"
    assert body["raw"]["resource"]["attributes"] == {"service.name": "desk"}
    assert body["raw"]["scope"]["name"] == "tests"
    assert body["messages"]["input"][0]["parts"][0]["content"] == "<b>hi</b>"
    assert body["mapped_by"]["tokens_input"] == "gen_ai.usage.input_tokens"


def test_bytes_of_an_attribute_come_as_base64(deck, client, trace) -> None:
    (run,) = deck.take(trace(1))
    assert client.get(f"{API}/runs/{run}/spans/{3:016x}").json()["raw"]["attributes"]["blob"] == "AP8="


def test_a_tree_is_built_anew_when_its_run_changed(deck, client, trace, raw) -> None:
    spans = trace(1)
    (run,) = deck.take(spans[:2])
    assert len(client.get(f"{API}/runs/{run}/spans").json()["items"]) == 2
    deck.take(spans[2:])  # settles the late span alone; then the whole trace, as the pipeline would
    whole = [deck.canonical.canonicalize(span) for span in spans]
    trees = deck.services().build_runs(whole)
    deck.store.put_runs([tree.run for tree in trees], [], settled_seq=9)
    assert len(client.get(f"{API}/runs/{run}/spans").json()["items"]) == 3


def test_a_tree_is_built_once_for_all_its_pages(deck, trace) -> None:
    (run,) = deck.take(trace(1))
    built = []
    real = deck.services().build_runs

    def counting(spans):
        built.append(len(spans))
        return real(spans)

    client = deck.client(build_runs=counting)
    cursor = client.get(f"{API}/runs/{run}/spans?limit=1").json()["next_cursor"]
    assert client.get(f"{API}/runs/{run}/spans", params={"limit": 1, "cursor": cursor}).status_code == 200
    assert built == [3]


def test_a_session_sums_its_runs(deck, client, trace) -> None:
    deck.take(trace(1))
    deck.take(trace(2))
    body = client.get(f"{API}/sessions/s1").json()
    assert len(body["runs"]) == 2
    assert body["tokens"]["total"] == 2100
    assert body["cost_usd"]["computed"] == pytest.approx(2 * body["runs"][0]["cost_usd"]["computed"])
    assert body["ended_at"] == "2026-11-24T06:50:02.000000Z"


def test_fleet_counts_and_says_so(deck, client, trace) -> None:
    for number in range(1, 31):
        deck.take(trace(number, failed=number <= 6))
    body = client.get(f"{API}/fleet").json()
    assert body["runs"] == 30
    assert body["lifecycle"]["finished"] == 30
    assert (body["failing"]["value"], body["failing"]["n"]) == (0.2, 30)
    assert body["failing"]["low"] < 0.2 < body["failing"]["high"]
    assert body["tokens"] == {"total": 30 * 1050, "runs_known": 30}
    assert body["in_words"].startswith("0 runs live. 20 % of 30 finished runs failed in the last 60 min (")
    assert sum(minute["runs"] for minute in body["minutes"]) == 30
    assert (body["since"], body["until"]) == ("2026-11-24T06:00:00.000000Z", "2026-11-24T07:00:00.000000Z")


def test_an_empty_fleet_teaches(client) -> None:
    body = client.get(f"{API}/fleet").json()
    assert body["in_words"] == "No runs yet. Point an agent at http://127.0.0.1:4318."
    assert body["failing"] is None
    assert body["tokens"] == {"total": None, "runs_known": 0}


def test_cohorts_group_as_asked(deck, client, trace) -> None:
    deck.take(trace(1))
    deck.take(trace(2, failed=True))
    (row,) = client.get(f"{API}/cohorts?by=agent").json()["items"]
    assert row["keys"] == {"agent": "support"}
    assert (row["runs"], row["live"], row["model_calls"], row["tool_calls"]) == (2, 0, 2, 2)
    assert row["failing"]["n"] == 2
    assert row["cost_per_success_usd"] == pytest.approx(row["cost_usd"]["total"])
    (row,) = client.get(f"{API}/cohorts").json()["items"]
    assert list(row["keys"]) == ["agent", "prompt_version", "model"]


def test_health_shows_what_it_was_given(deck, client, trace) -> None:
    deck.take(trace(1))
    deck.health = IngestHealth(12.5, 3, 1, {"bad_id": 2}, {"overloaded": 4}, 10, 100, 5.0, 9.0, 0.0)
    body = client.get(f"{API}/health").json()
    assert (body["status"], body["uptime_s"], body["data_format"]) == ("ok", 5.0, 1)
    assert body["ingest"]["refused"] == {"overloaded": 4}
    assert (body["storage"]["spans"], body["storage"]["runs"]) == (3, 1)
    assert body["endpoints"]["gateway"] is None
    assert sum(producer["spans"] for producer in body["producers"]) == 3
    assert [p["with_usage"] for p in body["producers"] if p["model_calls"]] == [1]
    assert [finding["code"] for finding in body["findings"]] == ["rejections"]


def test_a_limit_that_is_reached_degrades_health(deck, client) -> None:
    deck.health = IngestHealth(limits=[LimitNow("queue_bytes", 100, 100, "bytes")])
    assert client.get(f"{API}/health").json()["status"] == "degraded"


def test_unmapped_and_rejections_are_listed(deck, client, raw) -> None:
    deck.take([raw(1, 1, attributes={"gen_ai.invented.key": "x", "gen_ai.operation.name": "chat"})])
    rejections = [Rejection("default", n, "bad_id", f"n{n}") for n in range(5)]
    deck.store.commit(Batch([], rejections=rejections))
    assert [i["key"] for i in client.get(f"{API}/unmapped").json()["items"]] == ["gen_ai.invented.key"]
    page = client.get(f"{API}/rejections?limit=3").json()
    assert [i["detail"] for i in page["items"]] == ["n4", "n3", "n2"]
    rest = client.get(f"{API}/rejections", params={"limit": 3, "cursor": page["next_cursor"]}).json()
    assert [i["detail"] for i in rest["items"]] == ["n1", "n0"]
    assert rest["items"][0]["trace_id"] is None


def test_a_run_id_may_hold_slashes_and_anything_else(deck, client, raw) -> None:
    odd = "team/a b?c#d/../%2e"
    deck.take([raw(1, 1, attributes={"quarterdeck.run.id": odd, "gen_ai.operation.name": "invoke_agent"})])
    (item,) = client.get(f"{API}/runs").json()["items"]
    assert item["run_id"] == odd
    path = "team%2Fa%20b%3Fc%23d%2F..%2F%252e"
    assert client.get(f"{API}/runs/{path}").json()["run_id"] == odd
    assert len(client.get(f"{API}/runs/{path}/spans").json()["items"]) == 1


def test_large_answers_are_compressed_for_those_who_take_it(deck, client, trace) -> None:
    for number in range(1, 4):
        deck.take(trace(number))
    packed = client.get(f"{API}/runs", headers={"accept-encoding": "gzip"})
    plain = client.get(f"{API}/runs", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < len(plain.content) / 3


def test_machines_are_answered_without_the_prefix(deck, trace) -> None:
    reasons = [None]
    client = deck.client(ready=lambda: reasons[0])
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.request("HEAD", "/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    reasons[0] = "draining"
    assert client.get("/readyz").status_code == 503
    assert client.get("/readyz").json()["reason"] == "draining"


def test_metrics_name_routes_never_ids(deck, client, trace) -> None:
    (run,) = deck.take(trace(1))
    client.get(f"{API}/runs/{run}")
    client.get(f"{API}/nothing-here-{run}")
    text = client.get("/metrics").text
    assert 'quarterdeck_api_requests_total{route="/runs/{run_id:path}",status="200"} 1.0' in text
    assert run not in text
