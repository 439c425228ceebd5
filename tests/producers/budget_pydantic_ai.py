"""A Pydantic AI agent with the budget's capability: one question, as many turns as the provider asks for."""

from __future__ import annotations

import json
from typing import Any

import depot
from pydantic_ai import Agent, UsageLimits

from quarterdeck.control.budget import ContextBudget
from quarterdeck.control.budget.adapters.pydantic_ai import budget_capability
from quarterdeck.control.budget.counting import TokenCounter

counter = TokenCounter()
plans: list[Any] = []


def budget() -> ContextBudget:
    return ContextBudget(
        depot.MODEL, window=depot.WINDOW, reserve_output=depot.RESERVE, counter=counter.of(depot.MODEL, safe=True)
    )


agent = Agent(
    f"openai-chat:{depot.MODEL}",
    instructions=depot.INSTRUCTIONS,
    capabilities=[budget_capability(budget, counter=counter, on_plan=plans.append)],
)


@agent.tool_plain
def look(shelf: int) -> str:
    """Look at a shelf of the depot."""
    return depot.shelf(shelf)


def main() -> None:
    done = agent.run_sync(depot.QUESTION, usage_limits=UsageLimits(request_limit=None))
    print(json.dumps(depot.summary(plans, done.output, counter.error(depot.MODEL))))


main()
