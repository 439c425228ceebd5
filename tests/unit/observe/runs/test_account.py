"""Usage of a run: every call once, every ancestor by what its number means."""

from __future__ import annotations

import pytest

from .spans import one, runs, span, trees


def tokens(*spans):
    run = one(*spans)
    return run.tokens.input, run.tokens.output


AGENT = span("a", "", "agent", 0, 9)


def agent(scope, counts, **fields):
    return span("a", "", "agent", 0, 9, tokens=counts, usage_scope=scope, **fields)


def call(name, parent="a", start=1, counts=(100, 10), **fields):
    return span(name, parent, "llm", start, start + 1, tokens=counts, **fields)


@pytest.mark.parametrize("scope", ["inclusive", "own"])
def test_an_inclusive_number_is_the_maximum_and_the_rest_is_residual(scope):
    run = one(agent(scope, (150, 15)), call("l"))
    assert (run.tokens.input, run.tokens.output, run.residual_tokens) == (150, 15, 55)
    assert "residual" in run.flags


def test_an_inclusive_number_below_its_calls_changes_nothing():
    run = one(agent("inclusive", (50, 5)), call("l"))
    assert (run.tokens.total, run.residual_tokens, run.flags) == (110, 0, ("cost_unpriced",))


def test_an_exclusive_number_covers_its_own_calls_but_not_nested_agents():
    run = one(
        agent("exclusive_run", (120, 10)),
        call("l1"),
        span("t", "a", "tool", 2, 5),
        span("b", "t", "agent", 2, 5, tokens=(100, 10), usage_scope="exclusive_run"),
        call("l2", "b", 3),
    )
    assert (run.tokens.input, run.tokens.output, run.residual_tokens) == (220, 20, 20)


def test_a_lifetime_number_counts_only_what_grew_since_the_last_observation():
    def turn(name, start, counts):
        return span(name, "", "agent", start, start + 1, tokens=counts, usage_scope="cumulative_lifetime",
                    session_id="s", agent_name="x")  # fmt: skip

    found = runs(turn("a1", 0, (100, 10)), turn("a2", 5, (250, 30)), turn("a3", 9, (40, 4)))
    assert [run.tokens.input for run in found] == [100, 150, 40], "the counter was reset before the third"
    assert ["cumulative_usage" in run.flags for run in found] == [True, False, False]


def test_a_lifetime_number_gives_way_to_calls_that_report():
    assert tokens(agent("cumulative_lifetime", (900, 90)), call("l")) == (100, 10)


def test_lifetime_numbers_of_other_agents_or_sessions_are_not_compared():
    def turn(name, start, **fields):
        return span(name, "", "agent", start, start + 1, tokens=(100, 10), usage_scope="cumulative_lifetime", **fields)

    found = runs(
        turn("a1", 0, agent_name="x"), turn("a2", 5, agent_name="y"), turn("a3", 9, agent_name="x", session_id="s")
    )
    assert [run.tokens.input for run in found] == [100, 100, 100]


def test_partial_numbers_do_not_count_beside_a_whole_one():
    run = one(agent("inclusive", (100, 10)), call("l", counts=(500, 50), usage_scope="partial"))
    assert (run.tokens.input, run.tokens.coverage, run.residual_tokens) == (100, "full", 110)


def test_partial_numbers_stand_and_say_so_when_nobody_has_whole_ones():
    run = one(AGENT, call("l", counts=(500, 50), usage_scope="partial"))
    assert (run.tokens.input, run.tokens.coverage) == (500, "partial")
    assert "partial_usage" in run.flags


def test_a_partial_number_of_an_agent_gives_way_to_its_calls():
    run = one(agent("partial", (631, 35)), call("l1"), call("l2", start=4))
    assert (run.tokens.input, run.tokens.output, run.tokens.coverage, run.residual_tokens) == (200, 20, "full", 0)
    assert "partial_usage" not in run.flags


def test_a_partial_number_of_an_agent_stands_where_no_call_reports():
    run = one(agent("partial", (631, 35)), span("l", "a", "llm", 1, 2))
    assert (run.tokens.input, run.tokens.coverage) == (631, "partial")
    assert "partial_usage" in run.flags


