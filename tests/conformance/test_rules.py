"""Rules that hold across dialects: our own attributes, precedence, absence, sessions, errors, weights, idempotence."""

from __future__ import annotations

import random

import pytest

from quarterdeck.model.raw import RawEvent
from quarterdeck.observe.canonical import Canonicalizer, mapped_by

from .spans import KEY, canonical, expect, raw
from .test_openinference import LLM
from .test_otel_current import CHAT
from .test_vercel import CALL


def test_our_own_attributes_win_over_everything() -> None:
    own = {
        "quarterdeck.run.id": "run-1",
        "quarterdeck.session.id": "mine",
        "quarterdeck.agent.name": "agent",
        "quarterdeck.agent.version": "2",
        "quarterdeck.prompt.name": "p",
        "quarterdeck.prompt.version": "9",
        "quarterdeck.config.hash": "c",
        "quarterdeck.tenant": "t",
        "quarterdeck.environment": "e",
        "quarterdeck.feature": "f",
        "quarterdeck.task.class": "k",
        "quarterdeck.outcome": "success",
        "quarterdeck.retry.attempt": 1,
        "quarterdeck.op.kind": "guardrail",
        "quarterdeck.cost_usd": 0.5,
    }
    fields = {
        "run_id": "run-1", "session_id": "mine", "agent_name": "agent", "agent_version": "2", "prompt_name": "p",
        "prompt_version": "9", "config_hash": "c", "tenant": "t", "environment": "e", "feature": "f",
        "task_class": "k", "outcome": "success", "retry_attempt": 1, "op_kind": "guardrail", "cost_reported_usd": 0.5,
    }  # fmt: skip
    others = {"gen_ai.agent.name": "x", "gen_ai.agent.version": "1", "langfuse.environment": "y", "operation.cost": 3}
    expect(canonical({**CHAT, **others, **own}), **fields)


def test_on_the_resource_ours_hold_for_all_spans_and_yield_to_the_span() -> None:
    resource = {
        "quarterdeck.tenant": "acme",
        "quarterdeck.agent.name": "from resource",
        "quarterdeck.cost_usd": 9.0,
        "service.name": "svc",
        "service.version": "3.1",
        "deployment.environment.name": "prod",
    }
    span = canonical({"gen_ai.agent.name": "x", "gen_ai.operation.name": "chat"}, resource=resource)
    expect(
        span,
        tenant="acme",
        agent_name="from resource",
        agent_version="3.1",
        environment="prod",
        service_name="svc",
        cost_reported_usd=None,
    )
    expect(canonical({"quarterdeck.tenant": "other"}, resource=resource), tenant="other")


def test_a_service_is_the_last_name_of_an_agent_and_says_so() -> None:
    resource = {"service.name": "svc"}
    call = {"gen_ai.operation.name": "chat"}
    expect(canonical(call, resource=resource), agent_name="svc", agent_name_source="inferred")
    expect(canonical(call, resource={"service.name": "unknown_service:python"}), agent_name=None, service_name=None)


@pytest.mark.parametrize("nothing", ["", "{}", "[]", "N/A", "null", "<REDACTED>", "__REDACTED__", [], {}, None])
def test_what_says_nothing_is_absent(nothing: object) -> None:
    span = canonical({"gen_ai.response.model": nothing, "llm.response.model_name": "m", "session.id": nothing})
    expect(span, model_response="m", session_id=None, session_source=None)


def test_the_primary_dialects_keys_come_first() -> None:
    both = {"gen_ai.usage.input_tokens": 1, "llm.token_count.prompt": 2, "gen_ai.request.model": "a"}
    expect(canonical(both, scope="openinference.instrumentation.x"), tokens_input=2)
    expect(canonical(both, scope="opentelemetry.instrumentation.genai.x"), tokens_input=1)


def test_a_langsmith_project_is_not_a_session() -> None:
    expect(canonical({"langsmith.trace.session_id": "p", "langsmith.trace.session_name": "n"}), session_id=None)
    expect(canonical({"mcp.session.id": "transport"}), session_id=None)


