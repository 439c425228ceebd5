"""Hostile input never raises, never grows without bound, and never leaves a wrong type in a canonical span."""

from __future__ import annotations

import math
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.model.raw import RawEvent
from quarterdeck.model.spans import ErrorClass, OpKind, Span, SpanStatus, UsageScope
from quarterdeck.observe.canonical import CONFIDENCES, Canonicalizer, conversation, mapped_by, normalise_usage
from quarterdeck.observe.canonical.failures import FAILURE_MARKS
from quarterdeck.observe.canonical.kinds import KINDS
from quarterdeck.observe.canonical.memory import PLANS_MAX
from quarterdeck.observe.canonical.message_shapes import SLOTS_MAX
from quarterdeck.observe.canonical.precedence import GLOBAL, OWN
from quarterdeck.observe.canonical.unmapped import DISTINCT_MAX, OTHER_KEY
from quarterdeck.observe.canonical.weights import WEIGHT_KEYS

from .spans import KEY, raw

READ_KEYS = sorted(
    {key.partition("{")[0] for keys in GLOBAL.values() for key in keys}
    | set(OWN.values()) | set(KINDS) | set(FAILURE_MARKS) | set(WEIGHT_KEYS)
    | {"events", "all_messages_events", "input.value", "gen_ai.prompt.0.role", "gen_ai.prompt.0.content",
       "llm.input_messages.0.message.role", "llm.input_messages.0.message.content", "llm.tools.0.tool.json_schema",
       "gen_ai.output.messages", "ai.response.toolCalls", "sampler.type", "sampler.param", "tools", "agent_name"}
)  # fmt: skip

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.binary(max_size=8) | st.text(max_size=20)
    | st.sampled_from(["chat", "LLM", "span", "[{", '{"a"', '"26"', "-1", "nan", "1e999", "9" * 30, "\ud800", "[" * 900])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
ATTRIBUTES = st.dictionaries(st.sampled_from(READ_KEYS) | st.text(max_size=12), VALUES, max_size=24)
SCOPES = st.sampled_from(
    ["", "ai", "langfuse-sdk", "pydantic-ai", "openinference.instrumentation.x", "strands.telemetry.tracer", "logfire"]
)


def check(span: Span) -> None:
    """Every field has its type, and unknown is None."""
    assert span.op_kind in get_args(OpKind)
    assert span.status in get_args(SpanStatus)
    assert span.usage_scope in get_args(UsageScope)
    assert span.error_class is None or span.error_class in get_args(ErrorClass)
    assert span.usage_confidence is None or span.usage_confidence in CONFIDENCES
    for name, value in span._asdict().items():
        if name.startswith("tokens_"):
            assert value is None or (type(value) is int and value >= 0), name
        elif name in ("ttft_s", "cost_reported_usd", "weight"):
            assert value is None or (isinstance(value, float) and math.isfinite(value) and value >= 0), name
        elif name in ("streaming",):
            assert value is None or isinstance(value, bool)
        elif name in ("retry_attempt", "start_ns", "end_ns", "mapping_version"):
            assert value is None or type(value) is int
        else:
            assert value is None or (isinstance(value, str) and len(value) <= 2_048), name
    assert (span.usage_scope == "none") == (span.tokens_input is None and span.tokens_output is None)


@given(attributes=ATTRIBUTES, resource=ATTRIBUTES, scope=SCOPES, state=st.text(max_size=20), status=st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_any_span_has_a_canonical_form(
    attributes: dict[str, Any], resource: dict[str, Any], scope: str, state: str, status: int
) -> None:
    events = (RawEvent("exception", 1, attributes), RawEvent("gen_ai.user.message", 2, attributes))
    span = raw(attributes, scope=scope, resource=resource, trace_state=state, status=status, events=events)
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    first = canonicalizer.canonicalize(span)
    check(first)
    assert canonicalizer.canonicalize(span) == first
    canonicalizer.drain_unmapped(1)
    assert set(conversation(span)) == {"input", "output", "content_state"}
    assert all(isinstance(key, str) for key in mapped_by(span).values())


@given(document=VALUES | st.dictionaries(st.sampled_from(["input", "output", "total", "input_tokens", "output_tokens",
       "prompt_tokens", "usage", "tokens", "promptTokenCount", "inputTokens", "cacheDetails", "results"]), VALUES))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_any_usage_document_has_counts(document: Any) -> None:
    counts = normalise_usage("anthropic", document)
    for value in counts[:6]:
        assert value is None or (type(value) is int and value >= 0)


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def test_depth_and_size_do_not_hurt() -> None:
    deep = nested(5_000)
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.call.arguments": deep,
        "gen_ai.tool.call.result": "[" * 100_000,
        "gen_ai.input.messages": deep,
        "gen_ai.tool.definitions": deep,
        "langfuse.observation.usage_details": "x" * 9_000_000,
    }
    span = raw(attributes)
    check(Canonicalizer(user_hash_key=KEY).canonicalize(span))
    conversation(raw({"gen_ai.input.messages": deep}))


def test_an_index_does_not_allocate() -> None:
    attributes: dict[str, Any] = {f"gen_ai.prompt.{index}.content": "x" for index in range(12_000)}
    attributes["gen_ai.prompt.999999999.content"] = "far"
    found = conversation(raw(attributes))
    assert len(found["input"]) == SLOTS_MAX


def test_growing_conversations_share_a_plan() -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    for turns in range(50, 90):
        attributes: dict[str, Any] = {"openinference.span.kind": "LLM"}
        for turn in range(turns):
            attributes[f"llm.input_messages.{turn}.message.role"] = "user"
        canonicalizer.canonicalize(raw(attributes, scope="openinference.instrumentation.x"))
    assert canonicalizer.plans_compiled == 1


def test_plans_and_unmapped_keys_are_bounded() -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    for number in range(PLANS_MAX + 10):
        canonicalizer.canonicalize(raw({f"llm.invented_{number}": 1}))
    assert canonicalizer.plans_kept <= PLANS_MAX
    assert canonicalizer.plans_dropped == PLANS_MAX
    found = canonicalizer.drain_unmapped(1)
    assert len(found) == DISTINCT_MAX + 1
    assert found[0].key == OTHER_KEY
    assert found[0].count == PLANS_MAX + 10 - DISTINCT_MAX
