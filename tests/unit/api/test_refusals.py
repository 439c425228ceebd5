"""What is refused, how it is said, and that nothing leaks: problems, keys, projects, hosts, hostile input."""

from __future__ import annotations

import string
from pathlib import Path
from threading import Event

import anyio
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from quarterdeck.api import ApiOptions, problems
from quarterdeck.api.errors_reference import markdown
from quarterdeck.api.guard import foreign_caller
from quarterdeck.api.queries import FilterQuery
from quarterdeck.api.threads import StoreThreads
from quarterdeck.errors import BadFile, ContextOverflow, Overloaded, QuarterdeckError, all_errors
from quarterdeck.store.interface import RUN_FACETS

API = "/api/v1"
ROUTES = [
    "/runs", "/run-facets", "/runs/x", "/runs/x/spans", "/runs/x/spans/y", "/sessions/x", "/fleet", "/cohorts", "/contrast",
    "/health", "/unmapped", "/rejections",
]  # fmt: skip
FAMILY = [error for error in all_errors() if error.__module__ == "quarterdeck.errors"]


def one_of(kind: type[QuarterdeckError]) -> QuarterdeckError:
    """A failure of this kind whose message holds the word `what` and which says how it is mended."""
    if issubclass(kind, BadFile):
        return kind("secret/path", "what", mend="do this")
    if issubclass(kind, ContextOverflow):
        return kind(1, (("what", "tool", 2),))
    return kind("what", mend="do this")


@pytest.mark.parametrize("kind", FAMILY, ids=[kind.__name__ for kind in FAMILY])
def test_every_member_of_the_family_is_a_problem(kind, problem, client_of) -> None:
    app = FastAPI()
    problems.install(app)
    failure = one_of(kind)

    @app.get("/raise")
    async def fail() -> None:
        raise failure

    with capture_logs() as logs:
        body = problem(client_of(app).get("/raise"), kind.http_status, kind.code)
    if kind.showable:
        assert "what" in body["detail"]
        assert body["mend"] == failure.mend
        assert logs == []
    else:
        assert "what" not in body["detail"]
        assert body["mend"] is None
        assert logs[0]["reference"] in body["detail"]


def test_the_reference_of_errors_is_up_to_date() -> None:
    file = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"
    assert file.read_text(encoding="utf-8") == markdown(), (
        "run: python -m quarterdeck.api.errors_reference --write docs/reference/errors.md"
    )


def test_an_unforeseen_failure_says_nothing_of_its_inside(deck, problem) -> None:
    def broken():
        raise RuntimeError("password=hunter2 at /srv/secret")

    with capture_logs() as logs:
        answer = deck.client(ingest_health=broken).get(f"{API}/health")
    body = problem(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert "/srv" not in answer.text
    assert logs[0]["reference"] in body["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("/runs?limit=501", ["limit", "'501'", "less than or equal to 500"]),
        ("/runs?limit=0", ["limit", "'0'", "greater than or equal to 1"]),
        ("/runs?limit=many", ["limit", "'many'", "integer"]),
        ("/runs?agnet=x", ["agnet", "did you mean 'agent'?"]),
        ("/runs?sort=colour", ["sort", "'colour'", "started_at"]),
        ("/runs?cursor=nonsense", ["cursor"]),
        ("/runs?since=yesterday", ["since", "'yesterday'", "RFC 3339", "-60m"]),
        ("/runs?since=-1m&until=-2m", ["since", "before until"]),
        ("/runs?until=2999-01-01", ["until", "2999-01-01", "1970 and 2262"]),
        ("/runs?has=No!", ["has", "'No!'"]),
        ("/runs?project=", ["project", "printable"]),
        ("/runs?project=a%00b", ["project", "printable"]),
        ("/run-facets?names=colour", ["names", "'colour'", "agent"]),
        ("/run-facets?names=", ["names", "expected some of"]),
        ("/cohorts?by=run_id", ["by", "'run_id'", "prompt_version"]),
        ("/cohorts?cursor=x", ["cursor", "no such parameter"]),
        ("/fleet?since=2027-01-01", ["since", "before now"]),
        ("/runs/x/spans?cursor=YWZ0ZXI6LTE", ["cursor", "next_cursor of the page before"]),
        ("/rejections?cursor=%F0%9F%98%80", ["cursor"]),
    ],
)
def test_bad_parameters_name_themselves_what_was_found_and_expected(client, problem, query, words) -> None:
    body = problem(client.get(API + query), 400, "bad_input")
    for word in words:
        assert word in body["detail"]


@pytest.mark.parametrize(
    "path", ["/runs/nope", "/runs/nope/spans", "/runs/nope/spans/x", "/sessions/nope", "/nope", ""]
)
def test_what_is_not_there_is_said(client, problem, path) -> None:
    problem(client.get(API + path), 404, "not_found")


