"""Retention: what grew old goes, by class; what is live or came lately stays; nothing is forgotten of the counts."""

from __future__ import annotations

import pytest

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.raw import Absent
from quarterdeck.observe.upkeep import RetentionOptions
from quarterdeck.observe.upkeep.options import DAY_NS, ProjectRetention

from .conftest import NOW_NS, House, agent, call

DAY_S = 86_400
LONG = "a text that is long enough to be a body " * 10


def old_house(**days) -> House:
    house = House(RetentionOptions(**days))
    house.send(agent(1, 1, session_id="s1", note=LONG), call(1, 2, 1))
    house.clock.advance(3600)
    house.retainer.round()
    return house


def test_the_defaults_take_bodies_then_spans_then_runs_and_never_rollups() -> None:
    house = old_house()
    raw = house.store.spans_raw("default", [(f"{1:032x}", f"{1:016x}")])[f"{1:032x}", f"{1:016x}"]
    assert raw.attributes["note"] == LONG
    seen = []
    for days in (31, 60, 320):
        house.clock.advance(days * DAY_S)
        house.send(call(100 + days, 1, start_ns=house.clock.now_ns()))
        house.retainer.round()
        spans = house.store.load_traces([("default", f"{1:032x}")])
        raws = house.store.spans_raw("default", [(f"{1:032x}", f"{1:016x}")])
        body = next((raw.attributes["note"] for raw in raws.values()), None)
        seen.append((bool(spans), isinstance(body, Absent), any(run.session_id == "s1" for run in house.runs())))
    assert seen == [(True, True, True), (False, False, True), (False, False, False)]
    counted = house.store.cohorts("default", 0, house.clock.now_ns(), ["agent"], limit=9)
    assert sum(row.runs for row in counted) == 4


def test_outcomes_go_with_their_runs_and_those_without_a_run_grow_old_too() -> None:
    house = old_house(runs_days=200, rollups_days=400)
    (run,) = house.runs()
    now_ns = house.clock.now_ns()
    house.store.put_outcomes(
        [Outcome("default", run_id, "thumbs", 1.0, None, now_ns, now_ns, "api") for run_id in (run.run_id, "unknown")]
    )
    left = []
    for days in (100, 99, 10):
        house.clock.advance(days * DAY_S)
        house.retainer.round()
        left.append([outcome.run_id for outcome in house.store.outcomes_after(after_seq=0, limit=9)[0]])
    assert left == [[run.run_id, "unknown"], [run.run_id, "unknown"], []]


def test_imported_history_is_as_old_as_its_arrival() -> None:
    house = House()
    house.send(agent(1, 1, start_ns=NOW_NS - 1000 * DAY_NS, note=LONG), call(1, 2, 1, start_ns=NOW_NS - 1000 * DAY_NS))
    house.clock.advance(10 * DAY_S)
    house.retainer.round()
    assert len(house.runs()) == 1
    raw = house.store.spans_raw("default", [(f"{1:032x}", f"{1:016x}")])[f"{1:032x}", f"{1:016x}"]
    assert raw.attributes["note"] == LONG
    house.clock.advance(91 * DAY_S)
    house.retainer.round()
    assert list(house.store.trace_keys()) == []


def test_a_live_run_keeps_its_spans_however_old() -> None:
    house = old_house()
    from dataclasses import replace

    live = replace(house.runs()[0], lifecycle="waiting")
    house.store.put_runs([live], [], settled_seq=0)
    house.clock.advance(500 * DAY_S)
    house.retainer.round()
    assert len(list(house.store.trace_keys())) == 1
    house.store.put_runs([replace(live, lifecycle="lost")], [], settled_seq=0)
    house.retainer.round()
    assert list(house.store.trace_keys()) == []


def test_a_dry_run_says_what_would_go_and_takes_nothing() -> None:
    house = old_house()
    house.clock.advance(91 * DAY_S)
    found = house.retainer.project_round("default", dry_run=True)
    assert (found.traces, found.spans, found.bodies) == (1, 2, None)
    assert len(list(house.store.trace_keys())) == 1
    house.retainer.round()
    state = house.retainer.state("default")
    assert (state.removed.spans, state.removed.traces, state.running, state.error) == (2, 1, False, None)
    assert state.last_round_ns == house.clock.now_ns()


def test_projects_have_their_own_days() -> None:
    options = RetentionOptions(
        projects={
            "short": ProjectRetention(spans_days=1, bodies_days=1),
            "ever": ProjectRetention(spans_days=0, runs_days=0),
        }
    )
    assert options.cutoffs("short", 10 * DAY_NS).spans == 9 * DAY_NS
    assert options.cutoffs("ever", 10 * DAY_NS).spans is None
    assert options.cutoffs("other", 1000 * DAY_NS).runs == 600 * DAY_NS
    assert options.cutoffs("other", 1000 * DAY_NS).rollups is None


@pytest.mark.parametrize(
    "settings",
    [
        {"spans_days": 500},
        {"runs_days": 30},
        {"projects": {"p": {"spans_days": 0}}},
        {"rollups_days": 10},
        {"bodies_days": -1},
    ],
)
def test_days_that_contradict_each_other_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"expected spans ≤ runs ≤ rollups|greater than or equal"):
        RetentionOptions(**settings)


def test_old_tombstones_are_forgotten() -> None:
    house = old_house()
    house.eraser.session("default", "s1")
    assert house.send(call(1, 9)) == []
    house.clock.advance(401 * DAY_S)
    house.retainer.round()
    assert house.ledger.rows == {}
    assert len(house.send(call(1, 9))) == 1


def test_the_loop_stops_when_it_is_told() -> None:
    house = House(RetentionOptions(every_s=3600))
    house.retainer.start()
    assert house.retainer.stop(10.0)
