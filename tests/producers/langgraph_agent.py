"""LangGraph through LangChain's agents: an agent whose tool runs another agent; the second question is streamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import desk
from langchain.agents import create_agent
from langchain.agents.middleware import wrap_tool_call
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model=desk.MODEL, stream_usage=True)


@wrap_tool_call
def say_failures(request: Any, handler: Callable[[Any], Any]) -> Any:
    try:
        return handler(request)
    except desk.RefundRefused as refused:
        return ToolMessage(str(refused), tool_call_id=request.tool_call["id"], status="error")


def documented(function: Callable[..., str]) -> Any:
    return tool(function.__name__, description=function.__name__.replace("_", " "))(function)


policy = create_agent(model, [documented(desk.search_handbook)], system_prompt=desk.POLICY_INSTRUCTIONS, name="policy")


@tool
def ask_policy(question: str) -> str:
    """Ask the policy room."""
    return policy.invoke({"messages": [("user", question)]})["messages"][-1].text


support = create_agent(
    model,
    [documented(desk.lookup_order), documented(desk.refund), ask_policy],
    system_prompt=desk.INSTRUCTIONS,
    name="support",
    middleware=[say_failures],
)


def main() -> None:
    config: Any = {"configurable": {"thread_id": desk.SESSION}, "metadata": {"session_id": desk.SESSION}}
    plain, streamed = desk.QUESTIONS
    support.invoke({"messages": [("user", plain)]}, config)
    for _ in support.stream({"messages": [("user", streamed)]}, config, stream_mode="messages"):
        pass


main()
