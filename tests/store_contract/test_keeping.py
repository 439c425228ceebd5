"""All spans in order, for export; and spans that are erased."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.store.interface import Batch, Erased, TelemetryStore

from .builders import START_NS, make_pair, make_run, span_id, trace_id
from .test_bodies import body_at, log, text


def scan(store: TelemetryStore, *, limit: int = 2, project: str = "default", **bounds: int | None) -> list[Any]:
    """All pages."""
    found: list[Any] = []
    cursor = None
    window = {"since_ns": None, "until_ns": None} | bounds
    while True:
        page = store.scan_spans(project, cursor=cursor, limit=limit, **window)
        found += page.items
        assert len(page.items) <= limit
        if page.next_cursor is None:
            return found
        assert len(page.items) == limit
        cursor = page.next_cursor


def test_a_scan_gives_every_span_once_in_the_order_of_commits(store: TelemetryStore) -> None:
    first = [make_pair(2, 5), make_pair(1, 1, end_ns=0), make_pair(1, 2, project="p")]
    second = [make_pair(1, n, raw={"attributes": {"n": n, "body": text(f"{n} ")}}) for n in range(3, 9)]
    replaced = make_pair(1, 1)
    store.commit(Batch(first))
    store.commit(Batch(second[:2]))
    store.commit(Batch(second[2:], replaced=[replaced]))
    expected = [first[0], *second, replaced]
    for limit in (1, 2, 3, 8, 50):
        assert scan(store, limit=limit) == expected
    assert scan(store, project="p") == [first[2]]
    assert scan(store, project="nobody") == []


def test_a_scan_goes_on_where_it_was_left_whatever_came_in_between(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, n) for n in (1, 2, 3)]))
    page = store.scan_spans("default", since_ns=None, until_ns=None, cursor=None, limit=2)
    store.commit(Batch([make_pair(1, 4)], replaced=[make_pair(1, 1, end_ns=START_NS * 2)]))
    rest = store.scan_spans("default", since_ns=None, until_ns=None, cursor=page.next_cursor, limit=9)
    assert [span.span_id for span, _ in rest.items] == [span_id(n) for n in (3, 4, 1)]


def test_bounds_of_a_scan_are_on_the_start_half_open(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, n, start_ns=START_NS + n) for n in (4, 1, 3, 2)]))
    found = scan(store, since_ns=START_NS + 2, until_ns=START_NS + 4)
    assert [span.start_ns - START_NS for span, _ in found] == [3, 2]


@pytest.mark.parametrize("cursor", ["", "x", "WyJydW5zIl0"])
def test_a_cursor_of_something_else_is_refused(store: TelemetryStore, cursor: str) -> None:
    with pytest.raises(BadInput, match="cursor"):
        store.scan_spans("default", since_ns=None, until_ns=None, cursor=cursor, limit=2)
    with pytest.raises(BadInput, match="limit 0"):
        store.scan_spans("default", since_ns=None, until_ns=None, cursor=None, limit=0)


def key(trace: int, span: int) -> tuple[str, str]:
    return trace_id(trace), span_id(span)


def test_erased_spans_are_gone_everywhere_and_others_are_whole(store: TelemetryStore) -> None:
    history = text("system prompt ", 3000)
    pairs = [
        make_pair(1, n, session_id="s", raw={"attributes": {"body": history + text(f"turn {n} ") * n, "n": n}})
        for n in range(1, 6)
    ]
    for pair in pairs:
        store.commit(Batch([pair]))
    seq = store.commit(Batch([make_pair(2, 1), make_pair(1, 3, project="p")], logs=[log(1, 3, 1), log(1, 4, 1)]))
    store.put_runs([make_run(1)], [], settled_seq=seq - 4)
    assert store.erase_spans("default", [key(1, 3), key(1, 1), key(2, 1), key(1, 3), key(9, 9)]) == Erased(3, 2)
    assert store.erase_spans("default", [key(1, 3)]) == Erased(0, 0)
    left = [pairs[1], pairs[3], pairs[4]]
    assert store.load_traces([("default", trace_id(1)), ("default", trace_id(2))]) == {
        ("default", trace_id(1)): [span for span, _ in left]
    }
    assert [body_at(store, key(1, n)) for n in (2, 4, 5)] == [raw.attributes["body"] for _, raw in left]
    assert store.spans_raw("default", [key(1, 3)]) == {}
    assert len(store.spans_raw("default", [key(1, 4)])[key(1, 4)].events) == 1
    assert len(scan(store)) == 3
    assert sorted(store.trace_keys()) == [("default", trace_id(1)), ("p", trace_id(1))]
    assert ("default", trace_id(2)) not in store.unsettled()
    assert store.coverage("default")[0]["spans"] == 3
    assert store.coverage("p")[0]["spans"] == 1
    counts = store.counts()
    assert (counts["spans"], counts["traces"], counts["logs"]) == (4, 2, 1)


def test_an_erased_span_may_come_again(store: TelemetryStore) -> None:
    pair = make_pair(1, 1, raw={"attributes": {"body": text("x")}})
    store.commit(Batch([pair]))
    assert store.erase_spans("default", [key(1, 1)]) == Erased(1, 1)
    store.commit(Batch([pair]))
    assert scan(store) == [pair]


def test_nothing_to_erase_is_nothing_erased(store: TelemetryStore) -> None:
    assert store.erase_spans("default", []) == Erased(0, 0)
    assert store.erase_spans("default", [("not hex", "x")]) == Erased(0, 0)
