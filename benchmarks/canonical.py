"""What the canonical form costs per span: processor time on one core, for spans of common shapes.

    python benchmarks/canonical.py

Every span is a fresh dictionary with fresh texts, as a decoder would hand it over. Best of seven rounds of 5,000
spans, microseconds per span, and what a shape costs that was never seen before. Prints one JSON document.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.plan import compile_plan

SPANS = 5_000
ROUNDS = 7

RESOURCE = Resource({"service.name": "support", "deployment.environment.name": "prod", "service.version": "1.2"}, "")

HISTORY = json.dumps(
    [
        {"role": "system", "parts": [{"type": "text", "content": "You are a helpful assistant. " * 20}]},
        {"role": "user", "parts": [{"type": "text", "content": "What is the state of my order? " * 20}]},
    ]
)

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "otel model call, 15 attributes": (
        "opentelemetry.instrumentation.genai.openai",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-5",
            "gen_ai.response.model": "gpt-5-2025-08-07",
            "gen_ai.response.id": "resp_0269f3aed1fd4159006982121",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 1200,
            "gen_ai.usage.output_tokens": 80,
            "gen_ai.usage.cache_read.input_tokens": 600,
            "gen_ai.conversation.id": "conversation-1",
            "gen_ai.agent.name": "support",
            "gen_ai.request.temperature": 0.2,
            "gen_ai.input.messages": HISTORY,
            "gen_ai.output.messages": "[]",
            "server.address": "api.openai.com",
        },
    ),
    "otel tool call, 8 attributes": (
        "opentelemetry.instrumentation.genai.openai",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "lookup",
            "gen_ai.tool.call.id": "call_1",
            "gen_ai.tool.call.arguments": '{"order": 17}',
            "gen_ai.tool.call.result": "shipped " * 40,
            "gen_ai.conversation.id": "conversation-1",
            "gen_ai.agent.name": "support",
            "user.id": "u1",
        },
    ),
    "openinference model call, 15 attributes": (
        "openinference.instrumentation.openai",
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4.1-2025-04-14",
            "llm.system": "openai",
            "llm.provider": "openai",
            "llm.token_count.prompt": 85,
            "llm.token_count.completion": 29,
            "llm.token_count.total": 114,
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "You are helpful. " * 20,
            "llm.input_messages.1.message.role": "user",
            "llm.input_messages.1.message.content": "hi " * 40,
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "hello " * 40,
            "session.id": "s1",
            "output.mime_type": "application/json",
        },
    ),
}


def spans(scope: Scope, attributes: dict[str, Any]) -> list[RawSpan]:
    """Spans that share nothing but their resource and scope."""
    text = json.dumps(attributes)
    return [
        RawSpan(
            "default", f"{index:032x}", f"{index:016x}", "", "", "span", 1, 10**18, 10**18 + 5, 0, "",
            json.loads(text), (), (), RESOURCE, scope,
        )
        for index in range(SPANS)
    ]  # fmt: skip


def best_us(run: Callable[[], object], times: int) -> float:
    """The best of ROUNDS rounds, microseconds of processor time per call of `run` / `times`."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return round(best / times * 1e6, 2)


def measure(scope_name: str, attributes: dict[str, Any]) -> dict[str, float]:
    listed = spans(Scope(scope_name, "1.0", {}, ""), attributes)
    canonicalizer = Canonicalizer(user_hash_key=b"benchmark")
    keys = tuple(attributes)

    def map_all() -> None:
        for span in listed:
            canonicalizer.canonicalize(span)

    def compile_some() -> None:
        for _ in range(100):
            compile_plan(scope_name, "", keys)

    return {"us_per_span": best_us(map_all, SPANS), "us_per_new_shape": best_us(compile_some, 100)}


if __name__ == "__main__":
    print(json.dumps({name: measure(*shape) for name, shape in SHAPES.items()}, indent=2))
