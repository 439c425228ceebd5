"""Trees from parent ids: missing parents, cycles, depth, and independence of order."""

from __future__ import annotations

from .spans import members, one, span, trees


def by_id(tree):
    return {node.span_id: node for node in tree.nodes}


def test_spans_that_share_a_missing_parent_hang_under_one_visible_node_below_the_root():
    (tree,) = trees(span("a", "", "agent", 0, 9), span("l1", "gone", "llm", 1, 2), span("l2", "gone", "llm", 3, 4))
    nodes = by_id(tree)
    assert nodes["gone"].synthetic
    assert (nodes["gone"].parent_span_id, nodes["gone"].repair_rule) == ("a", "to_root")
    assert nodes["l1"].parent_span_id == nodes["l2"].parent_span_id == "gone"
    assert (tree.run.orphans.missing, tree.run.orphans.repaired, tree.run.spans) == (1, 2, 3)
    assert not tree.run.root_synthetic


def test_one_missing_node_without_any_root_is_the_declared_root():
    (tree,) = trees(span("a", "gone", "agent", 0, 9), span("l", "a", "llm", 1, 2))
    assert tree.run.root_synthetic
    assert (tree.run.root_span_id, tree.run.orphans.missing, tree.run.orphans.repaired) == (None, 1, 0)
    assert (tree.nodes[0].span_id, tree.nodes[0].repair_rule, tree.nodes[0].synthetic) == (
        "gone",
        "missing_parent",
        True,
    )


def test_several_missing_nodes_without_any_root_share_one_declared_root():
    (tree,) = trees(span("l1", "g1", "llm", 0, 1), span("l2", "g2", "llm", 2, 3))
    root = tree.nodes[0]
    assert root.synthetic
    assert root.repair_rule is None
    assert {n.parent_span_id for n in tree.nodes if n.span_id in ("g1", "g2")} == {root.span_id}
    assert tree.run.orphans.missing == 2


def test_with_several_roots_a_missing_node_goes_under_the_last_started_root_that_contains_it():
    found = trees(
        span("c1", "", "chain", 0, 100),
        span("c2", "", "chain", 10, 20),
        span("l", "gone", "llm", 12, 13),
    )
    assert [members(tree) for tree in found] == [{"c1"}, {"c2", "gone", "l"}]
    assert by_id(found[1])["gone"].repair_rule == "by_time"


def test_with_several_roots_a_missing_node_that_none_contains_becomes_a_root():
    found = trees(span("c1", "", "chain", 0, 1), span("c2", "", "chain", 2, 3), span("l", "gone", "llm", 50, 51))
    assert [tree.run.root_synthetic for tree in found] == [False, False, True]


def test_a_cycle_is_cut_at_its_earliest_span():
    (tree,) = trees(span("b", "c", "chain", 1, 2), span("c", "b", "chain", 0, 3), span("l", "b", "llm", 1, 2))
    assert [(n.span_id, n.parent_span_id) for n in tree.nodes] == [("c", ""), ("b", "c"), ("l", "b")]
    assert tree.nodes[0].repair_rule == "cycle"
    assert tree.run.flags == ("cycle",)


def test_a_span_that_is_its_own_parent_is_a_root():
    run = one(span("a", "a", "agent"))
    assert (run.flags, run.root_span_id) == (("cycle",), "a")


def test_a_long_tail_on_a_cycle_is_kept():
    tail = [span(f"x{i}", f"x{i - 1}" if i else "b", "llm", 5 + i, 6 + i) for i in range(20)]
    (tree,) = trees(span("a", "b", "chain", 0, 1), span("b", "a", "chain", 1, 2), *tail)
    assert tree.run.spans == 22
    assert tree.nodes[0].span_id == "a"


def test_ids_are_looked_up_within_their_trace():
    found = trees(
        span("a", "", "agent", 0, 1, trace_id="t1", run_id="A"), span("l", "a", "llm", 0, 1, trace_id="t2", run_id="B")
    )
    assert {tree.run.run_id: tree.run.orphans.missing for tree in found} == {"A": 0, "B": 1}


def test_a_chain_of_fifty_thousand_spans_is_one_run():
    deep = [span(f"s{i:05d}", f"s{i - 1:05d}" if i else "", "chain", i / 1e5, 9, name="step") for i in range(50_000)]
    (tree,) = trees(*deep)
    assert (tree.run.spans, tree.run.depth, tree.nodes[-1].depth) == (50_000, 49_999, 49_999)


def test_a_cycle_of_fifty_thousand_spans_is_cut_once():
    ring = [span(f"s{i:05d}", f"s{(i - 1) % 50_000:05d}", "llm", 0, 1, name="step") for i in range(50_000)]
    (tree,) = trees(*ring)
    assert (tree.run.flags, tree.run.depth, tree.nodes[0].span_id) == (("cycle",), 49_999, "s00000")


def test_no_spans_no_runs():
    assert trees() == []