def test_a_span_that_is_not_of_the_run(deck, client, trace, problem) -> None:
    (run,) = deck.take(trace(1))
    assert "no span" in problem(client.get(f"{API}/runs/{run}/spans/ffff"), 404, "not_found")["detail"]
    assert client.get(f"{API}/runs/{run}/spans/{1:016x}?trace_id={1:032x}").status_code == 200
    problem(client.get(f"{API}/runs/{run}/spans/{1:016x}?trace_id={2:032x}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/nope", "/healthz", "/", "/runs"])
def test_other_methods_are_refused(client, problem, path) -> None:
    answer = client.request("POST", path, json={})
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


# Keys and projects


@pytest.mark.parametrize("path", ROUTES)
def test_without_a_key_nothing_is_told_where_one_is_required(deck, problem, path) -> None:
    answer = deck.client(require_key=True).get(API + path)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_opens_until_it_is_revoked_and_loopback_needs_none(deck, client, problem) -> None:
    closed = deck.client(require_key=True)
    key, secret = deck.keys.create_key("default", "ci")
    assert client.get(f"{API}/runs").status_code == 200
    problem(closed.get(f"{API}/runs"), 401, "unauthenticated")
    problem(closed.get("/metrics"), 401, "unauthenticated")
    assert closed.get("/healthz").status_code == 200
    assert closed.get(f"{API}/runs", headers={"x-api-key": secret}).status_code == 200
    assert closed.get("/metrics", headers={"authorization": f"bearer {secret}"}).status_code == 200
    deck.keys.revoke_key(key.key_id)
    problem(closed.get(f"{API}/runs", headers={"x-api-key": secret}), 401, "unauthenticated")
    problem(client.get(f"{API}/runs", headers={"x-api-key": secret}), 401, "unauthenticated")


@pytest.mark.parametrize("value", ["Basic abc", "Bearer", "Bearer ", "qd_x", "Bearer qd_wrong", "Bearer " + "x" * 5000])
def test_a_bad_key_is_refused_even_on_an_open_server(client, problem, value) -> None:
    problem(client.get(f"{API}/runs", headers={"authorization": value}), 401, "unauthenticated")


@pytest.mark.parametrize("path", ROUTES)
def test_a_key_of_one_project_may_not_ask_for_another(deck, problem, path) -> None:
    _, secret = deck.keys.create_key("alpha", "ci")
    answer = deck.client().get(f"{API}{path}?project=beta", headers={"authorization": f"Bearer {secret}"})
    body = problem(answer, 403, "forbidden")
    assert "'alpha'" in body["detail"]


def test_projects_do_not_see_each_other(deck, client, trace, problem) -> None:
    (mine,) = deck.take(trace(1, project="alpha", session="a"))
    (theirs,) = deck.take(trace(2, project="beta", session="b"))
    _, secret = deck.keys.create_key("alpha", "ci")
    headers = {"authorization": f"Bearer {secret}"}
    assert [r["run_id"] for r in client.get(f"{API}/runs", headers=headers).json()["items"]] == [mine]
    assert client.get(f"{API}/runs/{mine}?project=alpha", headers=headers).status_code == 200
    for path in (f"/runs/{theirs}", f"/runs/{theirs}/spans", f"/runs/{theirs}/spans/{1:016x}", "/sessions/b"):
        problem(client.get(API + path, headers=headers), 404, "not_found")
    assert client.get(f"{API}/fleet", headers=headers).json()["runs"] == 1
    assert client.get(f"{API}/run-facets", headers=headers).json()["total"] == 1
    assert len(client.get(f"{API}/cohorts", headers=headers).json()["items"]) == 1
    assert sum(p["spans"] for p in client.get(f"{API}/health", headers=headers).json()["producers"]) == 3


def test_who_names_no_project_reads_the_servers_own(deck, trace) -> None:
    deck.take(trace(1, project="main"))
    assert deck.client(default_project="main").get(f"{API}/fleet").json()["runs"] == 1
    assert deck.client().get(f"{API}/fleet").json()["runs"] == 0


# Who may call a loopback server


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4320",
        "127.0.0.1:4320",
        "127.8.8.8",
        "[::1]:4320",
        "LOCALHOST",
        "desk.localhost",
        "0.0.0.0:4320",
    ],
)
def test_loopback_names_are_answered(client, host) -> None:
    assert client.get(f"{API}/fleet", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4320",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "[",
        "",
        "a b",
    ],
)
def test_a_rebound_name_is_refused(client, problem, host) -> None:
    body = problem(client.get(f"{API}/runs", headers={"host": host}), 403, "unknown_host")
    assert "api.allowed_hosts" in body["mend"]
    problem(client.get("/", headers={"host": host}), 403, "unknown_host")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "file://", "http://[", "https://localhost.evil.example"]
)
def test_a_page_of_another_origin_is_refused(client, problem, origin) -> None:
    problem(client.get(f"{API}/runs", headers={"origin": origin}), 403, "unknown_host")


