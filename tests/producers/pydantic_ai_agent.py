"""Pydantic AI: an agent whose tool `ask_policy` runs another agent; the second question is streamed."""

from __future__ import annotations

import asyncio

import desk
from pydantic_ai import Agent, ModelRetry

Agent.instrument_all()

policy = Agent(f"openai-chat:{desk.MODEL}", name="policy", instructions=desk.POLICY_INSTRUCTIONS)
support = Agent(f"openai-chat:{desk.MODEL}", name="support", instructions=desk.INSTRUCTIONS, retries=2)
policy.tool_plain(desk.search_handbook)
support.tool_plain(desk.lookup_order)


@support.tool_plain
def refund(order: str) -> str:
    try:
        return desk.refund(order)
    except desk.RefundRefused as refused:
        raise ModelRetry(str(refused)) from refused


@support.tool_plain
async def ask_policy(question: str) -> str:
    return (await policy.run(question)).output


async def main() -> None:
    plain, streamed = desk.QUESTIONS
    await support.run(plain, conversation_id=desk.SESSION)
    async with support.run_stream(streamed, conversation_id=desk.SESSION) as answer:
        await answer.get_output()


asyncio.run(main())
