"""Double instrumentation, lost context, lost spans, skew: from spans alone, with the numbers they were found by."""

from __future__ import annotations

import pytest

from quarterdeck.observe.doctor import examine, findings_of
from quarterdeck.observe.doctor.groups import connected
from quarterdeck.observe.doctor.pairs import entry_point
from quarterdeck.observe.runs import PriceTable, build_runs

from ..runs.spans import NOW, span

AGENTS, CLIENT = "opentelemetry.instrumentation.openai_agents", "opentelemetry.instrumentation.openai.v1"


def look(spans, scopes=None):
    trees = [
        t for group in connected(spans) for t in build_runs(group, now_ns=NOW * 10**9, prices=PriceTable.shipped())
    ]
    seen = examine(spans, trees)
    named = {key: (scopes or {}).get(key[1][0], "") for key in seen.wanted}
    return seen, {finding.code: finding for finding in findings_of(seen, named)}


def doubled(n, *, outer_tokens=True):
    """An agent whose calls are told by the framework (`f…`) and, below, by the client (`c…`)."""
    spans = [span("agent", "", "agent", 0, 100)]
    for k in range(n):
        used = {"model_response": "gpt-4o", "tokens": (10, 1)}
        spans.append(
            span(f"f{k}", "agent", "llm", k, k + 0.9, **(used if outer_tokens else {"model_response": "gpt-4o"}))
        )
        spans.append(span(f"c{k}", f"f{k}", "llm", k + 0.1, k + 0.8, **used))
    return spans


def test_both_scopes_are_named_and_the_one_that_knows_less_is_turned_off():
    seen, found = look(doubled(3), {"f": AGENTS, "c": CLIENT, "a": AGENTS})
    finding = found["duplicate_instrumentation"]
    assert seen.model_calls == 3
    assert finding.evidence["scopes"] == [AGENTS, CLIENT]
    assert (finding.evidence["calls_reported_twice"], finding.evidence["turn_off"]) == (3, CLIENT)
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=openai," in finding.mend


def test_who_reports_agents_is_kept_even_without_usage():
    _, found = look(doubled(3, outer_tokens=False), {"f": AGENTS, "c": CLIENT, "a": AGENTS})
    assert found["duplicate_instrumentation"].evidence["turn_off"] == CLIENT


def test_two_packages_of_one_name_cannot_be_told_apart_by_the_setting():
    _, found = look(doubled(3), {"f": "openinference.instrumentation.openai", "c": CLIENT})
    assert "uninstall" in found["duplicate_instrumentation"].mend


def test_reports_beside_each_other_are_one_call_only_when_they_overlap():
    fields = {"response_id": "r", "model_response": "m", "tokens": (10, 1)}
    beside = [
        span(f"{p}{k}", "", "llm", k * 10, k * 10 + 2, response_id=f"r{k}", tokens=(1, 1))
        for k in range(3)
        for p in "fc"
    ]
    seen, found = look(beside, {"f": AGENTS, "c": CLIENT})
    assert (seen.model_calls, "duplicate_instrumentation" in found) == (3, True)
    turns = [
        span("a", "", "agent", 0, 99),
        *(span(f"f{k}", "a", "llm", k * 10, k * 10 + 2, **fields) for k in range(4)),
    ]
    seen, found = look(turns, {"f": AGENTS})
    assert (seen.model_calls, "duplicate_instrumentation" in found) == (4, False)


def test_nothing_is_said_of_a_healthy_agent():
    spans = [
        span("agent", "", "agent", 0, 50),
        *(span(f"l{k}", "agent", "llm", k, k + 1, tokens=(1, 1)) for k in range(9)),
    ]
    assert look(spans, {"l": CLIENT})[1] == {}


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("openinference.instrumentation.langchain", "langchain"),
        ("opentelemetry.instrumentation.openai.v1", "openai"),
        ("opentelemetry.instrumentation.openai_v2", "openai"),
        ("opentelemetry.instrumentation.genai.openai_agents", "openai_agents"),
        ("pydantic-ai", "pydantic_ai"),
    ],
)
def test_the_name_in_the_setting_comes_from_the_scope(scope, name):
    assert entry_point(scope) == name


def stray(k, trace, **fields):
    return span(f"l{k}", "", "llm", 5 + k, 6 + k, trace_id=trace, service_name="desk", **fields)


def desk(**fields):
    return span("agent", "", "agent", 0, 100, trace_id="0" * 32, service_name="desk", agent_name="support", **fields)


def test_calls_alone_beside_their_agent_lost_their_context():
    spans = [desk(), *(stray(k, f"{k + 1:032x}") for k in range(4))]
    finding = look(spans, {"l": CLIENT})[1]["lost_context"]
    assert (finding.evidence["calls_alone"], finding.evidence["calls"], finding.severity) == (4, 4, "error")
    assert (finding.evidence["agents"], finding.evidence["scopes"]) == (["support"], [CLIENT])
    assert "contextvars" in finding.mend


@pytest.mark.parametrize(
    "spans",
    [
        [desk(), *(stray(k, f"{k + 1:032x}") for k in range(2))],
        [desk(), *(stray(k + 200, f"{k + 1:032x}") for k in range(9))],
        [desk(session_id="a"), *(stray(k, f"{k + 1:032x}", session_id="b") for k in range(9))],
        [*(stray(k, f"{k + 1:032x}") for k in range(9))],
        [desk(), *(stray(k, f"{k + 1:032x}")._replace(service_name="job") for k in range(9))],
        [desk(), *(stray(k, "0" * 32)._replace(parent_span_id="agent") for k in range(99)), *(stray(k, f"{k + 1:032x}")._replace(span_id=f"x{k}") for k in range(9))],
    ],
    ids=["too few", "not at that time", "another session", "no agent", "another service", "a small share"],
)  # fmt: skip
def test_calls_alone_for_other_reasons_are_not(spans):
    assert "lost_context" not in look(spans)[1]


def test_without_a_service_only_a_session_ties_a_call_to_an_agent():
    def spans(**session):
        calls = [stray(k, f"{k + 1:032x}", **session)._replace(service_name=None) for k in range(4)]
        return [desk(**session)._replace(service_name=None), *calls]

    assert "lost_context" not in look(spans())[1]
    assert "lost_context" in look(spans(session_id="s"))[1]


def test_lost_spans_are_estimated_from_the_parents_that_are_named():
    spans = [
        span("a", "", "agent", 0, 50),
        *(span(f"s{k}", "a", "chain", k, k + 1) for k in range(6)),
        *(span(f"l{k}", f"s{k}" if k < 6 else f"gone{k}", "llm", k, k + 1) for k in range(9)),
    ]
    holes = look(spans)[0].holes
    assert (holes.parents, holes.missing, holes.rules) == (10, 3, {"to_root": 3})


def test_a_run_that_goes_on_has_lost_nothing_yet():
    spans = [span("l", "gone", "llm", NOW - 1_750_000_000 - 2, NOW - 1_750_000_000 - 1)]
    assert look(spans)[0].holes.parents == 0


def test_skew_is_the_worst_that_is_seen():
    spans = [
        span("a", "", "agent", 10, 50, service_name="one"),
        span("b", "a", "llm", 7, 8, service_name="two"),
        span("c", "a", "llm", 9, 8.5, service_name="one"),
    ]
    assert look(spans)[0].skew_ms == 3000
    assert look(spans[:1])[0].skew_ms == 0
