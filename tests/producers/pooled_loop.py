"""No framework: an agent span around each question, whose model calls run in a thread pool.

DESK_QUESTIONS: how many questions. DESK_POOL: `carried` hands the context to the pool, `bare` forgets to.
"""

from __future__ import annotations

import contextvars
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import desk
from openai import OpenAI
from opentelemetry import trace

client = OpenAI()
tracer = trace.get_tracer("support-desk")
CALLS = 2


def ask(question: str) -> Any:
    messages: Any = [{"role": "system", "content": desk.INSTRUCTIONS}, {"role": "user", "content": question}]
    return client.chat.completions.create(model=desk.MODEL, messages=messages)


def work(pool: ThreadPoolExecutor, number: int) -> None:
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "support",
        "gen_ai.conversation.id": f"conversation-{number}",
    }
    with tracer.start_as_current_span("invoke_agent support", attributes=attributes):
        for _ in range(CALLS):
            if os.environ["DESK_POOL"] == "carried":
                pool.submit(contextvars.copy_context().run, ask, desk.QUESTIONS[0]).result()
            else:
                pool.submit(ask, desk.QUESTIONS[0]).result()


with ThreadPoolExecutor(2) as pool:
    for number in range(int(os.environ["DESK_QUESTIONS"])):
        work(pool, number)
