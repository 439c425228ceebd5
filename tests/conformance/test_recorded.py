"""The recorded exports: every observation maps, and says what its file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer, combine_stream, conversation, normalise_usage

from .spans import (
    KEY,
    TRACES,
    langfuse_files,
    langfuse_observations,
    observation_span,
    provider_responses,
    vercel_spans,
)

pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason=f"recorded data is not at {TRACES} (QUARTERDECK_DATA)")

KINDS = {"GENERATION": "llm", "SPAN": "chain", "CHAIN": "chain", "AGENT": "agent", "TOOL": "tool"}


def mapped(path: Path) -> list[tuple[dict[str, Any], Span]]:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    found = [(item, canonicalizer.canonicalize(observation_span(item))) for item in langfuse_observations(path)]
    assert canonicalizer.drain_unmapped(1) == []
    return found


@pytest.mark.parametrize("path", langfuse_files(), ids=lambda path: path.stem)
def test_every_observation_says_what_its_file_says(path: Path) -> None:
    for observation, span in mapped(path):
        usage = observation["usageDetails"]
        assert span.op_kind == KINDS[observation["type"]]
        if any(usage.values()):
            assert (span.tokens_input, span.tokens_output) == (usage.get("input"), usage.get("output"))
            assert span.usage_confidence == "exact"
        if observation["model"] and observation["model"] != "unknown":
            assert observation["model"] == span.model_response


@pytest.mark.parametrize("path", langfuse_files(), ids=lambda path: path.stem)
def test_only_model_calls_own_their_usage(path: Path) -> None:
    for _, span in mapped(path):
        if span.tokens_input is not None:
            above = "cumulative_lifetime" if span.dialect == "agent_framework" else "inclusive"
            assert span.usage_scope == ("own" if span.op_kind == "llm" else above)


@pytest.mark.parametrize("path", langfuse_files(), ids=lambda path: path.stem)
def test_recorded_content_becomes_messages(path: Path) -> None:
    for observation in langfuse_observations(path):
        found = conversation(observation_span(observation))
        if observation["input"] not in (None, "", "{}", {}, []):
            assert found["input"]
            assert found["content_state"] == "present"


def test_recorded_vercel_spans() -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    spans = [canonicalizer.canonicalize(item) for item in vercel_spans()]
    assert len(spans) == 10
    assert {span.dialect for span in spans} == {"vercel"}
    assert {span.provider for span in spans} == {"openai"}
    own = [span for span in spans if span.usage_scope == "own"]
    wrapped = [span for span in spans if span.usage_scope == "inclusive"]
    # every call stands inside a wrapper that repeats it
    assert sum(span.tokens_input or 0 for span in own) == sum(span.tokens_input or 0 for span in wrapped) == 152
    assert canonicalizer.drain_unmapped(1) == []


def expected_total(document: dict[str, Any]) -> int | None:
    """The total by the providers' own documents: a reported one, plus what Anthropic's lack."""
    usage = next((document[key] for key in ("usage", "usageMetadata") if key in document), document)
    for key in ("total_tokens", "totalTokens", "totalTokenCount"):
        if usage.get(key):
            return int(usage[key])
    if "cache_read_input_tokens" in usage or "cache_creation_input_tokens" in usage:
        parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
        return sum(usage.get(part) or 0 for part in parts)
    return None


def test_every_recorded_usage_shape_is_normalised() -> None:
    seen = 0
    for row in provider_responses():
        for document in row["usage"]:
            counts = normalise_usage(row["host"], document)
            wanted = expected_total(document)
            if wanted is not None:
                seen += 1
                assert counts.total == wanted, (row["host"], document, counts)
            if counts.input is not None:
                assert (counts.cache_read or 0) + (counts.cache_write or 0) <= counts.input
            if counts.output is not None:
                assert (counts.reasoning or 0) <= counts.output
            assert counts.confidence not in ("mismatch", "rejected", "unmapped"), (row["host"], document, counts)
    assert seen > 1_000


def test_recorded_documents_without_tokens_are_the_known_ones() -> None:
    silent = {
        key
        for row in provider_responses()
        for document in row["usage"]
        if normalise_usage(row["host"], document).confidence is None
        for key in (document.get("usage") or document.get("usageMetadata") or document.get("billed_units") or document)
    }
    assert silent <= {"trafficType", "search_units", "classifications"} | {key for key in silent if "Polic" in key}


def test_a_recorded_stream_ends_with_its_last_running_total() -> None:
    for row in provider_responses():
        if row["host"] == "api.anthropic.com" and row["stream"] and len(row["usage"]) == 2:
            counts = combine_stream(row["host"], row["usage"])
            first, last = (item["usage"] for item in row["usage"])
            assert counts.output == last["output_tokens"]
            merged = {**first, **last}
            assert counts.total == expected_total({"usage": merged})
