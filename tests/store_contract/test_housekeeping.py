"""Upkeep: who is named where, what grew old, and skeletons written anew under raw forms that stay."""

from __future__ import annotations

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.store.interface import Batch, TelemetryStore

from .builders import MINUTE_NS, START_NS, make_pair, make_run, span_id, trace_id

HOUR = (START_NS, START_NS + 60 * MINUTE_NS)


def test_projects_are_those_with_a_span_or_a_run(store: TelemetryStore) -> None:
    assert list(store.projects()) == []
    store.commit(Batch([make_pair(project="b"), make_pair()]))
    store.put_runs([make_run(project="a")], [], settled_seq=1)
    assert list(store.projects()) == ["a", "b", "default"]


def test_traces_are_found_by_who_their_spans_name(store: TelemetryStore) -> None:
    pairs = [
        make_pair(1, 1, session_id="s1"), make_pair(1, 2), make_pair(2, 1, user_hash="u1"), make_pair(3, 1, session_id="s2"),
        make_pair(4, 1, session_id="s1", project="other"),
    ]  # fmt: skip
    store.commit(Batch(pairs))
    assert list(store.traces_naming("default", session_ids=["s1"])) == [trace_id(1)]
    assert list(store.traces_naming("default", user_hashes=["u1", "u9"])) == [trace_id(2)]
    assert list(store.traces_naming("default", session_ids=["s1", "s2"], user_hashes=["u1"])) == [
        trace_id(n) for n in (1, 2, 3)
    ]
    assert list(store.traces_naming("default", session_ids=["none"])) == []
    assert list(store.traces_naming("default")) == []


def test_skeletons_are_replaced_and_raw_forms_stay(store: TelemetryStore) -> None:
    first, second = make_pair(1, 1, dialect="old"), make_pair(1, 2)
    store.commit(Batch([first, second]))
    changed = first[0]._replace(dialect="new", tokens_input=7, mapping_version=2, end_ns=first[0].end_ns)
    assert store.put_skeletons([changed, make_pair(9, 9)[0]]) == 1
    spans = store.load_traces([("default", trace_id(1))])[("default", trace_id(1))]
    assert list(spans) == [changed, second[0]]
    key = (trace_id(1), span_id(1))
    assert store.spans_raw("default", [key]) == {key: first[1]}
    assert {row["dialect"]: row["spans"] for row in store.coverage("default")} == {"new": 1, "otel_genai": 1}
    assert store.put_skeletons([]) == 0


def test_what_else_names_a_session_or_a_trace_is_forgotten(store: TelemetryStore) -> None:
    decisions = [BodyDecision("default", key, True, 1.0, "error", "s", 5) for key in ("s1", "s2")]
    store.decide_bodies(decisions)
    rejections = [Rejection("default", 1, "no_time", "d", trace_id(n), span_id(1), f"name {n}") for n in (1, 2)]
    unmapped = [UnmappedKey("default", f"k{n}", "d", "s", 3, 1, 2, trace_id(n)) for n in (1, 2)]
    store.commit(Batch([make_pair(1, 1)], rejections=rejections, unmapped=unmapped))
    store.forget("default", session_keys=["s1"], trace_ids=[trace_id(1)])
    assert set(store.body_decisions("default", ["s1", "s2"])) == {"s2"}
    assert [row.trace_id for row in store.rejections("default", cursor=None, limit=9).items] == [trace_id(2)]
    assert {row.key: (row.count, row.example_trace_id) for row in store.unmapped("default", limit=9)} == {
        "k1": (3, ""),
        "k2": (3, trace_id(2)),
    }


def test_old_runs_go_and_their_rollups_stay(store: TelemetryStore) -> None:
    old = [make_run(n, last_seen_ns=START_NS + n, started_at_ns=START_NS, lifecycle="finished") for n in (1, 2, 3)]
    live = make_run(4, last_seen_ns=START_NS, started_at_ns=START_NS, lifecycle="waiting")
    store.put_runs([*old, live], [], settled_seq=1)
    before = store.cohorts("default", *HOUR, ["agent"], limit=9)
    assert store.expire_runs("default", before_ns=START_NS + 3, limit=1) == 1
    assert store.expire_runs("default", before_ns=START_NS + 3, limit=9) == 1
    assert store.expire_runs("default", before_ns=START_NS + 3, limit=9) == 0
    left = {run.run_id for run in store.live_runs(limit=9)} | {
        run_id
        for n in (1, 2, 3)
        for run_id in store.traces_of_runs([("default", old[n - 1].run_id)])
        for run_id in run_id[1:]
    }
    assert left == {live.run_id, old[2].run_id}
    after = store.cohorts("default", *HOUR, ["agent"], limit=9)
    assert [row.runs for row in after] == [row.runs for row in before]


def test_runs_stay_as_long_as_a_span_of_theirs_is_stored(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1)]))
    store.put_runs([make_run(n, last_seen_ns=START_NS, lifecycle="finished") for n in (1, 2)], [], settled_seq=1)
    assert store.expire_runs("default", before_ns=START_NS + 1, limit=9) == 1
    store.erase_spans("default", [(trace_id(1), span_id(1))])
    assert store.expire_runs("default", before_ns=START_NS + 1, limit=9) == 1


def test_traces_grow_old_by_their_last_arrival_whatever_times_they_carry(store: TelemetryStore) -> None:
    assert list(store.old_traces("default", arrived_before_ns=10**20, limit=9)) == []
    store.commit(Batch([make_pair(1, 1, start_ns=5), make_pair(2, 1, start_ns=START_NS), make_pair(9, 1, project="p")]))
    store.note_time(100)
    store.commit(Batch([make_pair(2, 2), make_pair(3, 1, start_ns=7)]))
    store.note_time(200)
    assert list(store.old_traces("default", arrived_before_ns=99, limit=9)) == []
    assert list(store.old_traces("default", arrived_before_ns=199, limit=9)) == [trace_id(1)]
    assert list(store.old_traces("default", arrived_before_ns=200, limit=9)) == [trace_id(n) for n in (1, 2, 3)]
    assert list(store.old_traces("default", arrived_before_ns=200, limit=2)) == [trace_id(n) for n in (1, 2)]
    assert store.earliest_start_since("default", 99) == 5
    assert store.earliest_start_since("default", 199) == 7
    assert store.earliest_start_since("default", 200) is None


def test_old_rollups_go_by_whole_minutes(store: TelemetryStore) -> None:
    runs = [
        make_run(n, started_at_ns=START_NS + n * MINUTE_NS, last_seen_ns=START_NS, lifecycle="finished") for n in (0, 1)
    ]
    store.put_runs(runs, [], settled_seq=1)
    assert store.expire_runs("default", before_ns=START_NS + 1, limit=9) == 2
    assert store.expire_rollups("default", before_ns=START_NS + MINUTE_NS - 1) == 0
    assert store.expire_rollups("default", before_ns=START_NS + MINUTE_NS) == 1
    assert sum(row.runs for row in store.cohorts("default", *HOUR, ["agent"], limit=9)) == 1