def test_the_servers_own_page_and_a_named_proxy_are_answered(deck) -> None:
    client = deck.client(options=ApiOptions(allowed_hosts=("Desk.internal",)))
    assert client.get(f"{API}/runs", headers={"origin": "http://localhost:4320"}).status_code == 200
    named = {"host": "desk.internal", "origin": "https://desk.internal"}
    assert client.get(f"{API}/runs", headers=named).status_code == 200


def test_a_server_beyond_loopback_answers_for_any_name() -> None:
    """There a key is required, and a rebound page has none."""
    assert foreign_caller("10.0.0.5", "desk.example", "https://x.example", ()) is None
    assert foreign_caller(None, "anything", None, ()) is None


# Hostile input

HOSTILE = [
    "%00",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "'%20OR%201=1--",
    "%F0%9F%92%A9",
    "a" * 511,
    "%E2%80%AE",
    "%25",
    "{run_id}",
]


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
@pytest.mark.parametrize("identifier", HOSTILE)
def test_hostile_ids_are_just_unknown(engine, client, problem, identifier) -> None:
    for path in (
        f"/runs/{identifier}",
        f"/runs/{identifier}/spans",
        f"/runs/x/spans/{identifier}",
        f"/sessions/{identifier}",
    ):
        problem(client.get(API + path), 404, "not_found")


def test_an_endless_id_is_bad_input(client, problem) -> None:
    problem(client.get(f"{API}/runs/{'a' * 600}"), 400, "bad_input")


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_hostile_content_comes_back_as_it_was(engine, deck, client, raw) -> None:
    deep: object = "x"
    for _ in range(400):
        deep = [deep]
    nasty = {
        "html": "<script>alert(1)</script>",
        "big": 2**70,
        "surrogate": "\ud800",
        "deep": deep,
        "nan": float("nan"),
    }
    (run,) = deck.take([raw(1, 1, name="<img src=x>", attributes=nasty)])
    answer = client.get(f"{API}/runs/{run}/spans/{1:016x}")
    assert answer.status_code == 200, answer.text
    attributes = answer.json()["raw"]["attributes"]
    assert attributes["html"] == nasty["html"]
    assert attributes["big"] == str(2**70)
    assert attributes["nan"] is None
    assert answer.headers["content-type"] == "application/json"


NAMES = sorted({*FilterQuery.model_fields, "limit", "cursor", "sort", "by", "names", "trace_id", "project", "zzz"})
VALUES = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "501", "-60m", "-999999999w", "started_at", "-cost_usd", "agent,model", "null"]
    ),
    st.text(max_size=30),
    st.text(string.digits, max_size=25),
    st.datetimes().map(str),
)


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    route=st.sampled_from(ROUTES),
    query=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=5),
)
def test_no_query_makes_the_server_fail(engine, client, route, query) -> None:
    answer = client.get(
        API + route, params=[(name, value.encode("utf-8", "replace").decode()) for name, value in query]
    )
    assert answer.status_code in {200, 400, 404}, (route, query, answer.text)
    if answer.status_code != 200:
        assert answer.json()["code"] in {"bad_input", "not_found"}


def test_every_facet_is_a_parameter() -> None:
    assert [name for name in RUN_FACETS if name not in FilterQuery.model_fields] == []


def test_more_waiting_calls_than_allowed_are_told_to_come_again() -> None:
    """One thread and one place to wait: of three calls that meet at a closed gate, the third is refused."""
    metrics = CollectorRegistry()

    async def scene() -> int:
        threads = StoreThreads(1, 1, metrics)
        gate = Event()
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, gate.wait)
            group.start_soon(threads.run, gate.wait)
            await anyio.wait_all_tasks_blocked()
            assert metrics.get_sample_value("quarterdeck_api_store_calls") == 2
            try:
                with pytest.raises(Overloaded, match="2 requests already wait"):
                    await threads.run(lambda: 0)
            finally:
                gate.set()
        return await threads.run(lambda: 7)

    assert anyio.run(scene) == 7
    assert metrics.get_sample_value("quarterdeck_api_store_calls") == 0
    assert metrics.get_sample_value("quarterdeck_api_store_calls_refused_total") == 1


def test_a_refusal_says_when_to_come_again(deck, problem) -> None:
    def full():
        raise Overloaded("full", retry_after_s=0.4)

    answer = deck.client(ingest_health=full).get(f"{API}/health")
    assert problem(answer, 503, "overloaded")["retry_after_s"] == 0.4
    assert answer.headers["retry-after"] == "1"