def test_a_wrapper_that_repeats_usage_is_not_a_call():
    run = one(
        span("g", "", "chain", 0, 9, tokens=(100, 10), usage_scope="inclusive", response_id="r"),
        call("l", "g", response_id="r"),
    )
    assert (run.tokens.input, run.model_calls, run.residual_tokens, run.flags) == (100, 1, 0, ("cost_unpriced",))


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ({"response_id": "r", "model_response": "one"}, {"response_id": "r", "model_response": "two"}),
        ({"model_request": "gpt-4o"}, {"model_request": "gpt-4o", "response_id": "r"}),
        ({"model_request": "openai/gpt-4o"}, {"model_response": "gpt-4o-2024-08-06"}),
        ({}, {"model_request": "gpt-4o"}),
    ],
)
def test_nested_model_spans_of_one_call_are_one_call(outer, inner):
    run = one(AGENT, call("o", counts=(100, 10), **outer), call("i", "o", **inner))
    assert (run.tokens.input, run.model_calls) == (100, 1)
    assert "duplicate_usage" in run.flags


def test_of_a_nested_pair_the_larger_number_of_each_class_counts():
    run = one(
        AGENT,
        call("o", counts=(100, 8), model_request="m"),
        call("i", "o", counts=(90, 10), model_request="m", tokens_cache_read=50),
    )
    assert (run.tokens.input, run.tokens.output, run.tokens.cache_read) == (100, 10, 50)


def test_work_below_the_inner_span_of_a_pair_counts_beside_it():
    run = one(
        AGENT,
        span("o", "a", "llm", 1, 9, tokens=(100, 10), model_request="m"),
        span("i", "o", "llm", 1, 8, tokens=(90, 10), model_request="m"),
        span("e", "i", "embedding", 2, 3, tokens=(7, None)),
    )
    assert (run.tokens.input, run.tokens.output, run.model_calls) == (107, 10, 1)


def test_a_nested_call_to_another_model_is_another_call():
    run = one(AGENT, call("o", model_request="big"), call("i", "o", counts=(30, 3), model_request="small"))
    assert (run.tokens.input, run.model_calls) == (130, 2)


def test_a_nested_call_outside_its_parents_time_is_another_call():
    run = one(AGENT, call("o", model_request="m"), call("i", "o", start=5, model_request="m"))
    assert (run.tokens.input, run.model_calls) == (200, 2)


def test_a_wrapper_around_two_attempts_counts_both_once():
    run = one(
        AGENT,
        span("o", "a", "llm", 1, 4, tokens=(200, 20), model_request="m"),
        call("i1", "o", 1, model_request="m", response_id="r1"),
        call("i2", "o", 3, model_request="m", response_id="r2"),
    )
    assert (run.tokens.input, run.model_calls) == (200, 2)


def test_two_spans_anywhere_with_one_response_id_are_one_call():
    run = one(
        AGENT,
        span("c", "a", "chain", 1, 3),
        call("l1", "c", 1, response_id="r", provider="openai"),
        call("l2", "a", 4, response_id="r", tokens_cache_read=60),
        call("l3", "a", 6, response_id="s"),
    )
    assert (run.tokens.input, run.tokens.output, run.tokens.cache_read, run.model_calls) == (200, 20, 60, 2)
    assert "duplicate_usage" in run.flags


def test_a_replay_in_a_nested_agent_with_its_own_number_is_counted_once():
    run = one(
        AGENT,
        call("l1", "a", 1, response_id="r"),
        span("b", "a", "agent", 3, 6, tokens=(100, 10), usage_scope="inclusive"),
        call("l2", "b", 4, response_id="r"),
    )
    assert (run.tokens.input, run.residual_tokens, run.model_calls) == (100, 0, 1)


def test_one_response_id_on_calls_with_different_counts_is_not_one_call():
    run = one(AGENT, call("l1", response_id="r"), call("l2", start=3, counts=(120, 5), response_id="r"))
    assert (run.tokens.input, run.model_calls, run.flags) == (220, 2, ("cost_unpriced",))


def test_two_dialects_at_one_moment_report_one_call_and_the_known_overcount_gives_way():
    spans = [
        call("l1", counts=(100, 15), response_id="r", dialect="openllmetry", usage_confidence="recounted"),
        call("l2", counts=(100, 14), response_id="r"),
    ]
    run = one(AGENT, *spans)
    assert (run.tokens.input, run.tokens.output, run.model_calls, run.residual_tokens) == (100, 14, 1, 0)
    assert "duplicate_usage" in run.flags
    below = one(agent("inclusive", (100, 14)), *spans)
    assert (below.tokens.output, below.residual_tokens) == (14, 0)


