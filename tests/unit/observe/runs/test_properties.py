"""What holds for any forest: cycles, missing parents, explicit ids, repeated responses, usage anywhere."""

from __future__ import annotations

import random
from math import fsum

from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs import build_runs, summarise_runs
from quarterdeck.observe.runs.account import reconcile
from quarterdeck.observe.runs.body import Body
from quarterdeck.observe.runs.forest import plant
from quarterdeck.observe.runs.partition import split
from quarterdeck.observe.runs.vectors import NOTHING, Usage

from .spans import NOW, PRICES, span

KINDS = ["agent", "workflow", "chain", "llm", "tool", "other", "embedding", "evaluator", "retrieval"]
SCOPES = ["own", "inclusive", "exclusive_run", "cumulative_lifetime", "partial", "none"]
IDS = [f"s{i:02d}" for i in range(14)]


def maybe(values):
    return st.one_of(st.none(), values)


@st.composite
def forests(draw, explicit=True, kinds=KINDS):
    """Spans over one or two traces; parents are any id, known or not, or none."""
    found = []
    for at, span_id in enumerate(draw(st.lists(st.sampled_from(IDS), unique=True, min_size=1))):
        start = draw(st.integers(0, 30))
        counts = draw(maybe(st.tuples(maybe(st.integers(0, 50)), maybe(st.integers(0, 50)))))
        usage = {} if counts is None else {"tokens": counts}
        found.append(
            span(
                span_id,
                draw(st.sampled_from(["", "", "gone", "lost", *IDS])),
                draw(st.sampled_from(kinds)),
                start,
                draw(maybe(st.integers(start - 2, 60))),
                trace_id=draw(st.sampled_from(["t1", "t1", "t1", "t2"])),
                run_id=draw(maybe(st.sampled_from(["R", "S"]))) if explicit and at % 3 == 0 else None,
                response_id=draw(maybe(st.sampled_from(["x", "y"]))),
                model_response=draw(maybe(st.sampled_from(["gpt-4o", "house"]))),
                provider=draw(maybe(st.sampled_from(["openai", "other"]))),
                session_id=draw(maybe(st.sampled_from(["q", "r"]))),
                agent_name=draw(maybe(st.sampled_from(["n", "m"]))),
                status=draw(st.sampled_from(["ok", "error", "unset"])),
                cost_reported_usd=draw(maybe(st.sampled_from([0.1, 0.2]))),
                **{**usage, **({"usage_scope": draw(st.sampled_from(SCOPES))} if usage else {})},
            )
        )
    return found


def build(spans):
    return build_runs(spans, now_ns=NOW * 10**9, prices=PRICES)


@settings(max_examples=400, deadline=None)
@given(forests())
def test_every_run_is_one_tree_and_no_span_is_in_two(spans: list[Span]):
    trees = build(spans)
    placed = [(n.trace_id, n.span_id) for tree in trees for n in tree.nodes if not n.synthetic]
    assert len(placed) == len(set(placed))
    assert set(placed) <= {(s.trace_id, s.span_id) for s in spans}
    assert len({tree.run.run_id for tree in trees}) == len(trees)
    for tree in trees:
        assert [node.parent_span_id for node in tree.nodes].count("") == 1
        assert tree.nodes[0].parent_span_id == ""
        depth: dict[str, int] = {}
        for node in tree.nodes:
            assert node.run_id == tree.run.run_id
            assert node.depth == (depth[node.parent_span_id] + 1 if node.parent_span_id else 0)
            depth.setdefault(node.span_id, node.depth)
        assert tree.run.spans == sum(not node.synthetic for node in tree.nodes) > 0
        assert tree.run.depth == max(node.depth for node in tree.nodes)
        assert tree.run.root_synthetic == tree.nodes[0].synthetic


@settings(max_examples=300, deadline=None)
@given(forests(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(spans: list[Span], rng: random.Random):
    shuffled = list(spans)
    rng.shuffle(shuffled)
    assert build(shuffled) == build(spans)


@settings(max_examples=200, deadline=None)
@given(forests())
def test_summaries_are_the_runs_of_the_trees(spans: list[Span]):
    assert summarise_runs(spans, now_ns=NOW * 10**9, prices=PRICES) == [tree.run for tree in build(spans)]


@settings(max_examples=200, deadline=None)
@given(forests(explicit=False))
def test_without_explicit_ids_only_leftovers_without_work_are_in_no_run(spans: list[Span]):
    placed = {(n.trace_id, n.span_id) for tree in build(spans) for n in tree.nodes}
    for left in spans:
        if (left.trace_id, left.span_id) not in placed:
            assert left.op_kind not in ("agent", "llm", "tool", "embedding")
            assert left.tokens_input is None
            assert left.tokens_output is None


@settings(max_examples=300, deadline=None)
@given(forests(kinds=[kind for kind in KINDS if kind != "evaluator"]))
def test_the_parts_of_an_account_add_up_to_its_totals(spans: list[Span]):
    forest = plant(spans)
    plans, up = split(forest)
    for plan in plans:
        own: dict[int, Usage] = {
            node: (s.tokens_input, s.tokens_output, None, None, None, s.cost_reported_usd)
            for node in plan.order
            if node < len(forest.spans) and (s := forest.spans[node])
            if (s.tokens_input, s.tokens_output, s.cost_reported_usd) != (None, None, None)
        }
        account = reconcile(Body(forest.spans, up, plan.order), own, {})
        for token_class, total in enumerate(account.totals):
            told = [part.usage[token_class] for part in account.parts if part.usage[token_class] is not None]
            assert abs(fsum(told) - (total or 0)) < 1e-9
            assert (total is None) == (not told) or total == 0
        assert len(account.totals) == len(NOTHING)
