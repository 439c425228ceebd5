"""What a run is: units, tops, leftovers, explicit ids."""

from __future__ import annotations

from .spans import members, ns, one, runs, span, trees


def test_a_tree_in_which_agents_are_only_made_is_no_run():
    made = span("m", op_name="create_agent")
    assert runs(made, span("n", "m", op_name="create_agent")) == []
    assert len(runs(made, span("l", "m", "llm", op_name="chat"))) == 1


def test_two_agents_below_an_http_span_are_two_runs_and_the_http_span_is_neither():
    found = trees(
        span("http", end=9),
        span("a1", "http", "agent", 1, 2, agent_name="one"),
        span("l1", "a1", "llm", 1, 2),
        span("a2", "http", "agent", 3, 4, agent_name="two"),
    )
    assert [members(tree) for tree in found] == [{"a1", "l1"}, {"a2"}]
    assert [tree.run.agent for tree in found] == ["one", "two"]
    assert all(tree.nodes[0].parent_span_id == "" and tree.nodes[0].depth == 0 for tree in found)


def test_a_crew_below_a_chain_is_one_run_named_by_the_chain():
    run = one(
        span("crew", "", "chain", 0, 9, agent_name="my-crew"),
        span("a1", "crew", "agent", 1, 2, agent_name="one"),
        span("a2", "crew", "agent", 3, 4, agent_name="two"),
    )
    assert (run.agent, run.spans, run.root_span_id) == ("my-crew", 3, "crew")


def test_three_chain_roots_in_one_trace_are_three_runs():
    assert len(runs(*(span(f"c{i}", "", "chain", i, i + 1) for i in range(3)))) == 3


def test_one_agent_below_a_server_span_is_one_run_with_the_server_span_as_context():
    run = one(span("http", end=9), span("a", "http", "agent", 1, 5, agent_name="helper", agent_version="7"))
    assert (run.spans, run.root_span_id, run.root_name, run.agent, run.agent_version) == (2, "http", "a", "helper", "7")
    assert run.duration_s == 4


def test_a_chain_root_gives_start_and_end_while_its_only_agent_gives_the_name():
    run = one(span("c", "", "chain", 0, 9, agent_name="wrap"), span("a", "c", "agent", 1, 5, agent_name="helper"))
    assert (run.agent, run.root_name, run.duration_s) == ("helper", "c", 9)


def test_what_remains_beside_two_agents_is_a_run_only_when_it_did_work():
    spans = [span("http", end=9), span("a1", "http", "agent"), span("a2", "http", "agent"), span("x", "http", "other")]
    assert len(runs(*spans)) == 2
    found = trees(*spans, span("t", "x", "tool"))
    assert [members(tree) for tree in found if "http" in members(tree)] == [{"http", "x", "t"}]
    assert len(found) == 3


def test_a_crew_and_a_lone_agent_below_one_request_are_two_runs():
    found = trees(
        span("http", end=9),
        span("crew", "http", "workflow", 0, 3),
        span("a1", "crew", "agent", 1, 2),
        span("a2", "crew", "agent", 2, 3),
        span("a3", "http", "agent", 4, 5),
    )
    assert [members(tree) for tree in found] == [{"crew", "a1", "a2"}, {"a3"}]


def test_two_chains_below_a_request_without_agents_are_two_runs():
    found = trees(span("http", end=9), span("c1", "http", "chain", 1, 2), span("c2", "http", "chain", 3, 4))
    assert [members(tree) for tree in found] == [{"c1"}, {"c2"}]


def test_without_agent_or_chain_the_whole_tree_is_the_run():
    run = one(span("http", end=9, service_name="shop"), span("l", "http", "llm", 1, 2))
    assert (run.spans, run.agent, run.root_name) == (2, "shop", "http")


