"""OpenAI Agents SDK: an agent whose tool `ask_policy` is another agent; the second question is streamed."""

from __future__ import annotations

import asyncio

import desk
from agents import Agent, RunConfig, Runner, function_tool

policy = Agent(
    "policy", instructions=desk.POLICY_INSTRUCTIONS, model=desk.MODEL, tools=[function_tool(desk.search_handbook)]
)
support = Agent(
    "support",
    instructions=desk.INSTRUCTIONS,
    model=desk.MODEL,
    tools=[
        function_tool(desk.lookup_order),
        function_tool(desk.refund),
        policy.as_tool("ask_policy", "Asks the policy room.", parameters=None),
    ],
)


async def main() -> None:
    config = RunConfig(workflow_name="orders", group_id=desk.SESSION)
    plain, streamed = desk.QUESTIONS
    await Runner.run(support, plain, run_config=config)
    answer = Runner.run_streamed(support, streamed, run_config=config)
    async for _ in answer.stream_events():
        pass


asyncio.run(main())
