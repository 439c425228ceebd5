"""Errands: done one at a time by whoever calls, bounded, and told when the server stops."""

from __future__ import annotations

import pytest

from quarterdeck.errors import BadInput, Overloaded
from quarterdeck.observe.pipeline.errands import ERRANDS_MAX, Errands


def refuse(_bench: object) -> None:
    raise BadInput("no")


def test_errands_are_done_in_turn_and_answer_their_caller() -> None:
    errands, bench = Errands(), object()
    first, second = errands.submit(lambda found: found is bench), errands.submit(lambda _: 2)
    assert errands.run_one(bench)
    assert (first.result(0), second.done(), len(errands)) == (True, False, 1)
    assert errands.run_one(bench)
    assert second.result(0) == 2
    assert not errands.run_one(bench)


def test_a_failure_is_the_errands_own() -> None:
    errands = Errands()
    bad, good = errands.submit(refuse), errands.submit(lambda _: 1)
    errands.run_one(object())
    errands.run_one(object())
    with pytest.raises(BadInput, match="no"):
        bad.result(0)
    assert good.result(0) == 1


def test_one_that_was_given_up_is_not_done() -> None:
    errands = Errands()
    done: list[int] = []
    errands.submit(lambda _: done.append(1)).cancel()
    assert errands.run_one(object())
    assert done == []


def test_too_many_are_refused() -> None:
    errands = Errands()
    for _ in range(ERRANDS_MAX):
        errands.submit(lambda _: None)
    with pytest.raises(Overloaded, match="errands"):
        errands.submit(lambda _: None)


def test_a_stop_tells_those_that_wait_and_those_that_come() -> None:
    errands = Errands()
    waiting = errands.submit(lambda _: 1)
    errands.close()
    with pytest.raises(Overloaded, match="stopping"):
        waiting.result(0)
    with pytest.raises(Overloaded, match="stopping"):
        errands.submit(lambda _: 1)
