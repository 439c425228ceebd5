"""The hard stop: what is granted, cut, refused, given back; children; partial results; what cannot be asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.clock import FakeClock
from quarterdeck.control.tasks.budget import TaskBudget
from quarterdeck.control.tasks.grant import CallGrant
from quarterdeck.control.tasks.stopped import CallRefused, Done, Finished, Stopped, TaskHalted
from quarterdeck.errors import BadInput, TaskStopped


def grant_of(answer: CallGrant | CallRefused) -> CallGrant:
    assert isinstance(answer, CallGrant), answer
    return answer


def refusal_of(answer: CallGrant | CallRefused) -> CallRefused:
    assert isinstance(answer, CallRefused)
    return answer


def test_what_a_call_did_not_take_comes_back() -> None:
    budget = TaskBudget(tokens_total=1_000)
    grant = grant_of(budget.reserve(tokens_input=300, max_tokens=500))
    assert (grant.granted, grant.max_tokens, budget.left()) == (True, 500, {"tokens_total": 200.0})
    grant.settle(tokens_input=310, tokens_output=40)
    grant.settle(tokens_input=9_999)  # the second time does nothing
    assert budget.left() == {"tokens_total": 650.0}
    assert budget.spent() | {"seconds": 0.0} == {
        "tokens_input": 310.0, "tokens_output": 40.0, "tokens_total": 350.0, "steps": 1.0, "cost_usd": 0.0, "seconds": 0.0,
    }  # fmt: skip


def test_the_answer_is_cut_to_what_the_ceiling_pays_and_below_the_least_refused() -> None:
    budget = TaskBudget(tokens_total=1_000)
    assert grant_of(budget.reserve(tokens_input=900, max_tokens=500, tokens_output_min=100)).max_tokens == 100
    budget = TaskBudget(tokens_total=1_000)
    refused = refusal_of(budget.reserve(tokens_input=901, max_tokens=500, tokens_output_min=100))
    assert (refused.granted, refused.quantity, refused.needed, refused.left) == (False, "tokens_total", 1_001, 1_000)
    assert refused.reason == "1,000 tokens left, and 1,001 tokens would be reserved"
    assert budget.left() == {"tokens_total": 1_000.0}


@pytest.mark.parametrize(
    ("ceilings", "granted"),
    [({"tokens_input": 250}, 2), ({"tokens_output": 25}, 3), ({"steps": 2}, 2), ({"cost_usd": 0.000_35}, 2),
     ({"tokens_total": 239, "steps": 9}, 2)],
)  # fmt: skip
def test_each_ceiling_stops(ceilings: dict[str, float], granted: int) -> None:
    """A call: 100 in, at most 10 out, 1 and 5 dollars a million: 0.00015 dollars."""
    budget = TaskBudget(**ceilings, price=(1.0, 5.0))
    answers = [budget.reserve(tokens_input=100, max_tokens=10) for _ in range(4)]
    assert [answer.granted for answer in answers] == [True] * granted + [False] * (4 - granted)


def test_time_is_not_reserved_but_ends() -> None:
    clock = FakeClock()
    budget = TaskBudget(seconds=10, clock=clock)
    clock.advance(4)
    assert grant_of(budget.reserve(tokens_input=1, max_tokens=1)).timeout_s == pytest.approx(6.0)
    child = budget.child(0.5)
    clock.advance(6)
    assert refusal_of(budget.reserve(tokens_input=1, max_tokens=1)).quantity == "seconds"
    assert refusal_of(child.reserve(tokens_input=1, max_tokens=1)).reason == "the time is over: 6 s"


def test_a_block_without_a_word_is_charged_what_was_reserved_and_a_refund_is_not() -> None:
    budget = TaskBudget(tokens_total=1_000)
    with grant_of(budget.reserve(tokens_input=100, max_tokens=100)):
        pass
    with grant_of(budget.reserve(tokens_input=100, max_tokens=100)) as grant:
        grant.refund()
    assert budget.left() == {"tokens_total": 800.0}
    assert budget.spent()["steps"] == 1.0


def test_dollars_without_a_price_are_said_by_the_caller() -> None:
    budget = TaskBudget(cost_usd=1.0)
    with pytest.raises(BadInput, match="needs price="):
        budget.reserve(tokens_input=1, max_tokens=1)
    grant_of(budget.reserve(tokens_input=1, max_tokens=1, cost_usd=0.75)).settle(cost_usd=0.5)
    assert budget.left() == {"cost_usd": 0.5}


def test_a_share_leaves_the_parent_at_once_and_returns_what_is_unspent() -> None:
    parent = TaskBudget(tokens_total=1_000, steps=10)
    with parent.child(0.4) as child:
        assert child.ceilings == {"tokens_total": 400.0, "steps": 4.0}
        assert parent.left() == {"tokens_total": 600.0, "steps": 6.0}
        child.require(tokens_input=100, max_tokens=50).settle(100, 20)
        assert parent.spent()["tokens_total"] == 0.0
    assert parent.left() == {"tokens_total": 880.0, "steps": 9.0}
    assert parent.spent()["tokens_total"] == 120.0
    assert refusal_of(child.reserve(tokens_input=1, max_tokens=1)).reason == "the task is closed"


def test_amounts_take_the_rest_in_proportion() -> None:
    parent = TaskBudget(tokens_total=1_000, steps=10, cost_usd=1.0, price=(1, 1))
    assert parent.child(tokens_total=250).ceilings == {"tokens_total": 250.0, "steps": 2.0, "cost_usd": 0.25}
    with pytest.raises(TaskHalted, match="750 tokens left"):
        parent.child(tokens_total=751)


def test_a_call_under_way_settles_after_its_child_and_its_parent_are_closed() -> None:
    top = TaskBudget(tokens_total=1_000)
    middle = top.child(0.8)
    child = middle.child(0.5)
    grant = child.require(tokens_input=100, max_tokens=100)
    middle.close()
    assert refusal_of(child.reserve(tokens_input=1, max_tokens=1)).reason == "the task is closed"
    child.close()
    child.close()
    assert top.left() == {"tokens_total": 800.0}
    grant.settle(100, 10)
    assert (top.left(), top.spent()["tokens_total"]) == ({"tokens_total": 890.0}, 110.0)


def test_what_a_child_runs_over_is_the_parents_at_once() -> None:
    parent = TaskBudget(tokens_total=1_000)
    child = parent.child(tokens_total=200)
    child.require(tokens_input=100, max_tokens=100).settle(250, 100)
    assert (child.left(), parent.left()) == ({"tokens_total": 0.0}, {"tokens_total": 650.0})
    child.close()
    assert (parent.left(), parent.spent()["tokens_total"]) == ({"tokens_total": 650.0}, 350.0)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["call", "settle", "refund", "child", "close"]),
        st.integers(0, 7),
        st.integers(0, 400),
        st.floats(0.01, 1.0),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(ACTIONS)
def test_a_task_and_its_children_never_pass_the_ceiling(actions: list[tuple[str, int, int, float]]) -> None:
    """In any order of calls, ends, births and closings; and at the end, what is spent is what calls took."""
    nodes, grants, took = [TaskBudget(tokens_total=2_000, steps=30)], [], 0.0
    for what, which, tokens, part in actions:
        node = nodes[which % len(nodes)]
        if what == "call":
            answer = node.reserve(tokens_input=tokens, max_tokens=tokens)
            if isinstance(answer, CallGrant):
                grants.append(answer)
        elif what in ("settle", "refund") and grants:
            grant = grants.pop(which % len(grants))
            if what == "refund":
                grant.refund()
                continue
            output = int(grant.max_tokens * part)
            grant.settle(grant.reserved["tokens_input"], output)
            took += grant.reserved["tokens_input"] + output
        elif what == "child":
            try:
                nodes.append(node.child(part))
            except TaskStopped:
                continue
        elif what == "close" and node is not nodes[0]:
            node.close()
        _holds(nodes[0])
    for grant in grants:
        grant.refund()
    for node in nodes[:0:-1]:
        node.close()
    assert nodes[0].spent()["tokens_total"] == pytest.approx(took)
    assert nodes[0].left()["tokens_total"] == pytest.approx(2_000 - took)


def _holds(top: TaskBudget) -> None:
    ledger = top._ledger
    for name, ceiling in top.ceilings.items():
        assert ledger.spent[name] + ledger.held[name] <= ceiling + 1e-6
        assert ledger.held[name] >= -1e-6


def test_threads_share_one_budget() -> None:
    budget = TaskBudget(tokens_total=100_000)
    barrier, granted = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        child = None
        for number in range(200):
            node = child or budget
            answer = node.reserve(tokens_input=50, max_tokens=50)
            if isinstance(answer, CallGrant):
                answer.settle(50, 50)
                granted.append(100)
            if number % 20 == 0:
                if child is not None:
                    child.close()
                child = budget.child(0.05)
        if child is not None:
            child.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.spent()["tokens_total"] == sum(granted) <= 100_000
    assert budget.left()["tokens_total"] == pytest.approx(100_000 - sum(granted))


def test_asyncio_tasks_share_one_budget() -> None:
    budget = TaskBudget(tokens_total=1_000)

    async def call() -> bool:
        answer = budget.reserve(tokens_input=50, max_tokens=50)
        await asyncio.sleep(0)
        return isinstance(answer, CallGrant)

    async def main() -> list[bool]:
        return await asyncio.gather(*(call() for _ in range(15)))

    assert sum(asyncio.run(main())) == 10


def test_run_is_finished_or_stopped_with_what_was_done() -> None:
    budget = TaskBudget(tokens_total=250)

    def step(name: str) -> tuple[str, Callable[[], str]]:
        def act() -> str:
            with budget.require(tokens_input=50, max_tokens=50) as grant:
                grant.settle(50, 50)
            return name.upper()

        return name, act

    first = budget.run([step("a")])
    assert isinstance(first, Finished)
    assert (first.finished, first.done, first.spent["steps"]) == (True, (Done("a", "A"),), 1.0)
    stopped = budget.run([step("b"), step("c"), step("d")])
    assert isinstance(stopped, Stopped)
    assert (stopped.finished, stopped.done, stopped.remaining) == (False, (Done("b", "B"),), ("c", "d"))
    assert (stopped.quantity, stopped.spent["tokens_total"]) == ("tokens_total", 200.0)
    assert "50 tokens left" in stopped.reason


def test_an_awaited_run_stops_too_and_other_errors_pass() -> None:
    budget = TaskBudget(steps=1)

    async def call() -> int:
        budget.require(tokens_input=1, max_tokens=1).settle()
        return 1

    async def broken() -> int:
        raise KeyError("mine")

    stopped: Any = asyncio.run(budget.arun([("a", call), ("b", call)]))
    assert ([done.name for done in stopped.done], stopped.remaining) == (["a"], ("b",))
    assert asyncio.run(TaskBudget(steps=1).arun([("a", call)])).finished is False  # the first budget's step is refused
    with pytest.raises(KeyError, match="mine"):
        asyncio.run(budget.arun([("a", broken)]))


def test_halting_stops_children_too_and_says_why() -> None:
    budget = TaskBudget(tokens_total=1_000)
    child = budget.child(0.5)
    budget.halt("it will fail")
    budget.halt("another word")
    for node in (budget, child):
        refused = refusal_of(node.reserve(tokens_input=1, max_tokens=1))
        assert (refused.reason, refused.quantity) == ("it will fail", None)
    assert budget.stopped(refused, [Done("a", 1)], ["b"]).remaining == ("b",)
    with pytest.raises(TaskHalted, match="it will fail"):
        budget.child(0.1)


def test_the_agent_is_told_what_is_left() -> None:
    budget = TaskBudget(tokens_total=10_000, steps=10, cost_usd=0.5, seconds=600, price=(1, 1), clock=FakeClock())
    assert budget.remaining_words() == (
        "Left for this task: 10,000 tokens of 10,000 tokens, 10 model calls of 10 model calls, "
        "$0.50 of $0.50, 600 s of 600 s."
    )
    for _ in range(3):
        budget.require(tokens_input=2_500, max_tokens=500).settle(2_500, 250)
    words = budget.remaining_words()
    assert "1,750 tokens of 10,000 tokens" in words
    assert "At the pace so far that is about 0 more model calls." in words
    assert words.endswith("Come to an end now: deliver what you have, and say what is missing.")
    assert TaskBudget().remaining_words() == ""


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "9"])
def test_a_ceiling_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="ceiling tokens_total: expected a number above 0"):
        TaskBudget(tokens_total=value)


@pytest.mark.parametrize(
    ("asked", "says"),
    [({"tokens_input": -1, "max_tokens": 1}, "tokens_input"), ({"tokens_input": 1, "max_tokens": float("nan")}, "max_tokens"),
     ({"tokens_input": 1, "max_tokens": 1, "tokens_output_min": "x"}, "tokens_output_min"),
     ({"tokens_input": 1, "max_tokens": 1, "cost_usd": -1}, "cost_usd")],
)  # fmt: skip
def test_a_call_that_cannot_be_is_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        TaskBudget(tokens_total=10).reserve(**asked)


@pytest.mark.parametrize(
    ("asked", "says"),
    [({}, "needs a share"), ({"share": 0}, "share"), ({"share": 1.5}, "share"), ({"share": 0.5, "steps": 1}, "not both"),
     ({"steps": 0}, "steps")],
)  # fmt: skip
def test_a_child_that_cannot_be_is_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        TaskBudget(tokens_total=10).child(**asked)
