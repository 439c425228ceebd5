"""`GET contrast` over real runs: shares, order, verdicts, both selections as words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quarterdeck.api.queries import DEFAULT_ATTRIBUTES
from quarterdeck.api.routes.examples import RUN
from quarterdeck.api.wire.contrast import ContrastsOut
from quarterdeck.model.runs import Run

API = "/api/v1"
NOW_NS = 1_795_503_600 * 10**9
MINUTE = 60 * 10**9


@pytest.fixture(params=["memory", "duckdb"])
def engine(request) -> str:
    return request.param


def take(deck, trace, failed: int, fine: int) -> None:
    for number in range(failed + fine):
        deck.take(trace(number + 1, failed=number < failed, session=f"s{number}"))


def test_the_default_sets_failed_runs_against_the_rest(engine, deck, trace) -> None:
    take(deck, trace, 25, 30)
    answer = deck.client().get(f"{API}/contrast")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    ContrastsOut.model_validate(body, extra="forbid")
    assert (body["where"], body["against"], body["where_runs"], body["against_runs"]) == (["failed"], [], 25, 30)
    assert body["enough_data"] is True
    found = {(item["key"], item["value"]): item for item in body["items"]}
    assert {item["key"] for item in body["items"]} <= set(DEFAULT_ATTRIBUTES)
    first = body["items"][0]
    assert (first["key"], first["verdict"]) == ("error_class", "less_often" if first["value"] is None else "more_often")
    agent = found["agent", "support"]
    assert (agent["verdict"], agent["lift"], agent["score"]) == ("no_difference_shown", 1.0, 0.0)
    assert (agent["where"]["n"], agent["against"]["n"], agent["where_runs"], agent["against_runs"]) == (25, 30, 25, 30)
    scores = [item["score"] for item in body["items"] if item["score"] is not None]
    assert scores == sorted(scores, reverse=True)
    assert found["tool", "lookup"]["difference"]["value"] == 0


def test_selections_are_words(engine, deck, trace) -> None:
    take(deck, trace, 2, 3)
    path = f"{API}/contrast?where=session_id=s0&where=session_id=s4&against=succeeded&attributes=status&limit=1"
    body = deck.client().get(path).json()
    assert (body["where"], body["against"]) == (["session_id=s0", "session_id=s4"], ["succeeded"])
    assert (body["where_runs"], body["against_runs"], body["enough_data"]) == (2, 2, False)
    (item,) = body["items"]
    assert (item["key"], item["verdict"], item["score"]) == ("status", "not_enough_data", None)


def test_a_part_of_the_window_is_set_against_the_rest(engine, deck, trace) -> None:
    """Failed or not: the runs of the part on one side, those of the other times on the other."""
    take(deck, trace, 2, 3)
    late = [
        span._replace(start_ns=span.start_ns + MINUTE, end_ns=span.end_ns + MINUTE) for span in trace(9, session="s9")
    ]
    deck.take(late)
    body = deck.client().get(f"{API}/contrast?where_since=-9m&attributes=status").json()
    ContrastsOut.model_validate(body, extra="forbid")
    assert (body["where"], body["where_runs"], body["against_runs"]) == ([], 1, 5)
    assert (body["where_since"], body["where_until"]) == ("2026-11-24T06:51:00.000000Z", body["until"])
    failed = deck.client().get(f"{API}/contrast?where=failed&where_until=-9m").json()
    assert (failed["where"], failed["where_runs"], failed["against_runs"]) == (["failed"], 2, 4)


def test_without_runs_there_are_two_empty_sides(client) -> None:
    body = client.get(f"{API}/contrast").json()
    assert (body["where_runs"], body["against_runs"], body["items"], body["enough_data"]) == (0, 0, [], False)


def varied(at: int, *, failed: bool) -> Run:
    """Three prompt versions, four tenants, two tools of which a run uses one or both."""
    tools = {"lookup": 1} if at % 2 else {"lookup": 1, "refund": 2}
    return replace(
        RUN, run_id=f"r{at:05}", prompt_version=f"v{at % 3 + 5}", tenant=f"t{at % 4}", tools=tools, flags=(),
        status="error" if failed else "ok", error_class="tool_error" if failed else None,
        started_at_ns=NOW_NS - (at + 1) * 10**9, ended_at_ns=NOW_NS - at * 10**9,
    )  # fmt: skip


def test_the_pair_that_fails_is_named_with_runs_to_open(engine, deck) -> None:
    def fails(at: int) -> bool:
        return at % 10 == 0 if (at % 3, at % 2) != (2, 0) else at % 5 != 0

    deck.store.put_runs([varied(at, failed=fails(at)) for at in range(600)], [], settled_seq=0)
    body = deck.client().get(f"{API}/contrast").json()
    ContrastsOut.model_validate(body, extra="forbid")
    first = body["slices"][0]
    assert first["keys"] == {"prompt_version": "v7", "tool": "refund"}
    assert (first["where"]["n"], first["against"]["n"]) == (body["where_runs"], body["against_runs"])
    assert first["where"]["value"] > 0.5 > 0.1 > first["against"]["value"]
    assert (body["fleet_wide"], first["lift"] > 5, first["score"] > 20) == (False, True, True)
    assert body["in_words"].startswith("What sets these runs apart is prompt version v7 and tool refund: ")
    assert [one["role"] for one in body["exemplars"]][:2] == ["medoid", "healthy"]
    chosen = deck.client().get(f"{API}/contrast?where=prompt_version=v7&where=failed&against=prompt_version=v7").json()
    assert chosen["slices"][0]["keys"] == {"tool": "refund"}


def test_runs_that_go_on_do_not_hide_the_slice(engine, deck) -> None:
    """Three hundred runs of the version that fails are under way: they are among the others, and no good runs."""
    runs = [varied(at, failed=(at % 3 == 2 and at % 2 == 0) or at % 11 == 0) for at in range(600)]
    live = [
        replace(
            varied(at * 3 + 2, failed=False),
            run_id=f"live{at}",
            status="unknown",
            lifecycle="running",
            ended_at_ns=None,
        )
        for at in range(300)
    ]
    deck.store.put_runs([*runs, *live], [], settled_seq=0)
    body = deck.client().get(f"{API}/contrast").json()
    assert body["slices"][0]["keys"]["prompt_version"] == "v7"
    assert body["drawn"]["against"] == sum(run.failed is False for run in runs) == body["against_runs"] - 300


def test_a_uniform_difference_is_fleet_wide_and_names_no_slice(engine, deck) -> None:
    deck.store.put_runs([varied(at, failed=at % 7 == 0) for at in range(600)], [], settled_seq=0)
    body = deck.client().get(f"{API}/contrast").json()
    assert (body["fleet_wide"], body["slices"]) == (True, [])
    assert body["in_words"] == "Fleet-wide: no attribute sets these runs apart from the others."


def test_too_few_runs_say_nothing_of_slices(engine, deck) -> None:
    deck.store.put_runs([varied(at, failed=at % 7 == 0) for at in range(60)], [], settled_seq=0)
    body = deck.client().get(f"{API}/contrast").json()
    assert (body["fleet_wide"], body["slices"], body["in_words"]) == (
        None,
        [],
        "Not enough data: each side needs 20 runs.",
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("where=colour=red", ["where", "'colour=red'", "NAME one of agent", "failed"]),
        ("against=No!", ["against", "'No!'"]),
        ("attributes=colour", ["attributes", "'colour'", "prompt_version"]),
        ("since=2027-01-01", ["since", "before now"]),
        ("where_since=-3h&where_until=-2h", ["where_since", "'-2h'", "part of the window"]),
        ("where_until=soonish", ["where_until", "'soonish'"]),
        ("values=3", ["values", "no such parameter"]),
        ("limit=0", ["limit", "'0'"]),
    ],
)
def test_bad_words_name_what_was_expected(client, problem, query, words) -> None:
    body = problem(client.get(f"{API}/contrast?{query}"), 400, "bad_input")
    for word in words:
        assert word in body["detail"]
