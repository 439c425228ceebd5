"""LangChain's `create_agent` with the budget's middleware: one question, as many turns as the provider asks for."""

from __future__ import annotations

import json
from typing import Any

import depot
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from quarterdeck.control.budget import ContextBudget
from quarterdeck.control.budget.adapters.langchain import budget_middleware
from quarterdeck.control.budget.counting import TokenCounter

counter = TokenCounter()
plans: list[Any] = []


def budget() -> ContextBudget:
    return ContextBudget(
        depot.MODEL, window=depot.WINDOW, reserve_output=depot.RESERVE, counter=counter.of(depot.MODEL, safe=True)
    )


@tool
def look(shelf: int) -> str:
    """Look at a shelf of the depot."""
    return depot.shelf(shelf)


agent = create_agent(
    ChatOpenAI(model=depot.MODEL),
    [look],
    system_prompt=depot.INSTRUCTIONS,
    middleware=[budget_middleware(budget, counter=counter, on_plan=plans.append)],
)


def main() -> None:
    config: Any = {"recursion_limit": 5_000}
    done = agent.invoke({"messages": [("user", depot.QUESTION)]}, config)
    print(json.dumps(depot.summary(plans, done["messages"][-1].text, counter.error(depot.MODEL))))


if __name__ == "__main__":
    main()
