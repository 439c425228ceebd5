"""Unknown keys are counted and never summed: the rename fuzz."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.observe.canonical import Canonicalizer

from .spans import KEY, raw
from .test_openinference import LLM
from .test_otel_current import CHAT
from .test_vercel import CALL

CLAUDE = {"span.type": "llm_request", "input_tokens": 100, "output_tokens": 20, "cache_read_tokens": 50}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.aggregated_usage.input_tokens": 5,
         "gen_ai.aggregated_usage.output_tokens": 2}  # fmt: skip
LANGFUSE = {
    "langfuse.observation.type": "generation",
    "langfuse.observation.usage_details": '{"input": 5, "output": 2}',
}
LEGACY = {"gen_ai.system": "openai", "gen_ai.usage.prompt_tokens": 4, "gen_ai.usage.completion_tokens": 2,
          "llm.usage.total_tokens": 6}  # fmt: skip

PRODUCERS: list[tuple[str, dict[str, Any]]] = [
    ("opentelemetry.instrumentation.genai.openai", CHAT),
    ("openinference.instrumentation.openai", LLM),
    ("ai", CALL),
    ("com.anthropic.claude_code.tracing", CLAUDE),
    ("pydantic-ai", AGENT),
    ("langfuse-sdk", LANGFUSE),
    ("opentelemetry.instrumentation.openai", LEGACY),
]

USAGE_CASES = [
    (scope, attributes, key)
    for scope, attributes in PRODUCERS
    for key in attributes
    if ("usage" in key.lower() or "token" in key.lower()) and attributes[key] != 0
]

LOUD = {"unmapped", "derived", "mismatch", "identity"}


@pytest.mark.parametrize(("scope", "attributes", "key"), USAGE_CASES)
def test_a_renamed_usage_key_is_reported_and_no_total_is_silently_wrong(
    scope: str, attributes: dict[str, Any], key: str
) -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    before = canonicalizer.canonicalize(raw(attributes, scope=scope))
    assert canonicalizer.drain_unmapped(1) == []
    renamed = {(f"{name}_renamed" if name == key else name): value for name, value in attributes.items()}
    after = canonicalizer.canonicalize(raw(renamed, scope=scope))
    assert f"{key}_renamed" in {item.key for item in canonicalizer.drain_unmapped(1)}
    same = (before.tokens_input, before.tokens_output) == (after.tokens_input, after.tokens_output)
    assert same or after.usage_confidence in LOUD


def test_an_unknown_bucket_of_a_usage_document_is_reported() -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    document = '{"input": 5, "output": 2, "cached_by_magic": 3}'
    span = canonicalizer.canonicalize(raw({"langfuse.observation.usage_details": document}, scope="langfuse-sdk"))
    assert (span.tokens_input, span.tokens_output) == (5, 2)
    keys = [item.key for item in canonicalizer.drain_unmapped(1)]
    assert keys == ["langfuse.observation.usage_details{cached_by_magic}"]


def test_running_numbers_are_one_key_and_draining_starts_anew() -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    attributes = {f"llm.new_messages.{index}.role": "user" for index in range(30)}
    canonicalizer.canonicalize(raw(attributes))
    canonicalizer.canonicalize(raw(attributes))
    (found,) = canonicalizer.drain_unmapped(77)
    assert (found.key, found.count, found.first_seen_ns, found.dialect) == (
        "llm.new_messages.{i}.role",
        2,
        77,
        "unknown",
    )
    assert canonicalizer.drain_unmapped(78) == []
