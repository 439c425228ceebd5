"""The table of traces: repeats are told, later states win in any order, and memory stays bounded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.model.spans import Span
from quarterdeck.observe.pipeline.membership import Membership
from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.pipeline.rate import TokenBuckets
from quarterdeck.observe.pipeline.settle import REST_S_PER_SPAN, Settler
from quarterdeck.observe.pipeline.traces import Pair, TraceTable
from quarterdeck.store.interface import Batch
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.trace_numbers import pages_of


def pair(trace: int, span: int, *, end: int = 5, **changes: Any) -> Pair:
    values: dict[str, Any] = dict.fromkeys(Span._fields)
    values |= {
        "project": "default", "trace_id": f"{trace:032x}", "span_id": f"{span:016x}", "parent_span_id": "",
        "name": "n", "start_ns": 1, "end_ns": end, "status": "unset", "op_kind": "other", "dialect": "d",
        "mapping_version": 1, "usage_scope": "none",
    }  # fmt: skip
    values |= changes
    made = Span(**values)
    raw = RawSpan(
        made.project, made.trace_id, made.span_id, "", "", "n", 1, 1, end, 0, "", {}, (), (),
        Resource({}, ""), Scope("", "", {}, ""),
    )  # fmt: skip
    return made, raw


def table(store: MemoryStore, spans_max: int = 1000) -> TraceTable:
    small = Membership(bits=1 << 12)
    made = TraceTable(store.load_traces, store.runs_of_traces, spans_max=spans_max, stored=small)
    made.remember_stored(store.trace_numbers())
    return made


def write(store: MemoryStore, traces: TraceTable, pairs: Sequence[Pair], now_s: float = 0.0) -> tuple[int, int, int]:
    plan = traces.plan([pairs])
    seq = store.commit(Batch(plan.new, plan.replaced))
    traces.apply(plan, seq, now_s)
    return len(plan.new), len(plan.replaced), plan.repeated


def stored(store: MemoryStore) -> set[Span]:
    return {span for spans in store.load_traces(list(store.trace_keys())).values() for span in spans}


def test_a_repeat_changes_nothing_within_a_batch_later_or_after_a_restart() -> None:
    store = MemoryStore()
    traces = table(store)
    assert write(store, traces, [pair(1, 1), pair(1, 1), pair(1, 2)]) == (2, 0, 1)
    assert write(store, traces, [pair(1, 2)]) == (0, 0, 1)
    assert write(store, table(store), [pair(1, 1), pair(1, 3)]) == (1, 0, 1)
    assert len(stored(store)) == 3


def test_an_ended_span_replaces_its_unended_form_and_never_the_reverse() -> None:
    store = MemoryStore()
    traces = table(store)
    assert write(store, traces, [pair(1, 1, end=0)]) == (1, 0, 0)
    assert write(store, traces, [pair(1, 1, end=9), pair(1, 1, end=0)]) == (0, 1, 1)
    assert write(store, traces, [pair(1, 1, end=0)]) == (0, 0, 1)
    assert {span.end_ns for span in stored(store)} == {9}


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2)), max_size=12), st.randoms())
def test_any_order_split_and_restart_gives_the_same_store(
    found: list[tuple[int, int, int]], rng: random.Random
) -> None:
    def play(pairs: list[Pair]) -> set[Span]:
        store = MemoryStore()
        traces = table(store)
        while pairs:
            size = rng.randint(1, len(pairs))
            write(store, traces, pairs[:size])
            pairs = pairs[size:]
            if rng.random() < 0.3:
                traces = table(store)
        return stored(store)

    pairs = [pair(trace, span, end=end) for trace, span, end in found]
    expected = play(list(pairs))
    rng.shuffle(pairs)
    assert play(pairs) == expected
    assert len(expected) == len({(t, s) for t, s, _ in found})


def test_a_request_is_whole_when_all_it_brings_is_new_and_stands() -> None:
    store = MemoryStore()
    traces = table(store)
    write(store, traces, [pair(1, 1)])
    plan = traces.plan(
        [[pair(2, 1), pair(2, 2)], [pair(1, 1), pair(1, 2)], [pair(3, 1, end=0)], [pair(3, 1, end=7), pair(4, 1)]]
    )
    assert plan.whole == [True, False, False, False]
    assert [(s.trace_id[-1], s.span_id[-1], s.end_ns) for s, _ in plan.loose] == [
        ("1", "2", 5),
        ("3", "1", 7),
        ("4", "1", 5),
    ]
    assert (len(plan.new), len(plan.replaced), plan.repeated) == (5, 0, 2)


def test_a_trace_that_changed_while_its_runs_were_built_stays_dirty() -> None:
    store = MemoryStore()
    traces = table(store)
    key = ("default", f"{1:032x}")
    write(store, traces, [pair(1, 1)])
    changes = traces.get(key).changes
    write(store, traces, [pair(1, 2)])
    traces.settled(key, frozenset({"r"}), changes)
    assert traces.due(99.0, 0.0, 0.0) == [key]
    traces.settled(key, frozenset({"r"}), traces.get(key).changes)
    assert traces.due(99.0, 0.0, 0.0) == []


def test_a_trace_is_due_when_quiet_or_when_it_waited_long_enough() -> None:
    store = MemoryStore()
    traces = table(store)
    write(store, traces, [pair(1, 1)], now_s=10.0)
    write(store, traces, [pair(2, 1)], now_s=10.5)
    assert traces.due(10.6, quiet_s=1.0, lag_max_s=3.0) == []
    write(store, traces, [pair(1, 2)], now_s=11.0)
    assert traces.due(11.6, quiet_s=1.0, lag_max_s=3.0) == [("default", f"{2:032x}")]
    write(store, traces, [pair(1, 3)], now_s=12.9)
    assert ("default", f"{1:032x}") in traces.due(13.1, quiet_s=1.0, lag_max_s=3.0)
    assert traces.oldest_dirty_s() == 10.0


def test_settled_seq_stays_before_the_first_unsettled_commit() -> None:
    store = MemoryStore()
    traces = table(store)
    write(store, traces, [pair(1, 1)])
    write(store, traces, [pair(2, 1)])
    write(store, traces, [pair(1, 2)])
    first, second = ("default", f"{1:032x}"), ("default", f"{2:032x}")
    assert traces.settled_seq_without(set(), 3) == 0
    assert traces.settled_seq_without({first}, 3) == 1
    assert traces.settled_seq_without({first, second}, 3) == 3
    traces.settled(first, frozenset({"r"}))
    assert traces.settled_seq_without(set(), 3) == 1


def test_only_settled_traces_leave_and_come_back_whole() -> None:
    store = MemoryStore()
    traces = table(store, spans_max=4)
    for trace in range(1, 5):
        write(store, traces, [pair(trace, 1), pair(trace, 2)])
    assert traces.evict() == 0
    for trace in range(1, 4):
        traces.settled(("default", f"{trace:032x}"), frozenset())
    assert traces.evict() == 2
    assert traces.span_count == 4
    assert write(store, traces, [pair(1, 2), pair(1, 3)]) == (1, 0, 1)
    assert len(traces.get(("default", f"{1:032x}")).spans) == 3
    assert traces.reads_back == 1


def test_what_is_settled_never_passes_a_trace_that_a_crash_left_over() -> None:
    """Else the next crash would forget its run for ever."""
    store = MemoryStore()
    write(store, table(store), [pair(1, 1)])
    traces = table(store)  # after a crash: trace 1 is committed and has no run
    left, new = ("default", f"{1:032x}"), ("default", f"{2:032x}")
    traces.bring([left])
    traces.mark(left, 0.0, unsettled_seq=1)
    write(store, traces, [pair(2, 1)])
    assert traces.settled_seq_without({new}, last_seq=2) == 0
    assert traces.settled_seq_without({left, new}, last_seq=2) == 2


def test_a_span_that_comes_to_a_trace_marked_by_ageing_keeps_it_open() -> None:
    store = MemoryStore()
    traces = table(store)
    key = ("default", f"{1:032x}")
    write(store, traces, [pair(1, 1)])
    traces.settled(key, frozenset())
    traces.mark(key, 1.0)
    assert traces.settled_seq_without(set(), last_seq=1) == 1
    write(store, traces, [pair(1, 2)])
    assert traces.settled_seq_without(set(), last_seq=2) == 1


def test_explicit_run_ids_join_traces() -> None:
    store = MemoryStore()
    traces = table(store)
    write(
        store, traces, [pair(1, 1, run_id="r"), pair(2, 1, run_id="r"), pair(2, 2, run_id="s"), pair(3, 1, run_id="s")]
    )
    write(store, traces, [pair(4, 1)])
    keys = {n: ("default", f"{n:032x}") for n in range(1, 5)}
    assert traces.joined(keys[1]) == {keys[1], keys[2], keys[3]}
    assert traces.joined(keys[4]) == {keys[4]}
    assert traces.explicit_runs(keys[2]) == {("default", "r"), ("default", "s")}


def test_membership_never_denies_a_member_and_seldom_claims_a_stranger() -> None:
    members = Membership(bits=1 << 16)
    ids = [f"{random.Random(i).getrandbits(128):032x}" for i in range(6000)]
    for trace_id in ids[:3000]:
        members.add(("p", trace_id))
    assert all(members.maybe(("p", trace_id)) for trace_id in ids[:3000])
    assert sum(members.maybe(("q", trace_id)) for trace_id in ids[:3000]) < 150
    assert sum(members.maybe(("p", trace_id)) for trace_id in ids[3000:]) < 150


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2**128 - 1)), max_size=50), st.integers(0, 2**64 - 1))
def test_traces_added_in_pages_are_those_added_one_by_one(found: list[tuple[str, int]], key: int) -> None:
    keys = [(project, f"{number:032x}") for project, number in found]
    one_by_one, paged = Membership(1 << 14, (key, ~key & (2**64 - 1))), Membership(1 << 14, (key, ~key & (2**64 - 1)))
    for trace in keys:
        one_by_one.add(trace)
    for page in pages_of(keys):
        paged.add_numbers(*page)
    assert one_by_one._table == paged._table


def test_rate_of_a_project_is_bounded_and_recovers() -> None:
    buckets = TokenBuckets(100.0)
    assert buckets.wait_s("a", 0.0) == 0.0
    buckets.spend("a", 250, 0.0)
    assert 1.4 < buckets.wait_s("a", 0.0) < 1.6
    assert buckets.wait_s("b", 0.0) == 0.0
    assert buckets.wait_s("a", 1.6) == 0.0
    assert TokenBuckets(0.0).wait_s("a", 0.0) == 0.0


def test_a_long_trace_rests_between_two_buildings_and_a_stop_does_not_wait() -> None:
    store = MemoryStore()
    traces = table(store)
    settler = Settler(traces, store, lambda spans, now_ns: [], PipelineOptions())
    write(store, traces, [pair(1, i) for i in range(1, 2_001)], now_s=10.0)
    taken = settler.take(11.0, 0)
    assert taken is not None
    settler.put(taken, settler.build(taken), 1)
    write(store, traces, [pair(1, 5_000)], now_s=11.0)
    rested_s = 11.0 + REST_S_PER_SPAN * 2_000
    assert traces.due(rested_s - 0.01, 0.0, 0.0, rested=True) == []
    assert traces.due(rested_s + 0.01, 0.0, 0.0, rested=True) == [("default", f"{1:032x}")]
    assert settler.take(rested_s - 0.01, 0) is None
    assert settler.take(rested_s - 0.01, 0, everything=True) is not None
