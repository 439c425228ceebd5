"""Bodies: decided, dropped and expired by session, told from facts, and never lost by accident."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.raw import Absent, RawEvent, RawLink, RawLog, RawSpan
from quarterdeck.store.interface import Batch, RunFilter, TelemetryStore

from .builders import START_NS, make_pair, make_run, span_id, trace_id

LONG = 400
SECOND_NS = 1_000_000_000


def text(word: str, length: int = LONG) -> str:
    """A body: the word repeated."""
    return (word * (1 + length // len(word)))[:length]


def decision(session_key: str, *, kept: bool = False, **changes: Any) -> BodyDecision:
    values: dict[str, Any] = {
        "project": "default", "session_key": session_key, "kept": kept, "probability": 0.25, "reason": "reservoir",
        "stratum": "a|b", "decided_at_ns": START_NS,
    }  # fmt: skip
    return BodyDecision(**(values | changes))


def session_of(store: TelemetryStore, number: int, session: str | None, **changes: Any) -> tuple[str, str]:
    """One trace of two spans with a run, in a session; the key of its first span."""
    trace = changes.pop("trace", number)
    pairs = [
        make_pair(trace, n, session_id=session, raw={"attributes": {"body": text(f"{session} {number}.{n} "), "n": n}})
        for n in (1, 2)
    ]
    store.commit(Batch(pairs))
    run = make_run(number, trace_ids=(trace_id(trace),), session_id=session, **changes)
    store.put_runs([run], [], settled_seq=0)
    return trace_id(trace), span_id(1)


def body_at(store: TelemetryStore, key: tuple[str, str], name: str = "body") -> Any:
    return store.spans_raw("default", [key])[key].attributes[name]


def purge(store: TelemetryStore, *, limit: int = 10) -> int:
    return store.purge_bodies(decided_before_ns=START_NS + 1, limit=limit)


def test_runs_that_wait_for_a_decision_are_the_silent_finished_ones_oldest_first(store: TelemetryStore) -> None:
    store.put_runs(
        [
            make_run(1, last_seen_ns=START_NS + 3, session_id="s"),
            make_run(2, last_seen_ns=START_NS + 1),
            make_run(3, last_seen_ns=START_NS + 2, lifecycle="lost", project="p"),
            make_run(4, last_seen_ns=START_NS + 1, lifecycle="running"),
            make_run(5, last_seen_ns=START_NS + 9),
            make_run(6, last_seen_ns=START_NS + 1, session_id="decided"),
        ],
        [],
        settled_seq=0,
    )
    store.decide_bodies([decision("decided"), decision("run-00002", project="p"), decision("s", project="p")])
    found = store.undecided_runs(silent_since_ns=START_NS + 9, limit=9)
    assert [run.run_id for run in found] == ["run-00002", "run-00003", "run-00001"]
    assert len(store.undecided_runs(silent_since_ns=START_NS + 9, limit=2)) == 2
    with pytest.raises(BadInput, match="limit 0"):
        store.undecided_runs(silent_since_ns=START_NS, limit=0)


def test_a_decision_is_replaced_by_session_and_told_with_every_run_of_it(store: TelemetryStore) -> None:
    runs = [make_run(1, session_id="s"), make_run(2, session_id="s"), make_run(3), make_run(4, session_id="")]
    store.put_runs(runs, [], settled_seq=0)
    store.decide_bodies([decision("s"), decision("run-00003", kept=True, probability=None), decision("run-00004")])
    store.decide_bodies([decision("s", kept=True, probability=1.0, reason="late_evidence")])
    store.decide_bodies([])
    assert store.body_decisions("default", ["s", "run-00003", "nobody"]) == {
        "s": decision("s", kept=True, probability=1.0, reason="late_evidence"),
        "run-00003": decision("run-00003", kept=True, probability=None),
    }
    assert store.body_decisions("other", ["s"]) == {}
    listed = store.list_runs(RunFilter("default"), sort="-started_at", cursor=None, limit=9).items
    told = [(run.body_probability, run.body_reason) for run in listed]
    assert told == [(1.0, "late_evidence"), (1.0, "late_evidence"), (None, "reservoir"), (0.25, "reservoir")]
    assert store.get_run("default", "run-00001").body_reason == "late_evidence"
    assert store.session_runs("default", "s")[1].body_probability == 1.0
    assert store.run_spans("default", "run-00003")[0].body_reason == "reservoir"


def test_what_a_run_says_of_its_bodies_is_the_decision_not_what_was_written(store: TelemetryStore) -> None:
    store.put_runs([make_run(1, body_probability=0.5, body_reason="made up")], [], settled_seq=0)
    found = store.get_run("default", "run-00001")
    assert (found.body_probability, found.body_reason) == (None, None)


def test_the_weight_of_a_run_comes_back_also_when_unknown(store: TelemetryStore) -> None:
    store.put_runs([make_run(1, weight=12.5), make_run(2, weight=None), make_run(3)], [], settled_seq=0)
    assert [store.get_run("default", f"run-{n:05d}").weight for n in (1, 2, 3)] == [12.5, None, 1.0]


def test_purging_takes_the_bodies_of_sessions_decided_against_and_leaves_facts(store: TelemetryStore) -> None:
    dropped, kept, undecided = (session_of(store, n, f"s{n}") for n in (1, 2, 3))
    store.decide_bodies([decision("s1"), decision("s2", kept=True)])
    before = store.spans_raw("default", [dropped])[dropped]
    assert purge(store) == 2
    after = store.spans_raw("default", [dropped])[dropped]
    assert after == before._replace(attributes={"body": Absent("sampled", LONG), "n": 1})
    assert body_at(store, kept) == text("s2 2.1 ")
    assert body_at(store, undecided) == text("s3 3.1 ")
    assert purge(store) == 0
    assert store.body_decisions("default", ["s1"]) == {"s1": decision("s1")}


def test_nothing_goes_before_its_time_and_a_change_of_mind_keeps(store: TelemetryStore) -> None:
    early, late, saved = (session_of(store, n, f"s{n}") for n in (1, 2, 3))
    store.decide_bodies([decision("s1"), decision("s2", decided_at_ns=START_NS + 5), decision("s3")])
    store.decide_bodies([decision("s3", kept=True)])
    assert purge(store) == 2
    assert body_at(store, early) == Absent("sampled", LONG)
    assert body_at(store, late) == text("s2 2.1 ")
    assert body_at(store, saved) == text("s3 3.1 ")


def test_a_purge_takes_at_most_so_many_sessions(store: TelemetryStore) -> None:
    for n in (1, 2, 3):
        session_of(store, n, f"s{n}")
    store.decide_bodies([decision(f"s{n}", decided_at_ns=START_NS - n) for n in (1, 2, 3)])
    assert [purge(store, limit=2), purge(store, limit=2), purge(store, limit=2)] == [4, 2, 0]
    with pytest.raises(BadInput, match="limit 0"):
        purge(store, limit=0)


def test_bodies_that_come_after_the_purge_go_with_the_next(store: TelemetryStore) -> None:
    session_of(store, 1, "s")
    store.decide_bodies([decision("s")])
    assert purge(store) == 2
    late = make_pair(1, 9, session_id="s", raw={"attributes": {"body": text("late ")}})
    store.commit(Batch([late]))
    key = (trace_id(1), span_id(9))
    assert body_at(store, key) == text("late ")
    assert purge(store) == 1
    assert body_at(store, key) == Absent("sampled", LONG)


def test_runs_without_a_session_are_dropped_by_themselves(store: TelemetryStore) -> None:
    dropped, kept = session_of(store, 1, None), session_of(store, 2, None)
    store.decide_bodies([decision("run-00001")])
    assert purge(store) == 2
    assert body_at(store, dropped) == Absent("sampled", LONG)
    assert body_at(store, kept) == text("None 2.1 ")


def test_a_trace_that_another_run_may_need_stays_until_that_is_decided_too(store: TelemetryStore) -> None:
    key = session_of(store, 1, None)
    store.put_runs([make_run(2, trace_ids=(trace_id(1),))], [], settled_seq=0)
    store.decide_bodies([decision("run-00001")])
    assert purge(store) == 0
    store.decide_bodies([decision("run-00002")])
    assert purge(store) == 2
    assert body_at(store, key) == Absent("sampled", LONG)


def test_spans_that_name_no_session_or_one_without_runs_go_with_their_trace(store: TelemetryStore) -> None:
    names = {1: "s", 2: None, 3: "thread of a sub-agent", 4: "other"}
    pairs = [make_pair(1, n, session_id=name, raw={"attributes": {"body": text(f"{n}.")}}) for n, name in names.items()]
    store.commit(Batch(pairs))
    runs = [make_run(1, session_id="s"), make_run(2, session_id="other")]
    store.put_runs(runs, [], settled_seq=0)
    store.decide_bodies([decision("s")])
    assert purge(store) == 3
    found = [body_at(store, (trace_id(1), span_id(n))) for n in names]
    assert found == [Absent("sampled", LONG)] * 3 + [text("4.")]


def test_dropping_in_one_project_leaves_the_same_ids_of_another(store: TelemetryStore) -> None:
    raw = {"attributes": {"body": text("x")}}
    for project in ("default", "p"):
        store.commit(Batch([make_pair(1, 1, project=project, session_id="s", raw=raw)]))
        store.put_runs([make_run(1, project=project, session_id="s")], [], settled_seq=0)
    key = (trace_id(1), span_id(1))
    store.decide_bodies([decision("s")])
    assert purge(store) == 1
    assert store.expire_bodies("default", before_ns=2 * START_NS) == 0
    assert store.spans_raw("p", [key])[key].attributes == raw["attributes"]


def test_expiry_takes_the_bodies_of_what_started_before(store: TelemetryStore) -> None:
    old = make_pair(1, 1, session_id="s", start_ns=START_NS, raw={"attributes": {"body": text("old ")}})
    new = make_pair(1, 2, session_id="s", start_ns=START_NS + 1, raw={"attributes": {"body": text("old ") + "and new"}})
    store.commit(Batch([old, new]))
    assert store.expire_bodies("default", before_ns=START_NS) == 0
    assert store.expire_bodies("default", before_ns=START_NS + 1) == 1
    assert body_at(store, (trace_id(1), span_id(1))) == Absent("expired", LONG)
    assert body_at(store, (trace_id(1), span_id(2))) == text("old ") + "and new"
    assert store.expire_bodies("default", before_ns=START_NS + 1) == 0


def test_a_late_span_that_started_before_an_expiry_goes_with_the_next(store: TelemetryStore) -> None:
    assert store.expire_bodies("default", before_ns=START_NS + SECOND_NS) == 0
    store.commit(Batch([make_pair(1, 1, raw={"attributes": {"body": text("x")}})]))
    assert store.expire_bodies("default", before_ns=START_NS + SECOND_NS) == 1
    assert body_at(store, (trace_id(1), span_id(1))) == Absent("expired", LONG)


BODIES: dict[str, Any] = {
    "text": text("ż🦜"),
    "lone": text("\ud800 "),
    "list": [{"role": "user", "content": text("hello ")}, {"role": "assistant", "content": None}],
    "map": {"content": text("deep "), "n": [1, 2.5, True]},
    "bytes": b"\x00\xff" * LONG,
    "many numbers": list(range(100)),
}


def full_span() -> RawSpan:
    small = {"short": "x" * 255, "number": 1, "reasons": ["stop"], "few bytes": b"12"}
    return make_pair(
        raw={
            "attributes": {"first": 1, **BODIES, **small},
            "events": (RawEvent("e", START_NS, dict(BODIES)), RawEvent("f", START_NS, {"short": "s"})),
            "links": (RawLink(trace_id(9), span_id(9), "", dict(BODIES)),),
        }
    )[1]


def test_every_kind_of_body_comes_back_and_goes(store: TelemetryStore) -> None:
    raw = full_span()
    store.commit(Batch([(make_pair()[0], raw)]))
    key = (raw.trace_id, raw.span_id)
    found = store.spans_raw("default", [key])[key]
    assert found == raw
    assert list(found.attributes) == list(raw.attributes)
    assert store.expire_bodies("default", before_ns=2 * START_NS) == 3 * len(BODIES)
    found = store.spans_raw("default", [key])[key]
    for held in (found.attributes, found.events[0].attributes, found.links[0].attributes):
        assert {name for name, value in held.items() if isinstance(value, Absent)} == set(BODIES)
        assert held["text"] == Absent("expired", len(text("ż🦜").encode()))
        assert held["bytes"] == Absent("expired", 2 * LONG)
    assert found.attributes["short"] == "x" * 255
    assert list(found.attributes) == list(raw.attributes)


def test_a_mark_of_a_body_that_never_came_is_kept_as_it_is(store: TelemetryStore) -> None:
    span, raw = make_pair(raw={"attributes": {"body": Absent("overload", 9_000), "n": 1}})
    store.commit(Batch([(span, raw)]))
    assert store.expire_bodies("default", before_ns=2 * START_NS) == 0
    assert body_at(store, (span.trace_id, span.span_id)) == Absent("overload", 9_000)


def log(trace: int, span: int, at: int, name: str = "gen_ai.choice", project: str = "default", **body: Any) -> RawLog:
    return RawLog(project, trace_id(trace), span_id(span), RawEvent(name, START_NS + at, body or {"n": at}))


def test_logs_join_their_span_before_or_after_it_and_in_any_order(store: TelemetryStore) -> None:
    key = (trace_id(1), span_id(1))
    own = RawEvent("exception", START_NS + 5, {"exception.type": "E"})
    store.commit(Batch([], logs=[log(1, 1, 9), log(2, 1, 1)]))
    assert (store.counts()["logs"], store.counts()["logs_waiting"]) == (2, 2)
    pair = make_pair(raw={"events": (own,)})
    store.commit(Batch([pair]))
    store.commit(Batch([], logs=[log(1, 1, 2), log(1, 1, 9), log(1, 1, 2, project="p")]))
    store.commit(Batch([], logs=[log(1, 1, 2), log(1, 1, 2, body=text("two of one moment"))]))
    events = store.spans_raw("default", [key])[key].events
    expected = [
        log(1, 1, 2).event, log(1, 1, 2, body=text("two of one moment")).event, own, log(1, 1, 9).event,
    ]  # fmt: skip
    assert [event.time_ns - START_NS for event in events] == [2, 2, 5, 9]
    assert all(event in events for event in expected)
    assert store.counts()["logs_waiting"] == 2
    ((_, raw),) = store.scan_spans("default", since_ns=None, until_ns=None, cursor=None, limit=5).items
    assert raw.events == events


def test_the_bodies_of_logs_go_with_those_of_their_trace(store: TelemetryStore) -> None:
    key = session_of(store, 1, "s")
    store.commit(Batch([], logs=[log(1, 1, 2, content=text("said ")), log(9, 9, 2, content=text("said "))]))
    store.decide_bodies([decision("s")])
    assert purge(store) == 3
    (event,) = store.spans_raw("default", [key])[key].events
    assert event.attributes == {"content": Absent("sampled", LONG)}
    assert store.expire_bodies("default", before_ns=START_NS + SECOND_NS) == 1
