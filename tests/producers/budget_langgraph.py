"""LangGraph's `create_react_agent` with the budget's `pre_model_hook`. Deprecated there, and still what many run."""

from __future__ import annotations

import json
import warnings
from typing import Any

import depot
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

from quarterdeck.control.budget import ContextBudget
from quarterdeck.control.budget.adapters.langchain import pre_model_hook
from quarterdeck.control.budget.counting import TokenCounter

warnings.simplefilter("ignore")

counter = TokenCounter()
budget = ContextBudget(
    depot.MODEL,
    window=depot.WINDOW,
    reserve_output=depot.RESERVE + 200,  # a hook does not see the tools of its agent
    counter=counter.of(depot.MODEL, safe=True),
)
plans: list[Any] = []


@tool
def look(shelf: int) -> str:
    """Look at a shelf of the depot."""
    return depot.shelf(shelf)


agent = create_react_agent(
    ChatOpenAI(model=depot.MODEL), [look], pre_model_hook=pre_model_hook(budget, on_plan=plans.append)
)


def main() -> None:
    config: Any = {"recursion_limit": 5_000}
    asked = [("system", depot.INSTRUCTIONS), ("user", depot.QUESTION)]
    done = agent.invoke({"messages": asked}, config)
    print(json.dumps(depot.summary(plans, done["messages"][-1].text, counter.error(depot.MODEL))))


main()
