"""Version identity and context: the subject speaks first, then the top, then the earliest span that knows."""

from __future__ import annotations

from .spans import one, runs, span


def test_context_comes_from_the_subject_then_the_top_then_the_earliest_span():
    http = span("http", end=9, tenant="top", environment="top", feature=None)
    agent = span("a", "http", "agent", 1, 8, tenant="subject")
    late = span("l2", "a", "llm", 4, 5, feature="late", user_hash="u")
    early = span("l1", "a", "llm", 2, 3, feature="early", environment="leaf")
    run = one(http, agent, late, early)
    assert (run.tenant, run.environment, run.feature, run.user_hash, run.task_class) == (
        "subject",
        "top",
        "early",
        "u",
        None,
    )


def test_two_runs_of_one_request_inherit_what_only_the_request_knows():
    found = runs(
        span("http", end=9, tenant="acme", session_id="s", service_name="shop"),
        span("a", "http", "agent", 1, 2),
        span("b", "http", "agent", 3, 4, tenant="own"),
    )
    assert [(run.tenant, run.session_id) for run in found] == [("acme", "s"), ("own", "s")]


def test_the_agent_is_the_subjects_name_else_workflow_service_root_name():
    assert one(span("x", "", "agent", agent_name="me", workflow_name="w", service_name="s")).agent == "me"
    assert one(span("x", "", "chain", workflow_name="w", service_name="s")).agent == "w"
    assert one(span("x", "", "llm", service_name="s")).agent == "s"
    assert one(span("x", "", "llm")).agent == "x"


def test_a_name_inferred_from_the_service_gives_way_to_the_workflow():
    fields = {"agent_name": "svc", "agent_name_source": "service.name", "service_name": "svc"}
    assert one(span("x", "", "agent", workflow_name="w", **fields)).agent == "w"
    assert one(span("x", "", "agent", **fields)).agent == "svc"


def test_a_nameless_subject_takes_the_name_of_the_agent_around_all_others():
    nameless = span("x", "", "agent", 0, 9, agent_name="svc", agent_name_source="inferred", workflow_name="w")
    caller = span("a", "x", "agent", 1, 8, agent_name="caller", agent_name_source="explicit")
    called = span("b", "x", "agent", 2, 7, agent_name="called", agent_name_source="explicit")
    assert one(nameless, caller, called).agent == "caller"
    assert one(nameless, caller, called._replace(end_ns=0)).agent == "w"
    assert one(nameless, caller._replace(end_ns=0), called._replace(end_ns=0)).agent == "caller"


def test_agents_that_take_turns_leave_the_name_to_their_workflow():
    crew = span("x", "", "workflow", 0, 9, workflow_name="crew")
    first = span("a", "x", "agent", 1, 2, agent_name="a", agent_name_source="explicit")
    second = span("b", "x", "agent", 3, 4, agent_name="b", agent_name_source="explicit")
    assert one(crew, first, second).agent == "crew"


def test_model_and_provider_are_those_with_most_calls_ties_to_the_first():
    def call(name, start, model, provider):
        return span(name, "a", "llm", start, start + 1, model_request="asked", model_response=model, provider=provider)

    agent = span("a", "", "agent", 0, 99)
    run = one(agent, call("l1", 1, "x", "p"), call("l2", 3, "y", "q"), call("l3", 5, "y", "q"), call("l4", 7, "x", "p"))
    assert (run.model, run.provider, run.models) == ("x", "p", {"x": 2, "y": 2})
    assert one(agent, span("l", "a", "llm", model_request="asked")).model == "asked"


def test_without_calls_the_model_is_what_the_agent_names():
    run = one(span("a", "", "agent", model_request="m", provider="p"))
    assert (run.model, run.provider, run.models) == ("m", "p", {})


def test_prompt_version_of_the_subject_else_the_only_one_else_the_most_frequent_hash():
    def calls(*versions, **fields):
        return [span(f"l{i}", "a", "llm", i, i + 1, prompt_version=v, **fields) for i, v in enumerate(versions, 1)]

    agent = span("a", "", "agent", 0, 99)
    assert one(agent._replace(prompt_version="v0"), *calls("v1")).prompt_version == "v0"
    assert one(agent, *calls("v1", "v1", None)).prompt_version == "v1"
    assert one(agent, *calls("v1", "v2")).prompt_version is None
    assert one(agent, *calls("v1", "v2", prompt_hash="h")).prompt_version == "sha:h"
    hashes = [span(f"h{i}", "a", "llm", i, i + 1, prompt_hash=h) for i, h in enumerate("xyy", 1)]
    assert one(agent, *hashes).prompt_version == "sha:y"


def test_the_session_is_the_majority_ties_to_the_earliest_and_the_conflict_is_told():
    def spans(*sessions):
        return [span(f"l{i}", "a" if i else "", "llm" if i else "agent", i, i + 1, session_id=s, session_source=f"from-{s}")
                if i else span("a", "", "agent", 0, 99, session_id=s, session_source=f"from-{s}") for i, s in enumerate(sessions)]  # fmt: skip

    run = one(*spans("s1", "s2", "s2"))
    assert (run.session_id, run.session_source, run.flags) == ("s2", "from-s2", ("session_conflict",))
    assert one(*spans("s1", "s2")).session_id == "s1"
    assert one(*spans("s1", "s1")).flags == ()


def test_dialects_tools_and_traces_are_listed():
    run = one(
        span("a", "", "agent", 0, 9, dialect="z"),
        span("t1", "a", "tool", 1, 2, tool_name="search", dialect="b"),
        span("t2", "a", "tool", 3, 4, name="execute x"),
        span("t3", "a", "tool", 5, 6, tool_name="search"),
    )
    assert run.dialects == ("b", "otel_current", "z")
    assert (run.tools, run.tool_calls) == ({"search": 2, "execute x": 1}, 3)
    assert run.trace_ids == ("t1",)
