"""The counter of unread keys: exact while there is room, bounded always."""

from __future__ import annotations

from quarterdeck.observe.canonical.unmapped import OTHER_KEY, UnmappedCounter


def test_counts_per_project_key_dialect_and_scope() -> None:
    counter = UnmappedCounter()
    counter.note("p", ("a", "b"), "d", "s", "t1")
    counter.note("p", ("a",), "d", "s", "t2")
    counter.note("q", ("a",), "d", "s", "t3")
    found = {(item.project, item.key): (item.count, item.example_trace_id) for item in counter.drain(9)}
    assert found == {("p", "a"): (2, "t1"), ("p", "b"): (1, "t1"), ("q", "a"): (1, "t3")}


def test_beyond_the_bound_keys_are_counted_together_and_the_bound_outlives_a_drain() -> None:
    counter = UnmappedCounter(distinct_max=2)
    counter.note("p", ("a", "b", "c", "d"), "x", "s", "t")
    assert {item.key: item.count for item in counter.drain(1)} == {"a": 1, "b": 1, OTHER_KEY: 2}
    counter.note("p", ("a", "e"), "x", "s", "t")
    assert {item.key: item.count for item in counter.drain(2)} == {"a": 1, OTHER_KEY: 1}