def test_frameworks_are_not_providers() -> None:
    expect(canonical({"gen_ai.system": "langchain", "gen_ai.request.model": "claude-sonnet-4-5"}), provider="anthropic")
    expect(canonical({"gen_ai.provider.name": "crewai", "llm.provider": "Mistral"}), provider="mistral_ai")


def test_a_failed_call_is_classified_by_what_it_says() -> None:
    events = (
        RawEvent("exception", 1, {"exception.type": "openai.RateLimitError", "exception.message": "429 Too Many"}),
    )
    span = canonical({"gen_ai.operation.name": "chat"}, status=2, message="boom", events=events)
    expect(
        span,
        status="error",
        status_message="boom",
        error_type="openai.RateLimitError",
        error_class="provider_rate_limit",
    )


def test_an_exception_that_was_handled_is_not_an_error() -> None:
    events = (RawEvent("exception", 1, {"exception.type": "ValueError"}),)
    expect(canonical({}, status=1, events=events), status="ok", error_type=None, error_class=None)


def test_error_type_alone_is_an_error_and_own_class_wins() -> None:
    expect(canonical({"error.type": "timeout"}, status=0), status="error", error_type="timeout", error_class="infra")
    own = {"error.type": "x", "quarterdeck.error.class": "content_filter"}
    expect(canonical(own), error_class="content_filter")
    expect(canonical({"error.type": "x", "quarterdeck.error.class": "no such class"}), error_class="unknown")


def test_weights_of_sampled_spans() -> None:
    expect(canonical({}, trace_state="ot=th:c"), weight=4.0)
    expect(canonical({"SampleRate": 20}), weight=20.0)
    expect(canonical({"tailsampling.policy": "errors"}), weight=None)


@pytest.mark.parametrize("attributes", [CHAT, LLM, CALL])
def test_mapping_again_and_in_another_order_gives_the_same(attributes: dict[str, object]) -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    first = canonicalizer.canonicalize(raw(attributes))
    assert canonicalizer.canonicalize(raw(attributes)) == first
    keys = list(attributes)
    random.Random(7).shuffle(keys)
    assert canonicalizer.canonicalize(raw({key: attributes[key] for key in keys})) == first
    assert Canonicalizer(user_hash_key=KEY).canonicalize(raw(attributes)) == first


def test_mapped_by_names_the_key_behind_each_field() -> None:
    span = raw(
        {**LLM, "gen_ai.usage.input_tokens": 1, "quarterdeck.op.kind": "llm"},
        scope="openinference.instrumentation.x",
        resource={"service.name": "svc", "quarterdeck.tenant": "acme"},
    )
    found = mapped_by(span)
    assert found["tokens_input"] == "llm.token_count.prompt"
    assert found["op_kind"] == "quarterdeck.op.kind"
    assert found["user_hash"] == "user.id"
    assert found["service_name"] == "resource:service.name"
    assert found["tenant"] == "resource:quarterdeck.tenant"


def test_the_user_hash_depends_on_the_key() -> None:
    span = raw({"user.id": "u1"})
    first = Canonicalizer(user_hash_key=b"one").canonicalize(span).user_hash
    other = Canonicalizer(user_hash_key=b"two").canonicalize(span).user_hash
    assert first is not None
    assert other is not None
    assert first != other


def test_equal_prompts_hash_equally_across_dialects() -> None:
    system = "You are helpful."
    shapes = [
        {"gen_ai.operation.name": "chat", "gen_ai.system_instructions": f'[{{"type":"text","content":"{system}"}}]'},
        {"gen_ai.operation.name": "chat", "gen_ai.system_instructions": system},
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": f'[{{"role":"system","parts":[{{"type":"text","content":"{system}"}}]}}]',
        },
        {
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": f"{system}\n",
        },
        {"ai.operationId": "ai.streamText.doStream", "ai.prompt.messages": [{"role": "system", "content": system}]},
    ]
    hashes = {canonical(shape).prompt_hash for shape in shapes}
    assert len(hashes) == 1
    assert None not in hashes
