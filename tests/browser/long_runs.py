"""Agents whose windows fill and are cut, as OTLP requests in JSON: what the context and promise views are tried with.

Deterministic; times are relative to the moment that is passed in. Refuses randomness and I/O.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

SECOND = 1_000_000_000
WINDOW = 12_000
Message = dict[str, Any]


def cutting_run(number: int, *, now_ns: int, turns: int = 10, agent: str = "clerk", plans: bool = True) -> bytes:
    """One finished run: each turn reads an order of 3,000 characters; at turn 6 the oldest results are masked.

    `plans`: the agent's context budget says with each call what it did.
    """
    trace = sha256(f"cutting {agent} {number}".encode()).hexdigest()[:32]
    started = now_ns - (turns * 3 + 20) * SECOND
    root = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
    spans = [_span(trace, 0, None, "invoke_agent", started, started + (turns * 3 + 1) * SECOND, root)]
    history = [_say("system", "You are the clerk of a shop. " * 60), _say("user", "Check all orders. " * 20)]
    for turn in range(turns):
        cut = turns > 6 and turn == 6
        if cut:
            history = [_masked(message) if at < len(history) - 6 else message for at, message in enumerate(history)]
        at = started + (turn * 3 + 1) * SECOND
        last = turn == turns - 1
        answer = _say("assistant", "All orders were checked.") if last else _ask(turn)
        spans.append(_call(trace, turn, at, history, answer, plans=plans, cut=cut))
        if not last:
            spans.append(_tool(trace, turn, at + 2 * SECOND))
            history = [*history, answer, _result(turn, f"order {4700 + turn}: " + "shipped to the north side. " * 110)]
    resource = {"attributes": _attributes({"service.name": "clerk"})}
    block = {"scope": {"name": "clerk", "version": "1"}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [block]}]}).encode()


def _call(
    trace: str, turn: int, at: int, history: list[Message], answer: Message, *, plans: bool, cut: bool
) -> dict[str, Any]:
    size = len(json.dumps(history)) // 4
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": size,
        "gen_ai.usage.output_tokens": 60,
        "gen_ai.usage.cache_read.input_tokens": 0 if cut or turn == 0 else int(size * 0.8),
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.output.messages": json.dumps([{**answer, "finish_reason": "stop"}]),
    }
    if plans:
        plan = {"window": WINDOW, "effective": int(WINDOW * 0.65), "reserve_output": 800, "kept": len(history)}
        if cut:
            plan |= {"masked": 3, "cut": 3}
            attributes["quarterdeck.context.cut_reason"] = "over the soft mark of 70 %"
        attributes |= {f"quarterdeck.context.{name}": value for name, value in plan.items()}
    return _span(trace, 1 + 2 * turn, 0, "chat gpt-4o", at, at + 2 * SECOND, attributes)


def _tool(trace: str, turn: int, at: int) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "read_order"}
    return _span(trace, 2 + 2 * turn, 0, "execute_tool read_order", at, at + SECOND // 2, attributes)


def _span(
    trace: str, index: int, parent: int | None, name: str, start_ns: int, end_ns: int, attributes: dict[str, Any]
) -> dict[str, Any]:
    def span_id(at: int) -> str:
        return sha256(f"{trace} {at}".encode()).hexdigest()[:16]

    return {
        "traceId": trace,
        "spanId": span_id(index),
        **({} if parent is None else {"parentSpanId": span_id(parent)}),
        "name": name,
        "kind": 3,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(end_ns),
        "attributes": _attributes(attributes),
        "status": {"code": 0},
    }


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]


def _say(role: str, text: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _ask(turn: int) -> Message:
    part = {"type": "tool_call", "id": f"call-{turn}", "name": "read_order", "arguments": {"order": 4700 + turn}}
    return {"role": "assistant", "parts": [part]}


def _result(turn: int, text: str) -> Message:
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": f"call-{turn}", "result": text}]}


def _masked(message: Message) -> Message:
    if message["role"] != "tool":
        return message
    part = message["parts"][0]
    return {"role": "tool", "parts": [{**part, "result": "masked: an order; read_order fetches it again"}]}
