"""What a golden trace adds up to, as a run: each token once, whatever repeats it, in any order, twice, or in part."""

from __future__ import annotations

import random

import pytest

from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.runs import PriceTable, build_runs

from . import golden

NOW_NS = 2_000_000_000_000_000_000
PRICES = PriceTable.shipped()

TRUTH: dict[str, tuple[int, int, int]] = {
    "adk_2.13.0": (1, 320, 30),
    "agent_framework_1.0": (1, 320, 30),
    "claude_api_twin_2026.10": (2, 900, 30),
    "claude_code_2.1": (1, 900, 30),
    "claude_sdk_2.12.0": (3, 4487, 129),
    "flue_2.1.0": (1, 900, 30),
    "genai_anthropic_1.3b0": (3, 4487, 129),
    "genai_langchain_1.3b0": (4, 4805, 135),
    "genai_openai_1.3b0": (3, 4561, 129),
    "genai_openai_agents_1.3b0": (4, 5034, 134),
    "genkit_1.42.0": (1, 31, 29),
    "langfuse_4.0": (1, 320, 30),
    "langsmith_0.15.0": (1, 320, 30),
    "livekit_1.8.9": (1, 120, 20),
    "logfire_claude_agent_sdk_4.41.0": (1, 900, 30),
    "mlflow_3.17.2": (1, 320, 30),
    "openinference_claude_agent_sdk_0.1.22": (0, 900, 30),
    "openinference_langchain_0.1.80": (4, 4805, 135),
    "openinference_openai_agents_2.6.0": (4, 5034, 134),
    "openinference_smolagents_0.1.43": (1, 300, 10),
    "openinference_strands_0.1.10_with_1.20.0": (1, 900, 30),
    "openinference_strands_0.1.10_with_1.62.0": (1, 900, 30),
    "openinference_strands_0.1.12_with_1.62.0": (1, 900, 30),
    "openllmetry_anthropic_0.62.4": (3, 4487, 129),
    "openllmetry_langchain_0.62.4": (4, 4805, 135),
    "openllmetry_migration_0.60": (1, 320, 30),
    "openllmetry_openai_0.62.4": (3, 4561, 129),
    "openllmetry_openai_agents_0.62.4": (4, 5034, 134),
    "pydantic_ai_0.4_v1": (1, 320, 30),
    "pydantic_ai_1.20_v2": (1, 320, 30),
    "pydantic_ai_2.68.0": (4, 4885, 135),
    "pydantic_ai_3.0_v6": (1, 320, 30),
    "strands_1.20.0": (1, 900, 30),
    "strands_1.62.0": (1, 900, 30),
    "vercel_4.3": (1, 900, 30),
    "vercel_6.0": (2, 300, 40),
    "vercel_v7_1.0.173": (1, 120, 20),
    "weave_0.52": (1, 320, 30),
}
"""File → (model calls, input, output) of its outermost run, by the bill of the recording or by hand."""


def mapped(name: str) -> list[Span]:
    canonicalizer = Canonicalizer(user_hash_key=golden.KEY)
    return [canonicalizer.canonicalize(raw) for raw in golden.spans(name)]


def totals(spans: list[Span]) -> tuple[int, int | None, int | None]:
    runs: list[Run] = [tree.run for tree in build_runs(spans, now_ns=NOW_NS, prices=PRICES)]
    calls = sum(run.model_calls for run in runs)
    return calls, sum(run.tokens.input or 0 for run in runs), sum(run.tokens.output or 0 for run in runs)


@pytest.mark.parametrize("name", TRUTH)
def test_tokens_are_counted_once(name: str) -> None:
    assert totals(mapped(name)) == TRUTH[name]


@pytest.mark.parametrize("name", TRUTH)
def test_the_order_does_not_matter(name: str) -> None:
    spans = mapped(name)
    for seed in range(5):
        random.Random(seed).shuffle(spans)
        assert totals(spans) == TRUTH[name], f"seed {seed}"


INCLUSIVE = ["vercel_6.0", "vercel_v7_1.0.173", "logfire_claude_agent_sdk_4.41.0", "pydantic_ai_1.20_v2"]


@pytest.mark.parametrize("name", INCLUSIVE)
def test_an_inclusive_wrapper_makes_up_for_a_lost_call(name: str) -> None:
    spans = mapped(name)
    for lost in [span for span in spans if span.op_kind == "llm"]:
        assert totals([span for span in spans if span is not lost])[1:] == TRUTH[name][1:]
