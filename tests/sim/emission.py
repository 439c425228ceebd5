"""Agent traces as OTLP JSON spans, from a few small numbers, so that a failing story shrinks to something readable.

Four ways of emitting usage, tools, retries, several forms of one span, roots that never come, one run over two traces.
Every span is told its true usage by construction: `true_tokens` is what the runs of all spans must add up to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

SECOND = 10**9
START_NS = 1_750_000_000 * SECOND
PATTERNS = ("leaf only", "leaf + inclusive agent", "nested duplicates", "pending first")
SHAPES = ("whole", "missing root", "failing", "retries", "explicit run")


@dataclass
class Emission:
    """One trace: its spans in the order in which they end, and the tokens that were truly used."""

    spans: list[dict[str, Any]] = field(default_factory=list)
    true_tokens: int = 0


def emit(number: int, pattern: str, shape: str, steps: int, session: int) -> Emission:
    """Trace `number`: an agent that takes `steps` steps of a model call and a tool call each."""
    writer = _Writer(number, pattern, shape, session)
    for step in range(steps):
        writer.step(step)
    writer.end()
    return writer.emission


class _Writer:
    def __init__(self, number: int, pattern: str, shape: str, session: int) -> None:
        self.trace, self.pattern, self.shape = number + 1, pattern, shape
        self.session = session
        self.emission = Emission()
        self.spans = 1
        self.clock = START_NS + number * 5 * SECOND
        self.started = self.clock

    def step(self, step: int) -> None:
        used = (100 * self.trace + step, 10 + step)
        tries = 2 if self.shape == "retries" and step == 0 else 1
        for attempt in range(tries):
            failed = attempt + 1 < tries
            self.call(step, (0, 0) if failed else used, failed=failed)
        self.add(
            f"execute_tool tool{step % 2}", {"gen_ai.tool.name": f"tool{step % 2}", "gen_ai.tool.call.id": f"c{step}"}
        )

    def call(self, step: int, used: tuple[int, int], *, failed: bool) -> None:
        response = {"gen_ai.response.id": f"r{self.trace}-{step}-{int(failed)}"}
        usage = {} if failed else {"gen_ai.usage.input_tokens": used[0], "gen_ai.usage.output_tokens": used[1]}
        model = {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", **response, **usage}
        self.emission.true_tokens += sum(used)
        text = {
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "x" * 300}]}])
        }
        outer = self.add("chat gpt-4o", {**model, **text}, failed=failed)
        if self.pattern == "nested duplicates":
            self.add("chat gpt-4o", model, parent=outer, failed=failed)

    def end(self) -> None:
        if self.shape == "missing root":
            return
        own: dict[str, Any] = {}
        if self.pattern == "leaf + inclusive agent":
            total = self.emission.true_tokens
            own = {"gen_ai.usage.input_tokens": total - 1, "gen_ai.usage.output_tokens": 1} if total else {}
            outputs = sum(_int(span, "gen_ai.usage.output_tokens") for span in self.emission.spans)
            own = {"gen_ai.usage.input_tokens": total - outputs, "gen_ai.usage.output_tokens": outputs} if own else {}
        self.add("invoke_agent desk", own, parent=0, number=1, failed=self.shape == "failing")

    def add(
        self, name: str, attributes: dict[str, Any], *, parent: int = 1, number: int | None = None, failed: bool = False
    ) -> int:
        if number is None:
            self.spans += 1
            number = self.spans
        begin = self.started if number == 1 else self.clock
        self.clock += SECOND // 4
        common = {"gen_ai.operation.name": name.split(maxsplit=1)[0], "gen_ai.agent.name": f"desk{self.trace % 3}"}
        if self.session:
            common["gen_ai.conversation.id"] = f"s{self.session}"
        if self.shape == "explicit run" and (number == 1 or self.trace % 2):
            # Shared with a neighbour. Of every second trace only the root tells it, so its run has another id before.
            common["quarterdeck.run.id"] = f"order-{self.trace // 2}"
        span = {
            "traceId": f"{self.trace:032x}",
            "spanId": f"{self.trace:08x}{number:08x}",
            "parentSpanId": f"{self.trace:08x}{parent:08x}" if parent else "",
            "name": name,
            "kind": 3,
            "startTimeUnixNano": str(begin),
            "endTimeUnixNano": str(self.clock),
            "status": {"code": 2, "message": "timeout"} if failed else {"code": 1},
            "attributes": [_pair(key, value) for key, value in {**common, **attributes}.items()],
        }
        if self.pattern == "pending first" and number % 2:
            pending = [pair for pair in span["attributes"] if "usage" not in pair["key"]]
            self.emission.spans.append({**span, "endTimeUnixNano": "0", "status": {}, "attributes": pending})
        self.emission.spans.append(span)
        return number


def _pair(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def _int(span: dict[str, Any], key: str) -> int:
    return sum(int(pair["value"]["intValue"]) for pair in span["attributes"] if pair["key"] == key)


def request(spans: list[dict[str, Any]]) -> bytes:
    """One export request."""
    scope = {"name": "opentelemetry.instrumentation.genai.openai", "version": "2"}
    resource = {"attributes": [_pair("service.name", "desk")]}
    block = {"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}
    return json.dumps({"resourceSpans": [block]} if spans else {}).encode()
