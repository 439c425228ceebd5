"""Golden spans: Langfuse's SDKs."""

from __future__ import annotations

from .spans import canonical, expect

SCOPE = "langfuse-sdk"


def test_a_generation() -> None:
    span = canonical(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.usage_details": '{"input": 60, "output": 15, "total": 75, "input_cache_read": 40}',
            "langfuse.observation.cost_details": '{"input": 0.1, "output": 0.2, "total": 0.3}',
            "langfuse.observation.completion_start_time": '"2001-09-09T01:46:40.500000Z"',
            "langfuse.observation.input": '[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]',
            "langfuse.session.id": "s1",
            "langfuse.user.id": "u1",
            "langfuse.environment": "staging",
            "langfuse.observation.prompt.name": "greeting",
            "langfuse.observation.prompt.version": 3,
        },
        scope=SCOPE,
    )
    expect(
        span,
        dialect="langfuse",
        op_kind="llm",
        op_name="generation",
        provider="openai",
        model_request="gpt-4o",
        tokens_input=60,
        tokens_output=15,
        tokens_cache_read=40,
        usage_confidence="exact",
        cost_reported_usd=0.3,
        ttft_s=0.5,
        session_id="s1",
        environment="staging",
        prompt_name="greeting",
        prompt_version="3",
    )
    assert span.prompt_hash
    assert span.user_hash


def test_buckets_outside_the_input_are_put_inside() -> None:
    usage = '{"input": 20, "output": 15, "input_cache_read": 40, "input_audio": 5, "total": 80}'
    span = canonical({"langfuse.observation.type": "generation", "langfuse.observation.usage_details": usage})
    expect(span, tokens_input=65, tokens_output=15, tokens_cache_read=40, usage_confidence="identity")


def test_the_type_stands_above_every_other_word() -> None:
    words = {"openinference.span.kind": "AGENT", "gen_ai.operation.name": "invoke_agent"}
    expect(canonical({**words, "langfuse.observation.type": "span"}), op_kind="chain")
    expect(canonical({**words, "langfuse.observation.type": "retriever"}), op_kind="retrieval")
    expect(canonical({**words, "langfuse.observation.type": "a new word"}), op_kind="agent")


def test_zeros_of_an_export_are_not_a_report() -> None:
    usage = '{"input": 0, "output": 0, "total": 0}'
    span = canonical({"langfuse.observation.type": "span", "langfuse.observation.usage_details": usage}, scope=SCOPE)
    expect(span, tokens_input=None, tokens_output=None, usage_scope="none", usage_confidence="zero")


def test_an_error_level_is_an_error() -> None:
    span = canonical({"langfuse.observation.level": "ERROR", "langfuse.observation.status_message": "rate limit hit"})
    expect(span, status="error", error_class="provider_rate_limit")
    expect(canonical({"langfuse.observation.level": "WARNING"}), status="unset", error_class=None)
