"""No framework: a loop around Anthropic's client with a cached system prompt, below a span of our own."""

from __future__ import annotations

from typing import Any

import desk
from anthropic import Anthropic
from opentelemetry import trace

MODEL = "claude-haiku-4-5"
TOOLS: Any = [
    {"name": name, "input_schema": {"type": "object", "properties": {}}}
    for name in ("lookup_order", "refund", "ask_policy")
]
SYSTEM: Any = [{"type": "text", "text": desk.INSTRUCTIONS, "cache_control": {"type": "ephemeral"}}]
client = Anthropic()
tracer = trace.get_tracer("support-desk")


def answer(messages: list[Any], *, stream: bool) -> Any:
    asked: Any = {"model": MODEL, "max_tokens": 500, "system": SYSTEM, "tools": TOOLS, "messages": messages}
    if not stream:
        return client.messages.create(**asked)
    with client.messages.stream(**asked) as events:
        return events.get_final_message()


def run(call: Any) -> dict[str, Any]:
    argument = next(iter(call.input.values()))
    result = {"type": "tool_result", "tool_use_id": call.id}
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call.name}
    try:
        with tracer.start_as_current_span(f"execute_tool {call.name}", attributes=attributes):
            return {**result, "content": (desk.refund if call.name == "refund" else desk.lookup_order)(argument)}
    except desk.RefundRefused as refused:
        return {**result, "content": str(refused), "is_error": True}


def work(question: str, *, stream: bool) -> None:
    messages: list[Any] = [{"role": "user", "content": question}]
    while True:
        said = answer(messages, stream=stream)
        messages.append(
            {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in said.content]}
        )
        calls = [block for block in said.content if block.type == "tool_use"]
        if not calls:
            return
        messages.append({"role": "user", "content": [run(call) for call in calls]})


for number, question in enumerate(desk.QUESTIONS):
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "support",
        "gen_ai.conversation.id": desk.SESSION,
    }
    with tracer.start_as_current_span("invoke_agent support", attributes=attributes):
        work(question, stream=number == 1)
