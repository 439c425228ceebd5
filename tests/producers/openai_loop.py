"""No framework: a loop around OpenAI's client, told apart by a span of our own around each question.

The loop calls its tools itself, so nobody reports them; what is instrumented is the client alone.
"""

from __future__ import annotations

import json
from typing import Any

import desk
from openai import OpenAI
from opentelemetry import trace

TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("lookup_order", "refund", "ask_policy")
]
client = OpenAI()
tracer = trace.get_tracer("support-desk")


def answer(messages: list[Any], *, stream: bool) -> Any:
    if not stream:
        return client.chat.completions.create(model=desk.MODEL, messages=messages, tools=TOOLS).choices[0].message
    with client.chat.completions.stream(
        model=desk.MODEL, messages=messages, tools=TOOLS, stream_options={"include_usage": True}
    ) as events:
        return events.get_final_completion().choices[0].message


def run(name: str, argument: str) -> str:
    with tracer.start_as_current_span(
        f"execute_tool {name}", attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
    ):
        return desk.refund(argument) if name == "refund" else desk.lookup_order(argument)


def work(question: str, *, stream: bool) -> None:
    messages: list[Any] = [{"role": "system", "content": desk.INSTRUCTIONS}, {"role": "user", "content": question}]
    while True:
        said = answer(messages, stream=stream)
        messages.append(said.to_dict() if not stream else json.loads(said.model_dump_json(exclude_none=True)))
        if not said.tool_calls:
            return
        for call in said.tool_calls:
            try:
                result = run(call.function.name, next(iter(json.loads(call.function.arguments).values())))
            except desk.RefundRefused as refused:
                result = str(refused)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


for number, question in enumerate(desk.QUESTIONS):
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "support",
        "gen_ai.conversation.id": desk.SESSION,
        "gen_ai.usage.invented_tokens": 1_000_000,  # a key that nobody knows: to be told of, and never summed
    }
    with tracer.start_as_current_span("invoke_agent support", attributes=attributes):
        work(question, stream=number == 1)
