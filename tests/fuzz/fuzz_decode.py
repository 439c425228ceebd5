"""Mutated OTLP requests through decoding, canonical form and runs: nothing but BadInput may be raised.

    python tests/fuzz/fuzz_decode.py -runs=20000

Arguments are those of libFuzzer. The first byte of an input chooses the encoding, the rest is the body; the inputs to
start from are made here. A failure leaves its input in a file that is given as an argument to repeat it.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["quarterdeck.observe"]):
    from quarterdeck.errors import BadInput
    from quarterdeck.model.runs import RunTree
    from quarterdeck.observe.canonical import Canonicalizer
    from quarterdeck.observe.ingest.checks import Limits
    from quarterdeck.observe.ingest.decode import Encoding, decode
    from quarterdeck.observe.runs import PriceTable, build_runs, summarise_runs

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

NOW_NS = 1_750_000_000_000_000_000
LIMITS = Limits(attribute_bytes_max=64, attributes_max=16)
PRICES = PriceTable.shipped()
PRODUCERS: dict[str, dict[str, Any]] = {
    "opentelemetry.instrumentation.genai.openai": {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10, "gen_ai.response.id": "r",
    },
    "openinference.instrumentation.langchain": {
        "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 100,
        "llm.token_count.completion": 10, "llm.token_count.total": 110, "metadata": '{"lc_agent_name": "a"}',
    },
    "opentelemetry.instrumentation.anthropic": {
        "llm.request.type": "chat", "gen_ai.system": "Anthropic", "gen_ai.usage.prompt_tokens": 9,
        "gen_ai.usage.cache_read_input_tokens": 99, "gen_ai.response.id": "r", "traceloop.entity.name": "x",
    },
    "langfuse-sdk": {
        "langfuse.observation.type": "generation", "langfuse.observation.usage_details": '{"input": 5, "output": 2}',
    },
    "ai": {"ai.operationId": "ai.generateText", "ai.usage.promptTokens": 5, "ai.response.providerMetadata": "{}"},
    "pydantic-ai": {"gen_ai.operation.name": "invoke_agent", "gen_ai.aggregated_usage.input_tokens": 7},
    "strands.telemetry.tracer": {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 3},
    "": {"quarterdeck.run.id": "run", "quarterdeck.cost_usd": 0.5, "quarterdeck.op.kind": "tool", "thread_id": "s"},
}  # fmt: skip


def request(scope: str, attributes: dict[str, Any]) -> ExportTraceServiceRequest:
    """A parent and its child with these attributes."""
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    inner = block.scope_spans.add()
    inner.scope.name = scope
    for number in (1, 2):
        span = inner.spans.add()
        span.trace_id, span.span_id = b"t" * 16, bytes([number]) * 8
        span.parent_span_id = b"" if number == 1 else b"\x01" * 8
        span.start_time_unix_nano, span.end_time_unix_nano = NOW_NS - 9_000 + number, NOW_NS - number
        for key, value in attributes.items():
            pair = span.attributes.add()
            pair.key = key
            kind = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
            setattr(pair.value, kind, value)
        event = span.events.add()
        event.name, event.time_unix_nano = "exception", NOW_NS
    return message


def seeds(folder: Path) -> None:
    """Inputs to start from: every producer in both encodings."""
    for number, (scope, attributes) in enumerate(PRODUCERS.items()):
        message = request(scope, attributes)
        (folder / f"{number}.pb").write_bytes(b"p" + message.SerializeToString())
        (folder / f"{number}.json").write_bytes(b"j" + json_format.MessageToJson(message, indent=None).encode())


def one_input(data: bytes) -> None:
    """Decode, understand, build; then what holds for any answer."""
    encoding: Encoding = "json" if data[:1] == b"j" else "protobuf"
    try:
        decoded = decode(data[1:], encoding, "default", LIMITS, NOW_NS)
    except BadInput:
        return
    canonical = Canonicalizer(user_hash_key=b"k" * 32)
    by_id = {(span.trace_id, span.span_id): canonical.canonicalize(span) for span in decoded.spans}
    by_trace: dict[str, list[Any]] = {}
    for span in by_id.values():
        by_trace.setdefault(span.trace_id, []).append(span)
    for spans in by_trace.values():
        trees = build_runs(spans, now_ns=NOW_NS, prices=PRICES)
        assert [tree.run for tree in trees] == summarise_runs(spans, now_ns=NOW_NS, prices=PRICES)
        check(trees, len(spans))


def check(trees: list[RunTree], spans: int) -> None:
    """No span stands in two runs, no count is negative, no number is endless."""
    placed = [(node.trace_id, node.span_id) for tree in trees for node in tree.nodes if not node.synthetic]
    assert len(placed) == len(set(placed)) <= spans
    for tree in trees:
        run = tree.run
        counts = (run.tokens.input, run.tokens.output, run.tokens.cache_read, run.residual_tokens, run.model_calls)
        assert all(count is None or (type(count) is int and count >= 0) for count in counts), run
        assert all(cost is None or math.isfinite(cost) for cost in (run.cost.computed, run.cost.reported)), run


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        atheris.Setup([*sys.argv, "-max_len=4096", "-timeout=120", folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