def test_several_plain_roots_of_a_trace_share_one_declared_root():
    (tree,) = trees(span("l1", "", "llm", 0, 1), span("l2", "", "llm", 2, 3))
    run, root = tree.run, tree.nodes[0]
    assert (run.root_synthetic, run.root_span_id, run.model_calls, run.flags) == (True, None, 2, ("synthetic_root",))
    assert root.synthetic
    assert len(root.span_id) == 16
    assert {(n.parent_span_id, n.repair_rule) for n in tree.nodes[1:]} == {(root.span_id, "several_roots")}
    assert (run.started_at_ns, run.ended_at_ns, run.lifecycle) == (ns(0), ns(3), "finished")


def test_nested_agents_belong_to_the_outermost_one():
    run = one(span("a", "", "agent", 0, 9, agent_name="outer"), span("b", "a", "agent", 1, 2, agent_name="inner"))
    assert (run.agent, run.spans, run.depth) == ("outer", 2, 1)


def test_the_run_keeps_its_id_when_the_root_arrives_last():
    child = span("a", "http", "agent", 1, 2)
    assert one(child).run_id == one(child, span("http", end=9)).run_id


def test_the_run_id_depends_on_project_trace_and_root():
    base = span("a", "", "agent")
    ids = {
        one(s).run_id
        for s in (base, base._replace(project="p"), base._replace(trace_id="t2"), base._replace(span_id="b"))
    }
    assert len(ids) == 4
    assert all(len(run_id) == 32 for run_id in ids)


def test_an_explicit_run_id_is_inherited_until_another_one():
    found = trees(
        span("a", "", "agent", 0, 9, run_id="R1"),
        span("b", "a", "agent", 1, 5, run_id="R2"),
        span("l1", "a", "llm", 6, 7),
        span("l2", "b", "llm", 2, 3),
    )
    assert {tree.run.run_id: members(tree) for tree in found} == {"R1": {"a", "l1"}, "R2": {"b", "l2"}}


def test_context_without_work_joins_the_only_explicit_run_of_its_tree():
    http, agent = span("http", end=9), span("a", "http", "agent", 1, 2, run_id="R")
    assert one(http, agent).spans == 2
    other = span("b", "http", "agent", 3, 4, run_id="S")
    assert {run.run_id: run.spans for run in runs(http, agent, other)} == {"R": 1, "S": 1}


def test_context_with_work_stays_a_run_of_its_own():
    found = runs(span("http", end=9), span("l", "http", "llm"), span("a", "http", "agent", 1, 2, run_id="R"))
    assert sorted(run.spans for run in found) == [1, 2]


def test_an_explicit_run_over_two_traces_hangs_under_its_only_agent():
    (tree,) = trees(
        span("a", "", "agent", 0, 2, run_id="R", trace_id="t1", agent_name="one"),
        span("l", "", "llm", 3, 4, run_id="R", trace_id="t2"),
    )
    assert tree.run.trace_ids == ("t1", "t2")
    assert "joined" in tree.run.flags
    assert [(n.span_id, n.parent_span_id, n.repair_rule) for n in tree.nodes] == [
        ("a", "", None),
        ("l", "a", "same_run"),
    ]


def test_an_explicit_run_over_two_equal_tops_gets_a_declared_root():
    (tree,) = trees(
        span("a", "", "agent", 0, 2, run_id="R", trace_id="t1"), span("b", "", "agent", 3, 4, run_id="R", trace_id="t2")
    )
    assert tree.run.root_synthetic
    assert tree.run.flags == ("joined", "synthetic_root")
    assert sum(node.parent_span_id == "" for node in tree.nodes) == 1


def test_a_run_that_another_run_interrupts_is_still_one_tree():
    found = trees(
        span("x1", "", "llm", 0, 9, run_id="X"),
        span("y", "x1", "agent", 1, 8, run_id="Y"),
        span("x2", "y", "agent", 2, 3, run_id="X"),
    )
    tree = next(tree for tree in found if tree.run.run_id == "X")
    assert [(n.span_id, n.parent_span_id) for n in tree.nodes] == [("x2", ""), ("x1", "x2")]
