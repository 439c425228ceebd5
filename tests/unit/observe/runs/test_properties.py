"""What holds for any forest: cycles, missing parents, explicit ids, repeated responses, usage anywhere.

A forest is grown from a seed and a size, so that a failure names both and small ones are found first.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs import build_runs, summarise_runs
from quarterdeck.observe.runs.account import reconcile
from quarterdeck.observe.runs.body import Body
from quarterdeck.observe.runs.forest import plant
from quarterdeck.observe.runs.partition import split
from quarterdeck.observe.runs.vectors import Usage

from .spans import NOW, PRICES, span

KINDS = ("agent", "workflow", "chain", "llm", "llm", "tool", "other", "embedding", "evaluator", "retrieval")
SCOPES = ("own", "inclusive", "exclusive_run", "cumulative_lifetime", "partial", "none")
SEEDS = st.integers(0, 2**32)
SIZES = st.integers(1, 16)


def forest(seed: int, size: int, *, explicit: bool = True, kinds: Sequence[str] = KINDS) -> list[Span]:
    """Spans over one or two traces; parents are any id, known or not, or none."""
    rng = random.Random(seed)
    ids = [f"s{at:02d}" for at in range(size)]
    return [_grown(rng, span_id, ids, explicit, kinds) for span_id in ids]


def _grown(rng: random.Random, span_id: str, ids: list[str], explicit: bool, kinds: Sequence[str]) -> Span:
    def maybe(*values):
        return rng.choice((None, *values))

    start = rng.randint(0, 30)
    usage = rng.choice(
        ({}, {"tokens": (maybe(0, 7, 50), maybe(0, 5, 40)), "usage_scope": rng.choice(SCOPES)}, {"tokens": (9, 3)})
    )
    return span(
        span_id,
        rng.choice(("", "gone", "lost", rng.choice(ids), rng.choice(ids))),
        rng.choice(kinds),
        start,
        maybe(start - 2, start, rng.randint(start, 60)),
        trace_id=rng.choice(("t1", "t1", "t1", "t2")),
        run_id=maybe("R", "S") if explicit and rng.random() < 0.3 else None,
        response_id=maybe("x", "y"),
        model_response=maybe("gpt-4o", "house"),
        provider=maybe("openai", "other"),
        session_id=maybe("q", "r"),
        agent_name=maybe("n", "m"),
        status=rng.choice(("ok", "error", "unset")),
        cost_reported_usd=maybe(0.1, 0.2),
        **usage,
    )


def build(spans: list[Span]) -> list[RunTree]:
    return build_runs(spans, now_ns=NOW * 10**9, prices=PRICES)


@settings(max_examples=500, deadline=None)
@given(SEEDS, SIZES)
def test_every_run_is_one_tree_and_no_span_is_in_two(seed: int, size: int):
    spans = forest(seed, size)
    trees = build(spans)
    placed = [(n.trace_id, n.span_id) for tree in trees for n in tree.nodes if not n.synthetic]
    assert len(placed) == len(set(placed))
    assert set(placed) <= {(s.trace_id, s.span_id) for s in spans}
    assert len({tree.run.run_id for tree in trees}) == len(trees)
    for tree in trees:
        assert_is_tree(tree)


def assert_is_tree(tree: RunTree) -> None:
    """One top; every parent stands before its children, in the same trace or as the top itself."""
    top = tree.nodes[0]
    assert [node.parent_span_id for node in tree.nodes].count("") == 1
    assert (top.parent_span_id, top.depth) == ("", 0)
    depth = {(top.trace_id, top.span_id): 0}
    for node in tree.nodes[1:]:
        assert node.run_id == tree.run.run_id
        above = {depth.get((node.trace_id, node.parent_span_id))} - {None}
        if node.repair_rule in ("same_run", "cycle") and node.parent_span_id == top.span_id:
            above.add(0)
        assert node.depth - 1 in above
        depth[node.trace_id, node.span_id] = node.depth
    assert len(depth) == len(tree.nodes)
    assert tree.run.spans == sum(not node.synthetic for node in tree.nodes) > 0
    assert tree.run.depth == max(node.depth for node in tree.nodes)
    assert tree.run.root_synthetic == top.synthetic


@settings(max_examples=300, deadline=None)
@given(SEEDS, SIZES)
def test_the_order_of_arrival_changes_nothing(seed: int, size: int):
    spans = forest(seed, size)
    shuffled = random.Random(seed).sample(spans, len(spans))
    assert build(shuffled) == build(spans)


@settings(max_examples=200, deadline=None)
@given(SEEDS, SIZES)
def test_summaries_are_the_runs_of_the_trees(seed: int, size: int):
    spans = forest(seed, size)
    assert summarise_runs(spans, now_ns=NOW * 10**9, prices=PRICES) == [tree.run for tree in build(spans)]


@settings(max_examples=300, deadline=None)
@given(SEEDS, SIZES)
def test_without_explicit_ids_only_leftovers_without_work_are_in_no_run(seed: int, size: int):
    spans = forest(seed, size, explicit=False)
    placed = {(n.trace_id, n.span_id) for tree in build(spans) for n in tree.nodes}
    for left in spans:
        if (left.trace_id, left.span_id) not in placed:
            assert left.op_kind not in ("agent", "llm", "tool", "embedding")
            assert (left.tokens_input, left.tokens_output) == (None, None)


@settings(max_examples=500, deadline=None)
@given(SEEDS, SIZES)
def test_the_parts_of_an_account_add_up_to_its_totals(seed: int, size: int):
    planted = plant(forest(seed, size, kinds=[kind for kind in KINDS if kind != "evaluator"]))
    plans, up = split(planted)
    for plan in plans:
        account = reconcile(Body(planted.spans, up, plan.order), _reported(planted.spans, plan.order), {})
        for token_class, total in enumerate(account.totals):
            told = [part.usage[token_class] for part in account.parts if part.usage[token_class] is not None]
            assert abs(fsum(told) - (total or 0)) < 1e-9
            assert not told or total is not None


def _reported(spans: list[Span], order: list[int]) -> dict[int, Usage]:
    usage = {
        node: (s.tokens_input, s.tokens_output, None, None, None, s.cost_reported_usd)
        for node, s in ((node, spans[node]) for node in order if node < len(spans))
    }
    return {node: vector for node, vector in usage.items() if any(value is not None for value in vector)}


@given(SEEDS, SIZES)
@settings(max_examples=300, deadline=None)
def test_the_short_way_through_the_books_answers_like_the_long_one(seed: int, size: int) -> None:
    spans = forest(seed, size, kinds=("agent", "chain", "llm", "llm", "tool"))
    short = summarise_runs(spans, now_ns=NOW, prices=PRICES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quarterdeck.observe.runs.account._Books._is_plain", lambda _: False)
        assert summarise_runs(spans, now_ns=NOW, prices=PRICES) == short
