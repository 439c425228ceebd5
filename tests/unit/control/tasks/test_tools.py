"""Tools that cannot be undone: withheld while the task may not be paid to its end, until somebody says yes, once."""

from __future__ import annotations

import pytest

from quarterdeck.control.tasks.asking import Ask
from quarterdeck.control.tasks.budget import TaskBudget
from quarterdeck.model.estimates import Estimate, Quantity, Spread


def estimate(**q90: float) -> Estimate:
    names: dict[str, Quantity] = {"tokens_total": "tokens_total", "steps": "steps"}
    spreads = {names[name]: Spread(value / 4, value / 2, value, value * 2) for name, value in q90.items()}
    return Estimate(spreads, "medium", cold=False, basis=(), why="a test")


def test_only_irreversible_tools_of_a_task_over_its_ceiling_are_withheld() -> None:
    budget = TaskBudget(tokens_total=1_000, irreversible=["refund_*", "send"])
    assert budget.withholds("refund_card") is None  # nothing is expected
    budget.expect(estimate(tokens_total=1_000))
    assert budget.withholds("refund_card") is None
    budget.expect(estimate(tokens_total=1_500, steps=9_999))
    assert budget.withholds("lookup") is None
    words = "one in ten such tasks takes more than 1,500 tokens, and the ceiling is 1,000 tokens"
    assert budget.withholds("refund_card") == words
    assert budget.child(0.5).withholds("send") == words
    answer = budget.allows_tool("send")
    assert (bool(answer), answer.why) == (False, f"{words}; nobody can be asked")
    assert budget.allows_tool("lookup")


def test_a_yes_counts_once_and_the_question_says_all() -> None:
    asked: list[Ask] = []

    def approve(ask: Ask) -> bool:
        asked.append(ask)
        return len(asked) == 1

    budget = TaskBudget(
        tokens_total=1_000, irreversible=["send"], approve=approve, estimate=estimate(tokens_total=1_500), task_id="t1",
        agent="a",
    )  # fmt: skip
    budget.require(tokens_input=10, max_tokens=10).settle(10, 5)
    assert budget.allows_tool("send", "to ann").why.endswith("; approved")
    assert not budget.allows_tool("send", "to ann")
    first = asked[0]
    assert (first.tool, first.arguments, first.task_id, first.agent) == ("send", "to ann", "t1", "a")
    assert (first.quantity, first.q90, first.ceiling, first.spent) == ("tokens_total", 1_500, 1_000, 15)


def test_an_error_of_who_is_asked_reaches_the_agents_code() -> None:
    def approve(_ask: Ask) -> bool:
        raise OSError("nobody there")

    budget = TaskBudget(tokens_total=1, irreversible=["send"], approve=approve, estimate=estimate(tokens_total=2))
    with pytest.raises(OSError, match="nobody there"):
        budget.allows_tool("send")
