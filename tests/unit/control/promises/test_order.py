"""What waits, and in which order runs that are over are promised and learned from."""

from __future__ import annotations

from quarterdeck.control.promises.chronicle import chronicle
from quarterdeck.control.promises.held import Held
from quarterdeck.control.promises.options import PromiseOptions

from .runs import SECOND, START_NS, make_run

NOW_NS = START_NS + 1_000_000 * SECOND


def test_a_run_is_promised_when_it_began_from_what_had_ended_before() -> None:
    long = make_run(1, ended_at_ns=START_NS + 9 * SECOND)
    steps = chronicle([make_run(5), long, make_run(2)], set(), 0)
    told = [(step.run.run_id[-1], step.learns, (step.at_ns - START_NS) // SECOND) for step in steps]
    assert told == [("1", False, 1), ("2", False, 2), ("2", True, 4), ("5", False, 5), ("5", True, 7), ("1", True, 9)]


def test_what_begins_when_another_ends_does_not_know_it() -> None:
    steps = chronicle([make_run(1), make_run(3)], set(), 0)
    assert [(step.run.run_id[-1], step.learns) for step in steps] == [
        ("1", False),
        ("3", False),
        ("1", True),
        ("3", True),
    ]


def test_a_run_that_has_a_promise_is_learned_only() -> None:
    steps = chronicle([make_run(1)], {("default", "run-00001")}, 0)
    assert [step.learns for step in steps] == [True]


def test_no_promise_is_older_than_what_it_knows_nor_younger_than_its_run() -> None:
    known = chronicle([make_run(1)], set(), START_NS + 2 * SECOND)[0]
    assert (known.at_ns, known.hindsight) == (START_NS + 2 * SECOND, False)
    late = chronicle([make_run(1)], set(), START_NS + 50 * SECOND)[0]
    assert (late.at_ns, late.hindsight) == (START_NS + 3 * SECOND, True)


def test_history_waits_until_it_stops_coming() -> None:
    held = Held(PromiseOptions(gather_s=3))
    held.hold([make_run(2)], NOW_NS, after_seq=7)
    assert held.due(NOW_NS + 2 * SECOND) == []
    held.hold([make_run(1)], NOW_NS + 2 * SECOND, after_seq=9)
    assert held.due(NOW_NS + 4 * SECOND) == []
    assert held.oldest_seq(11) == 7
    assert [run.run_id for run in held.due(NOW_NS + 5 * SECOND)] == ["run-00002", "run-00001"]
    assert (len(held), held.oldest_seq(11)) == (0, 11)


def test_a_run_of_now_does_not_wait_for_history() -> None:
    held = Held(PromiseOptions(gather_s=3))
    fresh = make_run(1, started_at_ns=NOW_NS - 5 * SECOND)
    held.hold([fresh, make_run(2)], NOW_NS, after_seq=0)
    assert held.due(NOW_NS) == [fresh]


def test_a_lost_run_waits_for_what_may_still_come() -> None:
    held = Held(PromiseOptions(doubt_s=60, gather_s=0))
    held.hold([make_run(1, lifecycle="lost")], NOW_NS, after_seq=0)
    assert held.due(NOW_NS + 59 * SECOND) == []
    held.hold([make_run(1, spans=9)], NOW_NS + 59 * SECOND, after_seq=5)
    assert [run.spans for run in held.due(NOW_NS + 59 * SECOND)] == [9]


def test_more_than_the_limit_does_not_wait() -> None:
    held = Held(PromiseOptions(replay_max=2))
    held.hold([make_run(n) for n in range(3)], NOW_NS, after_seq=0)
    assert len(held.due(NOW_NS)) == 3 - len(held)
    assert len(held) <= 2
