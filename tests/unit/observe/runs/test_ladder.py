"""Orphans placed by what else is known of them, in the order of trust, and never against what is known better."""

from __future__ import annotations

import random

import pytest

from quarterdeck.observe.runs import ladder

from .spans import one, span, trees


def place(tree, span_id):
    node = next(node for node in tree.nodes if node.span_id == span_id)
    return node.parent_span_id, node.repair_rule


def two_agents(*more):
    """A crew whose two agents work at the same time, and more."""
    return (
        span("crew", "", "workflow", 0, 100),
        span("a", "crew", "agent", 1, 90, agent_name="writer", session_id="s"),
        span("b", "crew", "agent", 2, 80, agent_name="critic", session_id="s"),
        *more,
    )


def test_a_link_to_a_span_of_the_trace_tells_the_parent():
    (tree,) = trees(*two_agents(span("l", "gone", "llm", 5, 6, links=" t1 a")))
    assert place(tree, "l") == ("a", "link")
    assert (tree.run.orphans.repaired, tree.run.orphans.missing) == (1, 0)


def test_a_link_stands_above_every_other_hint():
    (tree,) = trees(*two_agents(span("l", "gone", "llm", 5, 6, links=" t1 a", agent_name="critic", session_id="s")))
    assert place(tree, "l") == ("a", "link")


@pytest.mark.parametrize("links", ["resume t1 a", " other a", " t1 nobody", "broken"])
def test_a_link_that_is_a_relation_or_leads_nowhere_tells_no_parent(links):
    (tree,) = trees(*two_agents(span("l", "gone", "llm", 5, 6, links=links)))
    assert place(tree, "l") == ("gone", None)


def test_an_execution_hangs_under_the_latest_model_call_that_asked_for_it():
    (tree,) = trees(
        span("a", "", "agent", 0, 50),
        span("l1", "a", "llm", 1, 2, tool_calls_requested="call_0"),
        span("l2", "a", "llm", 10, 11, tool_calls_requested="call_9,call_0"),
        span("l3", "a", "llm", 40, 41, tool_calls_requested="call_0"),
        span("t", "gone", "tool", 12, 13, tool_call_id="call_0"),
    )
    assert place(tree, "t") == ("l2", "tool_call")


def test_a_model_call_hangs_beside_the_execution_that_it_asked_for():
    (tree,) = trees(
        *two_agents(
            span("l", "gone", "llm", 5, 6, tool_calls_requested="c1"),
            span("t", "b", "tool", 7, 8, tool_call_id="c1"),
        )
    )
    assert place(tree, "l") == ("b", "tool_call")


def test_siblings_of_one_missing_parent_stay_together():
    (tree,) = trees(
        span("a", "", "agent", 0, 50),
        span("l", "gone", "llm", 1, 2, tool_calls_requested="c1"),
        span("t", "gone", "tool", 3, 4, tool_call_id="c1"),
    )
    assert place(tree, "l") == place(tree, "t") == ("gone", None)
    assert place(tree, "gone") == ("a", "to_root")


def test_the_run_id_tells_whose_child_it_is():
    (tree,) = trees(
        span("c", "", "chain", 0, 50, run_id="R"),
        span("x", "c", "chain", 1, 40),
        span("l", "gone", "llm", 5, 6, run_id="R"),
    )
    assert place(tree, "l") == ("c", "same_run")


def test_an_agent_of_its_name_and_session_that_is_at_work_around_it_takes_it_in():
    (tree,) = trees(*two_agents(span("l", "gone", "llm", 5, 6, agent_name="critic", session_id="s")))
    assert place(tree, "l") == ("b", "by_agent")


@pytest.mark.parametrize(
    "hint",
    [
        {"session_id": "another"},
        {"agent_name": "nobody"},
        {"agent_name_source": "inferred"},
        {"end": 99},
    ],
)
def test_an_agent_of_another_name_session_or_time_does_not(hint):
    said = {"agent_name": "critic", "session_id": "s", "start": 5, "end": 6, **hint}
    (tree,) = trees(*two_agents(span("l", "gone", "llm", **said)))
    assert place(tree, "l") == ("gone", None)


def test_no_rung_makes_a_cycle():
    """The only agent of the name hangs below the orphan itself."""
    (tree,) = trees(
        span("a", "", "chain", 0, 50),
        span("o", "gone", "chain", 1, 40, agent_name="x", links=" t1 b"),
        span("b", "o", "agent", 1, 45, agent_name="x"),
    )
    assert place(tree, "o") == ("gone", None)
    assert place(tree, "gone") == ("a", "to_root")


def test_two_orphans_that_point_at_each_other_end_in_one_tree():
    (tree,) = trees(span("p", "g1", "chain", 0, 9, links=" t1 q"), span("q", "g2", "chain", 0, 9, links=" t1 p"))
    assert {node.span_id for node in tree.nodes} >= {"p", "q"}
    assert tree.run.spans == 2


def test_the_order_of_arrival_does_not_matter():
    spans = list(
        two_agents(
            span("l1", "g1", "llm", 5, 6, agent_name="critic", session_id="s"),
            span("l2", "g2", "llm", 5, 6, links=" t1 a"),
            span("l3", "g3", "llm", 7, 8, tool_calls_requested="c"),
            span("t3", "g4", "tool", 9, 10, tool_call_id="c"),
        )
    )
    expected = trees(*spans)
    for seed in range(20):
        random.Random(seed).shuffle(spans)
        assert trees(*spans) == expected, f"seed {seed}"


def test_usage_of_a_moved_call_that_an_inclusive_ancestor_has_counted_is_not_added():
    """The lost agent's number stood in the outer one; its call, hung under the outer one, is inside that number."""
    run = one(
        span("a", "", "agent", 0, 50, agent_name="x", tokens_input=100, tokens_output=10, usage_scope="inclusive"),
        span("l", "gone", "llm", 5, 6, agent_name="x", tokens=(60, 5)),
    )
    assert (run.tokens.input, run.tokens.output, run.residual_tokens) == (100, 10, 45)


def test_when_climbing_would_take_too_long_the_orphan_stays_visible(monkeypatch):
    monkeypatch.setattr(ladder, "_CLIMBS_MAX", 0)
    (tree,) = trees(*two_agents(span("l", "gone", "llm", 5, 6, links=" t1 a")))
    assert place(tree, "l") == ("gone", None)
