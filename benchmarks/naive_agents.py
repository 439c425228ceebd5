"""Agents as they are often written: the official SDK, no limiter, and another try when it fails. Knows nothing of Quarterdeck.

OPENAI_BASE_URL=http://127.0.0.1:4321/openai/v1 python benchmarks/naive_agents.py 200 4
"""

from __future__ import annotations

import asyncio
import random
import sys

import openai


async def agent(client: openai.AsyncOpenAI, number: int, calls: int) -> None:
    messages = [{"role": "user", "content": f"You are agent {number}. " + "Here is what I know so far. " * 30}]
    for _ in range(calls):
        while True:
            try:
                answer = await client.chat.completions.create(model="gpt-5-mini", messages=messages, max_tokens=300)
                break
            except openai.APIError:
                await asyncio.sleep(random.random())
        messages = [*messages[:1], {"role": "assistant", "content": answer.choices[0].message.content}]
        messages.append({"role": "user", "content": "Go on."})


async def main(agents: int, calls: int) -> None:
    async with openai.AsyncOpenAI(api_key="anything", timeout=600) as client:
        await asyncio.gather(*(agent(client, number, calls) for number in range(agents)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
