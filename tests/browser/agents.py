"""Agents whose telemetry feeds the page: OTLP requests as JSON, deterministic, in OpenTelemetry's current GenAI words.

Ids derive from the run's number; times are relative to the moment that is passed in. Refuses randomness and I/O.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

SECOND = 1_000_000_000
Message = dict[str, Any]

HOSTILE_WORDS = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><b>bold</b> javascript:alert(1)'
RIGHT_TO_LEFT = "مرحبا \u202eevil\u202c שלום"
EMOJI = "👩‍🚀🏴‍☠️é"
HOSTILE = f"{HOSTILE_WORDS} {RIGHT_TO_LEFT} {EMOJI} {'A' * 1_000_000}"


@dataclass(frozen=True)
class Plan:
    """One run to be emitted: `turns` model calls, each followed by a tool call except the last.

    `captures` off leaves the messages out, as most instrumentations do unless told otherwise.
    """

    number: int
    started_ns: int
    agent: str = "support-agent"
    prompt_version: str = "v6"
    model: str = "gpt-5-mini"
    turns: int = 2
    fails: bool = False
    ask: str = "Where is my order?"
    captures: bool = True

    @property
    def trace_id(self) -> str:
        return sha256(f"run {self.number}".encode()).hexdigest()[:32]

    def span_id(self, index: int) -> str:
        return sha256(f"run {self.number} span {index}".encode()).hexdigest()[:16]


def fleet(count: int, *, now_ns: int, minutes: int = 50) -> list[Plan]:
    """`count` finished runs spread over the last `minutes`: three agents, two prompt versions, v7 fails more often."""
    agents = ("support-agent", "research-agent", "billing-agent")
    step = minutes * 60 * SECOND // max(1, count)
    return [
        Plan(
            number=i,
            started_ns=now_ns - 30 * SECOND - (count - 1 - i) * step,
            agent=agents[i % 3],
            prompt_version="v7" if i % 2 else "v6",
            model="gpt-5-mini" if i % 5 else "claude-sonnet-4-5",
            fails=i % 7 == 0 or (i % 2 == 1 and i % 5 == 3),
        )
        for i in range(count)
    ]


HOSTILE_NAME = '<img src=x onerror="window.pwned=1"> \u202eevil'
"""What somebody may call an agent: markup, and a mark that turns the direction of writing."""


def moved(*, now_ns: int, before: int = 600, after: int = 160) -> list[Plan]:
    """Four agents; 18 minutes ago support-agent got prompt v7, with which every second run fails and takes twice the calls."""
    agents = ("support-agent", "research-agent", "billing-agent", HOSTILE_NAME)
    return [
        Plan(
            number=i,
            started_ns=now_ns - (50 * 60 - 3 * i) * SECOND
            if i < before
            else now_ns - (18 * 60 - 5 * (i - before)) * SECOND,
            agent=agents[i % 4],
            prompt_version="v7" if i >= before and i % 4 == 0 else "v6",
            fails=i % 8 == 0 if i >= before and i % 4 == 0 else i % 32 == 0 or i % 16 == 5,
            turns=4 if i >= before and i % 4 == 0 else 2,
        )
        for i in range(before + after)
    ]


def request(plans: Iterable[Plan]) -> bytes:
    """One ExportTraceServiceRequest as OTLP JSON."""
    spans = [span for plan in plans for span in _spans(plan)]
    resource = {"attributes": _attributes({"service.name": "desk", "deployment.environment.name": "prod"})}
    block = {"scope": {"name": "desk.agents", "version": "1.0"}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [block]}]}).encode()


def _spans(plan: Plan) -> list[dict[str, Any]]:
    history = [_say("system", "You help the customers of a shop."), _say("user", plan.ask)]
    spans: list[dict[str, Any]] = []
    at = plan.started_ns + SECOND // 10
    for turn in range(plan.turns):
        last = turn == plan.turns - 1
        answer = _say("assistant", "It was shipped.") if last else _call(turn)
        spans.append(_model_call(plan, 1 + 2 * turn, at, history, answer))
        history = [*history, answer]
        at += 2 * SECOND
        if not last:
            spans.append(_tool_call(plan, 2 + 2 * turn, at, failed=plan.fails and turn == 0))
            history = [*history, _result(turn)]
            at += SECOND
    return [_root(plan, at), *spans]


def _root(plan: Plan, end_ns: int) -> dict[str, Any]:
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": plan.agent,
        "quarterdeck.prompt.version": plan.prompt_version,
        "gen_ai.conversation.id": f"talk-{plan.number // 2}",
    }
    return _span(plan, 0, f"invoke_agent {plan.agent}", plan.started_ns, end_ns, attributes, failed=plan.fails)


def _model_call(plan: Plan, index: int, at: int, history: Sequence[Message], answer: Message) -> dict[str, Any]:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": plan.model,
        "gen_ai.response.model": plan.model,
        "gen_ai.response.id": f"resp-{plan.number}-{index}",
        "gen_ai.usage.input_tokens": 900 + 300 * index + plan.number % 50,
        "gen_ai.usage.output_tokens": 80 + plan.number % 20,
    }
    if plan.captures:
        attributes["gen_ai.input.messages"] = json.dumps(history)
        attributes["gen_ai.output.messages"] = json.dumps([{**answer, "finish_reason": "stop"}])
    return _span(plan, index, f"chat {plan.model}", at, at + 1_900_000_000, attributes, kind=3)


def _tool_call(plan: Plan, index: int, at: int, *, failed: bool) -> dict[str, Any]:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "find_order",
        "gen_ai.tool.call.id": f"call-{index}",
        **({"error.type": "TimeoutError"} if failed else {}),
    }
    return _span(plan, index, "execute_tool find_order", at, at + 900_000_000, attributes, failed=failed)


def _span(
    plan: Plan,
    index: int,
    name: str,
    start_ns: int,
    end_ns: int,
    attributes: dict[str, Any],
    *,
    kind: int = 1,
    failed: bool = False,
) -> dict[str, Any]:
    return {
        "traceId": plan.trace_id,
        "spanId": plan.span_id(index),
        **({} if index == 0 else {"parentSpanId": plan.span_id(0)}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(end_ns),
        "attributes": _attributes(attributes),
        "status": {"code": 2, "message": "the order service did not answer"} if failed else {"code": 0},
    }


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]


def _say(role: str, text: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _call(turn: int) -> Message:
    part = {"type": "tool_call", "id": f"call-{turn}", "name": "find_order", "arguments": {"order": 4711}}
    return {"role": "assistant", "parts": [part]}


def _result(turn: int) -> Message:
    return {
        "role": "tool",
        "parts": [{"type": "tool_call_response", "id": f"call-{turn}", "result": {"state": "shipped", "turn": turn}}],
    }
