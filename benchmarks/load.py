"""Load for the benchmarks: OTLP requests of agent traces, made cheaply so that the generator does not measure itself.

One request is built once with protobuf; what must be unique in each copy (ids, times, token counts' texts, message
bodies) is found by its offset and overwritten with numpy. A copy costs about 1 µs a span.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_TEXT = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789", dtype=np.uint8)


@dataclass(frozen=True)
class Shape:
    """A request of `traces` whole traces of `spans` each, `depth` deep (agents within tools within agents), with bodies of `text_bytes` in and half of it out."""

    traces: int = 10
    spans: int = 50
    depth: int = 12
    text_bytes: int = 768


class Template:
    """One request and the places in it that make a copy unique."""

    def __init__(self, shape: Shape, *, agent: str = "bench-agent", resource: dict[str, str] | None = None) -> None:
        self.shape = shape
        self.n_spans = shape.traces * shape.spans
        marks = np.random.default_rng(1)
        self._traces = [marks.bytes(16) for _ in range(shape.traces)]
        self._ids = [[marks.bytes(8) for _ in range(shape.spans)] for _ in range(shape.traces)]
        self._times = [b"QD" + i.to_bytes(6, "big") for i in range(2 * shape.spans)]
        self._texts: list[bytes] = []
        self._conversations: dict[int, str] = {}
        body = self._build(agent, resource or {"service.name": "bench", "deployment.environment.name": "prod"})
        self.body = np.frombuffer(body, dtype=np.uint8).copy()
        self.bytes_per_span = len(body) / self.n_spans
        self._find(body)
        # Random text is drawn once; a copy takes a window of it at a random place (no two requests share a window).
        self._pool = _TEXT[np.random.default_rng(3).integers(0, len(_TEXT), 64 * 1024 * 1024, dtype=np.uint8)]

    def _text(self, rng: np.random.Generator, size: int) -> str:
        text = "<" + rng.bytes(size // 2).hex() + ">"
        self._texts.append(text.encode())
        return text

    def _conversation(self, rng: np.random.Generator, t: int) -> str:
        """One for all spans of a trace, as agents do."""
        if t not in self._conversations:
            self._conversations[t] = self._text(rng, 16)
        return self._conversations[t]

    def _build(self, agent: str, resource: dict[str, str]) -> bytes:
        rng = np.random.default_rng(2)
        request = ExportTraceServiceRequest()
        block = request.resource_spans.add()
        for key, value in resource.items():
            pair = block.resource.attributes.add()
            pair.key, pair.value.string_value = key, value
        scope = block.scope_spans.add()
        scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.genai.openai", "2.0"
        for t in range(self.shape.traces):
            for s in range(self.shape.spans):
                self._span(scope.spans.add(), rng, agent, t, s)
        return request.SerializeToString()

    def _span(self, span: object, rng: np.random.Generator, agent: str, t: int, s: int) -> None:
        kind = ("invoke_agent", "chat", "execute_tool")[s % 3]
        span.trace_id, span.span_id = self._traces[t], self._ids[t][s]
        if s:
            span.parent_span_id = self._ids[t][self._parent(s)]
        span.name, span.kind = f"{kind} {agent}", 3
        span.start_time_unix_nano = int.from_bytes(self._times[s], "little")
        span.end_time_unix_nano = int.from_bytes(self._times[2 * self.shape.spans - 1 - s], "little")
        text = self.shape.text_bytes
        attributes: dict[str, object] = {
            "gen_ai.operation.name": kind,
            "gen_ai.provider.name": "openai",
            "gen_ai.agent.name": agent,
            "gen_ai.agent.version": "3",
            "gen_ai.conversation.id": self._conversation(rng, t),
            "server.address": "api.openai.com",
            "server.port": 443,
        }
        if kind == "execute_tool":
            attributes |= {
                "gen_ai.tool.name": ("search", "refund", "lookup", "notify")[s % 4],
                "gen_ai.tool.call.id": self._text(rng, 20),
                "gen_ai.tool.type": "function",
                "gen_ai.tool.call.arguments": json.dumps({"q": self._text(rng, text // 2)}),
                "gen_ai.tool.call.result": json.dumps({"rows": self._text(rng, text + text // 4)}),
                "app.shard": s % 7,
                "app.cached": False,
                "app.note": self._text(rng, 40),
            }
        else:
            attributes |= {
                "gen_ai.request.model": "gpt-4o-mini",
                "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
                "gen_ai.response.id": self._text(rng, 24),
                "gen_ai.usage.input_tokens": 300 + s,
                "gen_ai.usage.output_tokens": 40 + s,
                "gen_ai.response.finish_reasons": ["stop"],
                "gen_ai.input.messages": json.dumps(
                    [{"role": "user", "parts": [{"type": "text", "content": self._text(rng, text)}]}]
                ),
                "gen_ai.output.messages": json.dumps(
                    [{"role": "assistant", "parts": [{"type": "text", "content": self._text(rng, text // 2)}]}]
                ),
            }
            if kind == "invoke_agent":
                for key in ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.response.id"):
                    del attributes[key]
        for key, value in attributes.items():
            pair = span.attributes.add()
            pair.key = key
            if isinstance(value, bool):
                pair.value.bool_value = value
            elif isinstance(value, int):
                pair.value.int_value = value
            elif isinstance(value, list):
                for item in value:
                    pair.value.array_value.values.add().string_value = item
            else:
                pair.value.string_value = str(value)

    def _parent(self, s: int) -> int:
        """An agent calls a model, then a tool, in which another agent works, and so on `depth` deep; then from the top again."""
        if s % 3:
            return s - s % 3
        return 0 if (s // 3) % (self.shape.depth // 2) == 0 else s - 1

    def _find(self, body: bytes) -> None:
        def places(mark: bytes) -> list[int]:
            found, at = [], body.find(mark)
            while at >= 0:
                found.append(at)
                at = body.find(mark, at + 1)
            return found

        self._trace_at = [np.array(places(t)) for t in self._traces]
        self._id_at = [(t, s, np.array(places(i))) for t, ids in enumerate(self._ids) for s, i in enumerate(ids)]
        self._time_at = [(k, np.array(places(m))) for k, m in enumerate(self._times)]
        found = [
            [np.arange(at + 1, at + len(text) - 1) for at in where] for text in self._texts if (where := places(text))
        ]
        self._text_at = np.concatenate([areas[0] for areas in found])
        # What stands in several places is drawn once and copied.
        again = [(areas[0], area) for areas in found for area in areas[1:]]
        self._copy_from = np.concatenate([source for source, _ in again] or [np.zeros(0, dtype=np.int64)])
        self._copy_to = np.concatenate([target for _, target in again] or [np.zeros(0, dtype=np.int64)])
        ids = [(at, t * self.shape.spans + s) for t, s, where in self._id_at for at in where]
        self._id_where = np.array([at for at, _ in ids])[:, None] + np.arange(8)
        self._id_which = np.array([which for _, which in ids])
        traces = [(at, t) for t, where in enumerate(self._trace_at) for at in where]
        self._trace_where = np.array([at for at, _ in traces])[:, None] + np.arange(16)
        self._trace_which = np.array([which for _, which in traces])
        times = [(at, k) for k, where in self._time_at for at in where]
        self._time_where = np.array([at for at, _ in times])[:, None] + np.arange(8)
        self._time_which = np.array([which for _, which in times])

    def copy(self, rng: np.random.Generator, now_ns: int | None = None) -> tuple[bytes, np.ndarray, np.ndarray]:
        """(body, trace ids [traces, 16], span ids [traces × spans, 8]): a request like the template, unique in all that matters."""
        body = self.body.copy()
        traces = rng.integers(1, 256, (self.shape.traces, 16), dtype=np.uint8)
        ids = rng.integers(1, 256, (self.n_spans, 8), dtype=np.uint8)
        body[self._trace_where] = traces[self._trace_which]
        body[self._id_where] = ids[self._id_which]
        start = now_ns if now_ns is not None else time.time_ns()
        stamps = (start - 2_000_000_000 + np.arange(len(self._times), dtype=np.int64) * 15_000_000).astype("<u8")
        body[self._time_where] = stamps[self._time_which][:, None].view(np.uint8)
        offset = int(rng.integers(0, len(self._pool) - len(self._text_at)))
        body[self._text_at] = self._pool[offset : offset + len(self._text_at)]
        body[self._copy_to] = body[self._copy_from]
        return body.tobytes(), traces, ids
