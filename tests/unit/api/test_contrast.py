"""`GET contrast` over real runs: shares, order, verdicts, both selections as words."""

from __future__ import annotations

import pytest

from quarterdeck.api.queries import DEFAULT_ATTRIBUTES
from quarterdeck.api.wire.contrast import ContrastsOut

API = "/api/v1"
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
