"""The outline: rows in tree order, level of detail, pages by place, and a beginning that does not wait for the whole."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.api.run_views.alone import Alone
from quarterdeck.api.run_views.density import density
from quarterdeck.api.run_views.outline import CRITICAL, OPEN, OWN_ERROR, SYNTHETIC, critical_path, outline_of
from quarterdeck.api.run_views.pages import Wanted, columns_of, page_of
from quarterdeck.api.wire.outline import OutlineOut
from quarterdeck.errors import BadInput
from quarterdeck.model.runs import SpanNode
from quarterdeck.store.interface import Batch

API = "/api/v1"
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}


def _named(body: dict, field: str) -> list[str | None]:
    return [None if place < 0 else body["texts"][place] for place in body["columns"][field]]


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_an_outline_is_the_spans_in_tree_order_as_columns(engine, deck, trace) -> None:
    client = deck.client()
    (run,) = deck.take(trace(1, failed=True))
    body = client.get(f"{API}/runs/{run}/outline?width=4").json()
    OutlineOut.model_validate(body, extra="forbid")
    columns = body["columns"]
    assert _named(body, "name") == ["invoke support", "chat gpt-4o", "lookup"]
    assert _named(body, "kind") == ["agent", "llm", "tool"]
    assert (columns["parent"], columns["depth"], columns["end"]) == ([-1, 0, 0], [0, 1, 1], [3, 2, 3])
    assert columns["offset_us"] == [0, 1_000_000, 2_000_000]
    assert [bool(flags & OWN_ERROR) for flags in columns["flags"]] == [False, False, True]
    assert columns["tokens_input"] == [None, 1000, None]
    assert columns["cost_usd"][1] > 0
    assert (body["state"], body["spans"], body["end_us"], body["next_cursor"]) == ("whole", 3, 3_000_000, None)
    assert len(body["buckets"]["spans"]) == 4
    assert sum(body["buckets"]["errors"]) > 0


def test_pages_follow_the_place_and_not_a_number(deck, client, raw) -> None:
    """A span that arrives before the cursor's place between two pages shifts nothing."""
    spans = [raw(1, 1, attributes=AGENT), raw(1, 3, 1), raw(1, 5, 1), raw(1, 7, 1)]
    (run,) = deck.take(spans)
    first = client.get(f"{API}/runs/{run}/outline?limit=3").json()
    late = raw(1, 2, 1)
    everything = [deck.canonical.canonicalize(one) for one in [*spans, late]]
    seq = deck.store.commit(Batch([(everything[-1], late)]))
    deck.store.put_runs([tree.run for tree in deck.services().build_runs(everything)], [], settled_seq=seq)
    second = client.get(f"{API}/runs/{run}/outline", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert _named(second, "name") == ["span 7"]
    assert second["columns"]["row"] == [4]


def test_quick_answers_a_beginning_until_the_whole_is_ready(deck, client, raw) -> None:
    (run,) = deck.take([raw(1, 1, attributes=AGENT), *(raw(1, n, 1) for n in range(2, 30))])
    quick = client.get(f"{API}/runs/{run}/outline?quick=true&limit=5").json()
    assert (quick["state"], len(quick["columns"]["row"])) == ("first", 5)
    assert client.get(f"{API}/runs/{run}/outline?limit=100").json()["state"] == "whole"
    assert client.get(f"{API}/runs/{run}/outline?quick=true&limit=5").json()["state"] == "whole"


def test_depth_and_window_choose_rows(deck, client, raw) -> None:
    (run,) = deck.take([raw(1, 1, attributes=AGENT), raw(1, 2, 1), raw(1, 3, 2), raw(1, 6, 1)])
    shallow = client.get(f"{API}/runs/{run}/outline?depth=1").json()
    assert shallow["columns"]["row"] == [0, 1, 3]
    assert shallow["columns"]["end"][1] == 3  # so a reader knows that something is below
    late = client.get(f"{API}/runs/{run}/outline?from_ms=4500").json()
    assert _named(late, "name") == ["span 6"]
    buckets = client.get(f"{API}/runs/{run}/outline?limit=0&width=2&from_ms=0&to_ms=4000").json()
    assert (buckets["columns"]["row"], len(buckets["buckets"]["spans"])) == ([], 2)


@pytest.mark.parametrize(
    "query", ["cursor=bm9uZQ", "from_ms=5&to_ms=5&width=9", "width=0", "limit=50001", "quick=perhaps"]
)
def test_bad_questions_are_answered_clearly(deck, client, trace, query) -> None:
    (run,) = deck.take(trace(1))
    answer = client.get(f"{API}/runs/{run}/outline?{query}")
    assert answer.status_code == 400
    assert "expected" in answer.json()["detail"]


def test_a_missing_span_stands_where_its_children_begin(deck, client, raw) -> None:
    (run,) = deck.take([raw(1, 4, 9, attributes=AGENT), raw(1, 5, 9, attributes=AGENT)])
    columns = client.get(f"{API}/runs/{run}/outline").json()["columns"]
    missing = [row for row, flags in enumerate(columns["flags"]) if flags & SYNTHETIC]
    assert missing
    assert all(columns["duration_us"][row] is None for row in missing)
    assert columns["offset_us"][missing[0]] == min(columns["offset_us"])


def test_an_unknown_run_is_not_found(client) -> None:
    assert client.get(f"{API}/runs/none/outline").status_code == 404
    assert client.get(f"{API}/runs/none/outline?quick=true").status_code == 404


def test_the_critical_path_goes_back_from_the_last_end() -> None:
    """root 0-100: a 0-40 and b 0-60 in parallel, then c 60-100 with d 70-90 inside."""
    parent, offset, duration = [-1, 0, 0, 0, 3], [0, 0, 0, 60, 70], [100, 40, 60, 40, 20]
    assert set(critical_path(parent, offset, duration)) == {0, 2, 3, 4}
    assert critical_path([], [], []) == []


def test_a_span_without_end_is_as_long_as_what_is_below_it() -> None:
    assert set(critical_path([-1, 0, -1], [0, 10, 5], [None, 50, 20])) == {0, 1}


@given(st.lists(st.tuples(st.integers(-1, 30), st.integers(0, 1000), st.none() | st.integers(0, 500)), max_size=30))
def test_the_critical_path_ends_for_any_forest_and_names_each_row_once(rows) -> None:
    parent = [min(above, row - 1) for row, (above, _, _) in enumerate(rows)]
    path = critical_path(parent, [start for _, start, _ in rows], [length for _, _, length in rows])
    assert len(path) == len(set(path))
    assert all(parent[row] < 0 or parent[row] in path for row in path)


def _outline(deck, spans):
    (run_id,) = deck.take(spans)
    run, found = deck.store.run_spans("default", run_id)
    (tree,) = deck.services().build_runs(found)
    return outline_of(run, tree.nodes, {(s.trace_id, s.span_id): s for s in found}, lambda _: None)


def test_each_bucket_counts_who_is_at_work_in_it(deck, raw) -> None:
    outline = _outline(deck, [raw(1, 1, attributes=AGENT), raw(1, 2, 1), raw(1, 3, 1)])
    found = density(outline, from_us=0, to_us=3_000_000, width=3)
    brute = [
        sum(
            start < (pixel + 1) * 1_000_000 and start + (length or 0) >= pixel * 1_000_000
            for start, length in zip(outline.columns.offset_us, outline.columns.duration_us, strict=True)
        )
        for pixel in range(3)
    ]
    assert found.spans == brute
    assert found.errors == [0, 0, 0]


def test_a_span_that_has_not_ended_says_so(deck, raw) -> None:
    outline = _outline(deck, [raw(1, 1, attributes=AGENT, end_ns=0), raw(1, 2, 1)])
    assert outline.columns.flags[0] & OPEN
    assert outline.columns.flags[1] & CRITICAL
    assert outline.columns.duration_us[0] is None


def test_a_chain_of_fifty_thousand_is_no_recursion(deck, raw) -> None:
    """Its rows come out in one pass, and the last one knows how deep it is."""
    outline = _outline(deck, [raw(1, 1, attributes=AGENT)])
    nodes = [SpanNode("a", str(n), str(n - 1) if n else "", "r", n) for n in range(50_000)]
    chain = outline_of(replace(outline.run, spans=50_000), nodes, {}, lambda _: None)
    assert (chain.columns.depth[-1], chain.columns.end[0]) == (49_999, 50_000)
    page = page_of(chain, Wanted(2))
    assert columns_of(chain, page.rows)["span_id"] == ["0", "1"]
    with pytest.raises(BadInput, match="next_cursor"):
        page_of(chain, Wanted(2, "!"))


def test_two_threads_do_not_build_the_same_thing_at_once() -> None:
    alone: Alone[str] = Alone()
    inside, most, gate = 0, 0, threading.Barrier(4)

    def work() -> None:
        nonlocal inside, most
        gate.wait()
        with alone.of("run"):
            inside += 1
            most = max(most, inside)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert alone._held == {}