def test_what_only_the_overcounting_view_knows_is_kept():
    over = call("l1", counts=(100, 15), response_id="r", dialect="openllmetry", usage_confidence="recounted")
    found = one(AGENT, over._replace(tokens_cache_read=40), call("l2", counts=(100, 14), response_id="r")).tokens
    assert (found.input, found.output, found.cache_read) == (100, 14, 40)


def test_two_dialects_one_after_the_other_are_two_calls_when_their_counts_differ():
    run = one(AGENT, call("l1", response_id="r", dialect="x"), call("l2", start=3, counts=(120, 5), response_id="r"))
    assert (run.tokens.input, run.model_calls) == (220, 2)


def test_a_silent_span_repeats_the_call_that_reports():
    run = one(AGENT, span("l1", "a", "llm", 1, 2, response_id="r"), call("l2", start=3, response_id="r"))
    assert (run.tokens.input, run.model_calls, run.tokens.coverage) == (100, 1, "full")


def test_one_response_id_of_two_providers_are_two_calls():
    run = one(AGENT, call("l1", response_id="1", provider="x"), call("l2", start=3, response_id="1", provider="y"))
    assert (run.tokens.input, run.model_calls) == (200, 2)


def test_two_pairs_of_one_response_are_one_call():
    spans = [
        call(f"{kind}{turn}", f"o{turn}" if kind == "i" else "a", 1 + 3 * turn, response_id="r", model_request="m")
        for turn in (0, 1)
        for kind in ("o", "i")
    ]
    assert (tokens(AGENT, *spans), one(AGENT, *spans).model_calls) == ((100, 10), 1)


def test_evaluators_are_told_but_not_counted():
    run = one(AGENT, call("l1"), span("e", "a", "evaluator", 3, 6), call("judge", "e", 4, counts=(900, 90)))
    assert (run.tokens.input, run.tokens.output) == (100, 10)
    assert "evaluator_usage" in run.flags


def test_what_nobody_reported_is_unknown_and_not_zero():
    run = one(AGENT, span("l", "a", "llm", 1, 2))
    assert (run.tokens.input, run.tokens.output, run.tokens.total) == (None, None, None)
    assert (run.tokens.coverage, run.residual_tokens, run.model_calls) == ("none", None, 1)


def test_a_true_zero_is_kept():
    run = one(AGENT, call("l", counts=(0, 0)))
    assert (run.tokens.input, run.tokens.total, run.tokens.cache_read, run.residual_tokens) == (0, 0, None, 0)


def test_coverage_is_partial_when_one_call_is_silent_and_full_below_a_span_that_includes_it():
    silent = span("l2", "a", "llm", 3, 4)
    assert one(AGENT, call("l1"), silent).tokens.coverage == "partial"
    assert one(agent("inclusive", (200, 20)), call("l1"), silent).tokens.coverage == "full"


def test_an_exclusive_number_does_not_speak_for_a_nested_agent():
    nested = span("b", "a", "agent", 3, 6)
    spans = [agent("exclusive_run", (100, 10)), call("l1"), nested]
    assert one(*spans, span("l2", "a", "llm", 3, 4)).tokens.coverage == "full"
    assert one(*spans, span("l2", "b", "llm", 3, 4)).tokens.coverage == "partial"


def test_embedding_usage_counts_and_is_not_a_model_call():
    run = one(AGENT, call("l"), span("e", "a", "embedding", 3, 4, tokens=(7, None)))
    assert (run.tokens.input, run.model_calls) == (107, 1)


def test_residual_stands_at_the_span_that_claims_it():
    (tree,) = trees(
        agent("inclusive", (200, 20)),
        span("b", "a", "agent", 1, 5, tokens=(150, 15), usage_scope="inclusive"),
        call("l", "b"),
    )
    assert {node.span_id: node.tokens_residual for node in tree.nodes} == {"a": 55, "b": 55, "l": None}
    assert tree.run.residual_tokens == 110


def test_usage_below_a_lost_parent_is_not_counted_beside_the_number_that_includes_it():
    run = one(
        agent("inclusive", (150, 15)),
        span("b", "a", "agent", 1, 6, tokens=(150, 15), usage_scope="inclusive"),
        call("l", "lost", 2),
    )
    assert (run.tokens.input, run.tokens.output) == (150, 15)
    assert "repaired_overlap" in run.flags
