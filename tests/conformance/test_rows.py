"""Every row of the dialect table that no other test is named after: detection, precedence, sessions, errors, retries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterdeck.model.raw import RawEvent
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.error_types import OTHER, ErrorTypes, error_type
from quarterdeck.observe.canonical.plan import detect

from .spans import KEY, canonical, expect, raw

LLM = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}


@pytest.mark.parametrize(
    ("scope", "keys", "dialect"),
    [
        ("langfuse-sdk", (), "langfuse"),
        ("", ("langfuse.observation.type",), "langfuse"),
        ("openinference.instrumentation.crewai", (), "openinference"),
        ("", ("openinference.span.kind",), "openinference"),
        ("opentelemetry.instrumentation.crewai", (), "openllmetry"),
        ("", ("traceloop.entity.name",), "openllmetry"),
        ("pydantic-ai", (), "pydantic_ai"),
        ("", ("gen_ai.aggregated_usage.input_tokens",), "pydantic_ai"),
        ("logfire.openai", (), "logfire"),
        ("", ("logfire.msg",), "logfire"),
        ("ai", (), "vercel"),
        ("", ("ai.operationId",), "vercel"),
        ("gen_ai", (), "vercel_v7"),
        ("mlflow.langchain", (), "mlflow"),
        ("", ("mlflow.spanType",), "mlflow"),
        ("langsmith", (), "langsmith"),
        ("", ("langsmith.metadata.x",), "langsmith"),
        ("gcp.vertex.agent", (), "adk"),
        ("", ("gcp.vertex.agent.event_id",), "adk"),
        ("strands.telemetry.tracer", (), "strands"),
        ("", ("event_loop.cycle_id",), "strands"),
        ("com.anthropic.claude_code.tracing", (), "claude_code"),
        ("com.anthropic.sdk.python", (), "claude_sdk"),
        ("com.anthropic.sdk.typescript.bedrock", (), "claude_sdk"),
        ("com.anthropic.sdk.cli", (), "claude_sdk"),
        ("com.anthropic.claude-platform", (), "claude_api"),
        ("weave", (), "weave"),
        ("", ("wandb.thread_id",), "weave"),
        ("litellm", (), "litellm"),
        ("", ("gen_ai.cost.total_cost",), "litellm"),
        ("openlit.otel", (), "openlit"),
        ("genkit-tracer", (), "genkit"),
        ("livekit-agents", (), "livekit"),
        ("@flue/opentelemetry", (), "flue"),
        ("opentelemetry.instrumentation.genai.openai", (), "otel_current"),
        ("opentelemetry.util.genai.handler", (), "otel_current"),
        ("x", ("gen_ai.provider.name", "gen_ai.input.messages"), "otel_current"),
        ("x", ("gen_ai.system",), "otel_legacy"),
        ("x", ("model", "input", "output", "prompt"), "unknown"),
    ],
)
def test_detection(scope: str, keys: tuple[str, ...], dialect: str) -> None:
    assert detect(scope, "", keys).name == dialect


def test_detection_by_schema() -> None:
    assert detect("x", "https://opentelemetry.io/schemas/gen-ai/1.0.0", ()).name == "otel_current"


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"gen_ai.operation.name": word}, kind)
        for word, kind in [
            ("chat", "llm"), ("generate_content", "llm"), ("text_completion", "llm"), ("response", "llm"),
            ("completion", "llm"), ("generate", "llm"), ("llm_request", "llm"), ("agent_step", "chain"),
            ("execute_event_loop_cycle", "chain"), ("invoke_agent", "agent"), ("invoke_workflow", "workflow"),
            ("execute_tool", "tool"), ("handoff", "handoff"), ("plan", "plan"), ("search_memory", "memory"),
            ("upsert_memory", "memory"), ("delete_memory_store", "memory"), ("retrieval", "retrieval"),
            ("embeddings", "embedding"), ("rerank", "rerank"),
        ]
    ]
    + [
        ({"genkit:metadata:subtype": "model", "genkit:type": "action"}, "llm"),
        ({"genkit:metadata:subtype": "embedder"}, "embedding"),
        ({"genkit:type": "flowStep"}, "chain"),
        ({"lmnr.span.type": "TOOL"}, "tool"),
        ({"mcp.method.name": "tools/call"}, "tool"),
        ({"gen_ai.retrieval.top_k": 3}, "retrieval"),
        ({"db.vector.query.top_k": 3}, "retrieval"),
        ({"gen_ai.tool.call.id": "c"}, "tool"),
        ({"gen_ai.handoff.from_agent": "a"}, "handoff"),
        ({"weave.span.kind": "reranker"}, "rerank"),
        ({"mlflow.spanType": '"MEMORY"'}, "memory"),
        ({"langsmith.span.kind": "parser"}, "chain"),
        ({"traceloop.span.kind": "task"}, "chain"),
        ({"llm.request.type": "rerank"}, "rerank"),
        ({"openinference.span.kind": "EVALUATOR"}, "evaluator"),
        ({"langfuse.observation.type": "guardrail"}, "guardrail"),
        ({}, "other"),
    ],
)  # fmt: skip
def test_operation_kinds(attributes: dict[str, Any], kind: str) -> None:
    assert canonical(attributes).op_kind == kind


@pytest.mark.parametrize(("name", "kind"), [("invoke_agent a", "agent"), ("execute_tool t", "tool"), ("chat m", "llm"),
                                            ("memory.search", "memory"), ("anything", "other")])  # fmt: skip
def test_the_span_s_name_is_the_last_resort(name: str, kind: str) -> None:
    assert canonical({}, name=name).op_kind == kind


@pytest.mark.parametrize(
    ("attributes", "fields"),
    [
        ({"model": "gpt-5", "usage.prompt_tokens": 5, "usage.completion_tokens": 2}, {"model_request": "gpt-5", "tokens_input": 5}),
        ({"model": "sofa"}, {"model_request": None}),
        ({"gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [], "finish_reason": "length"}])},
         {"finish_reasons": "length"}),
        ({"gen_ai.output.messages": [{"role": "assistant", "finish_reason": "stop"}]}, {"finish_reasons": "stop"}),
        ({"gen_ai.response.finish_reasons": ["stop"], "gen_ai.output.messages": '[{"finish_reason": "length"}]'},
         {"finish_reasons": "stop"}),
        ({"gen_ai.completion.0.finish_reason": "stop"}, {"finish_reasons": "stop"}),
        ({"langsmith.metadata.usage_metadata": json.dumps({"input_tokens": 9, "output_tokens": 1, "total_tokens": 10,
         "input_token_details": {"cache_read": 4}}), "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 1},
         {"tokens_cache_read": 4}),
        ({"gen_ai.usage.prompt_tokens": '"26"', "gen_ai.usage.completion_tokens": "3"}, {"tokens_input": 26, "tokens_output": 3}),
    ],
)  # fmt: skip
def test_precedence_of_fields(attributes: dict[str, Any], fields: dict[str, Any]) -> None:
    expect(canonical({**LLM, **attributes} if "model" not in attributes else attributes), **fields)


SESSIONS = [
    "langfuse.session.id", "session.id", "gen_ai.conversation.id", "weave.conversation.id",
    "traceloop.association.properties.session_id", "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.thread_id", "gcp.vertex.agent.session_id", "ai.telemetry.metadata.sessionId",
    "langfuse.observation.metadata.langfuse_session_id", "mlflow.trace.session", "langsmith.metadata.session_id",
    "langsmith.metadata.thread_id", "langsmith.metadata.conversation_id", "wandb.thread_id", "voltagent.conversation_id",
    "thread_id", "rum.sessionId",
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(SESSIONS)))
def test_sessions_in_order(first: int) -> None:
    """Whichever keys are there, the first of the table wins; the order of the attributes does not matter."""
    given = {key: f"by {key}" for key in reversed(SESSIONS[first:])}
    expect(
        canonical({"x": 1, **given}, scope="agent_framework"),
        session_id=f"by {SESSIONS[first]}",
        session_source="explicit",
    )


@pytest.mark.parametrize("key", ["baggage.session.id", "baggage.gen_ai.conversation.id", "langfuse_session_id"])
def test_a_session_in_copied_baggage_comes_last_and_says_so(key: str) -> None:
    expect(canonical({**LLM, key: "b"}), session_id="b", session_source="baggage")
    expect(canonical({**LLM, key: "b", "thread_id": "t"}), session_id="t", session_source="explicit")


@pytest.mark.parametrize("key", ["langsmith.trace.session_id", "langsmith.trace.session_name", "mcp.session.id"])
def test_what_is_no_session(key: str) -> None:
    expect(canonical({**LLM, key: "s"}), session_id=None, session_source=None)


def test_a_session_is_never_made_up() -> None:
    """Neither the trace id nor the content stands in for a session that nobody named."""
    expect(canonical({**LLM, "gen_ai.input.messages": "[]"}), session_id=None, session_source=None)


def test_an_mcp_request_is_counted_within_its_session() -> None:
    call = {**TOOL, "jsonrpc.request.id": "3"}
    expect(canonical({**call, "mcp.session.id": "m"}), tool_call_id="m/3")
    expect(canonical(call), tool_call_id=None)
    expect(canonical({**call, "mcp.session.id": "m", "gen_ai.tool.call.id": "c"}), tool_call_id="c")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (RawEvent("tool.output", 1, {"output": "x"}), "tool_result_hash"),
        (RawEvent("gen_ai.tool.input", 1, {"gen_ai.tool.input": "{}x"}), "tool_args_hash"),
        (RawEvent("gen_ai.tool.message", 1, {"content": "x"}), "tool_args_hash"),
        (RawEvent("gen_ai.choice", 1, {"message": "x"}), "tool_result_hash"),
    ],
)
def test_payloads_of_tools_in_events(event: RawEvent, field: str) -> None:
    assert getattr(canonical(TOOL, events=(event,)), field) is not None
    assert getattr(canonical(TOOL), field) is None
    assert getattr(canonical(LLM, events=(event,)), field) is None


@pytest.mark.parametrize(
    ("attributes", "attempt"),
    [
        ({"pydantic_ai.tool.retry.attempt": 2, "pydantic_ai.tool.retry.max_retries": 3}, 2),
        ({"tool.run_attempts": 1}, 0),
        ({"tool.run_attempts": 3}, 2),
        ({"quarterdeck.retry.attempt": 5, "tool.run_attempts": 3}, 5),
        ({}, None),
    ],
)
def test_retries(attributes: dict[str, Any], attempt: int | None) -> None:
    expect(canonical({**TOOL, **attributes}), retry_attempt=attempt)


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"error.type": "timeout"}, "error"),
        ({"langfuse.observation.level": "ERROR"}, "error"),
        ({"logfire.level_num": 17}, "error"),
        ({"logfire.level_num": 13}, "unset"),
        ({"gen_ai.task.status": "failure"}, "error"),
        ({"gen_ai.tool.status": "error"}, "error"),
        ({"mcp.result.isError": True}, "error"),
        ({"genkit:state": "error"}, "error"),
        ({"lk.function_tool.is_error": True}, "error"),
        ({"gen_ai.response.finish_reasons": ["tool_calls"]}, "unset"),
        ({"pydantic_ai.tool.deferred": True}, "unset"),
    ],
)
def test_what_is_an_error(attributes: dict[str, Any], status: str) -> None:
    expect(canonical({**TOOL, **attributes}), status=status)


def test_an_exception_event_alone_is_no_error() -> None:
    """A deferral leaves the status unset and records what stopped it."""
    event = RawEvent("exception", 1, {"exception.type": "CallDeferred"})
    expect(canonical(TOOL, scope="pydantic-ai", events=(event,)), status="unset", error_type=None)


@pytest.mark.parametrize(
    ("attributes", "message", "event", "wanted"),
    [
        ({"error.type": "timeout"}, "ValueError: x", "KeyError", "timeout"),
        ({}, "ValueError: x", "builtins.KeyError", "builtins.KeyError"),
        ({"exception.type": "A"}, "", None, "A"),
        ({}, "openai.RateLimitError: 429 slow down", None, "openai.RateLimitError"),
        ({"http.response.status_code": 429}, "", None, "429"),
        ({}, "it broke", None, None),
    ],
)
def test_error_types_in_order(attributes: dict[str, Any], message: str, event: str | None, wanted: str | None) -> None:
    events = () if event is None else (RawEvent("exception", 1, {"exception.type": event}),)
    expect(canonical({**LLM, **attributes}, status=2, message=message, events=events), error_type=wanted)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("timeout", "timeout"),
        ("a.b.Error", "a.b.Error"),
        ("ValueError: no order 17", "ValueError"),
        ("order o-17 of user 'ann' is gone after 3.5 s", "order o-<n> of user <text> is gone after <n> s"),
        ("request 4f0c8a52-9a1e-4b7e-8f57-2a7f35d1f0aa failed", "request <id> failed"),
        ("cannot open /var/lib/app/x.db now", "cannot open <place> now"),
        ("   ", OTHER),
    ],
)
def test_free_text_becomes_a_template(said: str, wanted: str) -> None:
    assert error_type(said) == wanted
    assert error_type(wanted) == wanted


def test_equal_failures_are_one_type_and_types_are_bounded() -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    found = {
        canonicalizer.canonicalize(raw({**LLM, "error.type": f"order {number} is gone"})).error_type
        for number in range(50)
    }
    assert found == {"order <n> is gone"}
    types = ErrorTypes(distinct_max=3)
    day, words = 86_400 * 10**9, ["a", "b", "c", "d", "a", "e"]
    assert [types.admit("p", 5, word) for word in words] == ["a", "b", "c", OTHER, "a", OTHER]
    assert types.admit("p", 5 + day, "d") == "d"
    assert types.admit("other project", 5, "d") == "d"


def test_a_cached_answer_of_a_proxy_costs_nothing() -> None:
    call = {**LLM, "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3, "gen_ai.cost.total_cost": 0.5}
    hit = canonical({**call, "hidden_params": json.dumps({"cache_key": "abc"})}, scope="litellm")
    expect(hit, cost_reported_usd=0.0, tokens_input=0, tokens_output=0, usage_confidence="cache_hit")
    for miss in (
        {"hidden_params": json.dumps({"cache_key": None})},
        {"cache_hit": False},
        {"metadata.cache_hit": "False"},
    ):
        expect(canonical({**call, **miss}, scope="litellm"), cost_reported_usd=0.5, tokens_input=9)
    expect(canonical({**call, "cache_hit": True}, scope="openlit"), cost_reported_usd=0.5, tokens_input=9)


@pytest.mark.parametrize(
    ("state", "attributes", "weight"),
    [
        ("ot=th:8", {"SampleRate": 7}, 2.0),
        ("", {"meta.refinery.final_sample_rate": 20, "SampleRate": 7}, 20.0),
        ("", {"SampleRate": 7}, 7.0),
        ("", {"weave.ingest_sample_rate": 0.25}, 4.0),
        ("", {"logfire.sample_rate": 0.5}, 2.0),
        ("", {"sampling.probability": 0.1}, 10.0),
        ("", {"sampler.type": "probabilistic", "sampler.param": 0.2}, 5.0),
        ("", {"sampler.type": "const", "sampler.param": 1}, 1.0),
        ("", {"tailsampling.policy": "errors"}, None),
        ("", {"otelcol.processor.dynamic_sampling.rule": "r"}, None),
        ("", {}, 1.0),
    ],
)
def test_weights_in_order(state: str, attributes: dict[str, Any], weight: float | None) -> None:
    found = canonical({**LLM, **attributes}, trace_state=state).weight
    assert found == (None if weight is None else pytest.approx(weight))


@pytest.mark.parametrize("key", ["gen_ai.prompt.variable.name", "gen_ai.usage.audio.cache_read.input_tokens",
                                 "gen_ai.request.reasoning.level", "gen_ai.response.status", "gen_ai.conversation.compacted",
                                 "gen_ai.request.previous_response.id", "gen_ai.retrieval.top_k"])  # fmt: skip
def test_keys_of_the_change_log_are_known(key: str) -> None:
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    canonicalizer.canonicalize(raw({**LLM, key: 1}))
    assert canonicalizer.drain_unmapped(1) == []


def test_both_generations_of_names_in_one_span_count_once() -> None:
    """OpenLLMetry moves package by package: old and new keys stand side by side."""
    both = {
        **LLM, "gen_ai.system": "openai", "gen_ai.provider.name": "openai", "gen_ai.usage.prompt_tokens": 9,
        "gen_ai.usage.input_tokens": 9, "gen_ai.usage.completion_tokens": 3, "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read_input_tokens": 4, "gen_ai.usage.cache_read.input_tokens": 4, "llm.usage.total_tokens": 12,
        "gen_ai.usage.cache_creation.input_tokens": 0, "gen_ai.usage.cache_write.input_tokens": 0,
    }  # fmt: skip
    span = canonical(both, scope="opentelemetry.instrumentation.openai")
    expect(span, tokens_input=9, tokens_output=3, tokens_cache_read=4, usage_confidence="exact", provider="openai")
