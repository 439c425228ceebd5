"""Erasure: all of a session or a user goes and stays away; what is others' stays."""

from __future__ import annotations

import pytest

from quarterdeck.errors import NotFound
from quarterdeck.model.erasure import Tombstone
from quarterdeck.model.outcomes import Outcome

from .conftest import House, agent, call


def conversation(trace: int, session: str, **attributes) -> list:
    return [agent(trace, 1, session_id=session, **attributes), call(trace, 2, 1), call(trace, 3, 1)]


def test_a_session_goes_with_the_spans_that_do_not_name_it(house: House) -> None:
    house.send(*conversation(1, "s1"), *conversation(2, "s1"), *conversation(3, "s2"))
    erased = house.eraser.session("default", "s1")
    assert (erased.sessions, erased.traces, erased.runs, erased.spans) == (1, 2, 2, 6)
    assert [run.session_id for run in house.runs()] == ["s2"]
    assert {key[1] for key in house.store.trace_keys()} == {f"{3:032x}"}
    assert house.table.span_count == 3


def test_outcomes_of_erased_runs_go_too(house: House) -> None:
    house.send(*conversation(1, "s1", user_id="ada"), *conversation(2, "s2", user_id="bob"))
    runs = {run.session_id: run.run_id for run in house.runs()}
    house.store.put_outcomes(
        [Outcome("default", run_id, "thumbs", 1.0, None, 1, 1, "api", "from Ada") for run_id in runs.values()]
    )
    house.eraser.user("default", "ada")
    left, _ = house.store.outcomes_after(after_seq=0, limit=9)
    assert [outcome.run_id for outcome in left] == [runs["s2"]]


def test_what_shares_a_trace_with_it_stays(house: House) -> None:
    """Two agents below one workflow, each with a session of its own: the other run is built from what is left."""
    house.send(
        agent(1, 1, session_id="mine"),
        call(1, 2, 1),
        agent(1, 11, session_id="other"),
        call(1, 12, 11),
        call(1, 13, 11),
    )
    before = {run.session_id: run.tokens.total for run in house.runs()}
    assert before == {"mine": 110, "other": 220}
    house.eraser.session("default", "mine")
    assert {run.session_id: run.tokens.total for run in house.runs()} == {"other": 220}
    assert len(house.store.load_traces([("default", f"{1:032x}")])["default", f"{1:032x}"]) == 3


def test_spans_whose_run_is_not_written_yet_go_too(house: House) -> None:
    house.send(*conversation(1, "s1"), settle=False)
    assert house.eraser.session("default", "s1").spans == 3
    house.settle()
    assert house.runs() == []


def test_a_late_span_of_an_erased_session_or_trace_is_refused(house: House) -> None:
    house.send(*conversation(1, "s1"))
    house.eraser.session("default", "s1")
    assert house.send(call(9, 1, session_id="s1")) == []
    assert house.send(call(1, 7, 1)) == []
    assert len(house.send(call(9, 1, session_id="s2"))) == 1
    assert "s1" not in repr(house.ledger.rows)
    assert {row.kind for row in house.ledger.rows.values()} == {"session", "trace"}
    assert all(row.finished_at_ns is not None for row in house.ledger.rows.values())


def test_what_was_on_its_way_when_the_erasure_began_goes_too(house: House) -> None:
    """Decoded before the tombstone, committed after the first look: the second look finds it."""
    late = [(house.canonical.canonicalize(raw), raw) for raw in (call(1, 8, 1), call(4, 1, session_id="s1"))]
    house.send(*conversation(1, "s1"))
    take, done = house.eraser._look_again, []

    def commit_then_look(*arguments) -> None:
        from quarterdeck.store.interface import Batch

        plan = house.table.plan([late])
        house.table.apply(plan, house.store.commit(Batch(plan.new)), 0.0)
        done.append(1)
        take(*arguments)

    house.eraser._look_again = commit_then_look
    assert house.eraser.session("default", "s1").spans == 5
    assert done
    assert list(house.store.trace_keys()) == []
    house.settle()
    assert house.runs() == []


@pytest.mark.parametrize("given", ["raw", "hash"])
def test_a_user_goes_by_the_raw_id_or_by_its_hash(house: House, given: str) -> None:
    house.send(*conversation(1, "s1", user_id="ada"), *conversation(2, "s2", user_id="bob"), *conversation(3, "s1"))
    name = "ada" if given == "raw" else house.hash("ada")
    erased = house.eraser.user("default", name)
    assert (erased.kind, erased.runs, erased.spans, erased.sessions) == ("user", 2, 6, 1)
    assert [run.user_hash for run in house.runs()] == [house.hash("bob")]
    assert house.send(call(9, 1, session_id="s1")) == []
    assert len(house.send(call(9, 2, user_id="ada", session_id="new"))) == 1


def test_a_session_that_another_user_goes_on_with_is_not_closed(house: House) -> None:
    house.send(*conversation(1, "room", user_id="ada"), *conversation(2, "room", user_id="bob"))
    house.eraser.user("default", "ada")
    assert [run.user_hash for run in house.runs()] == [house.hash("bob")]
    assert len(house.send(call(5, 1, session_id="room"))) == 1


def test_decisions_and_rejections_that_name_it_go_too(house: House) -> None:
    from quarterdeck.model.bodies import BodyDecision
    from quarterdeck.model.reports import Rejection
    from quarterdeck.store.interface import Batch

    house.send(*conversation(1, "s1"))
    house.store.decide_bodies([BodyDecision("default", "s1", True, 1.0, "error", "x", 1)])
    house.store.commit(Batch([], rejections=[Rejection("default", 1, "no_time", "d", f"{1:032x}", f"{9:016x}", "n")]))
    house.eraser.session("default", "s1")
    assert house.store.body_decisions("default", ["s1"]) == {}
    assert house.store.rejections("default", cursor=None, limit=9).items == []


def test_what_is_not_there_is_not_found_and_leaves_no_tombstone(house: House) -> None:
    for erase in (house.eraser.session, house.eraser.user):
        with pytest.raises(NotFound, match="stored"):
            erase("default", "nobody")
    house.send(*conversation(1, "s1"))
    with pytest.raises(NotFound):
        house.eraser.session("other", "s1")
    assert house.ledger.rows == {}


def test_an_interrupted_erasure_goes_on_at_the_next_start(house: House) -> None:
    house.send(*conversation(1, "s1"), *conversation(2, "s2", user_id="ada"), *conversation(3, "s3"))
    for kind, name in (("session", "s1"), ("user", house.hash("ada"))):
        house.ledger.add_tombstones([Tombstone(house.tombstones.digest("default", kind, name), "default", kind, 1)])
    assert house.eraser.resume() == 2
    assert [run.session_id for run in house.runs()] == ["s3"]
    assert house.eraser.resume() == 0
