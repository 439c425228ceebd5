"""Tokens of runs against the truth: eight ways of emitting usage, each reordered, repeated, split and with loss.

A seeded generator makes agent trees whose true usage is known. A failure prints its seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs import PriceTable, build_runs

SEEDS = range(200)
LOSS = 0.2
PRICES = PriceTable.shipped()
NOW_NS = 2_000_000_000_000_000_000
START_NS = 1_750_000_000_000_000_000

_BASE = Span(
    **{
        **dict.fromkeys(Span._fields),
        "project": "default",
        "trace_id": "trace",
        "parent_span_id": "",
        "name": "step",
        "status": "ok",
        "dialect": "otel_current",
        "mapping_version": 1,
        "usage_scope": "none",
        "weight": 1.0,
    }
)

Pair = tuple[int, int]


@dataclass
class Node:
    """One operation of a simulated agent, with its true usage (0 for all but model calls)."""

    span_id: str
    kind: str
    parent: Node | None
    start: int
    end: int = 0
    usage: Pair = (0, 0)
    agent: str | None = None
    children: list[Node] = field(default_factory=list)

    def walk(self) -> list[Node]:
        found, stack = [], [self]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(node.children)
        return found

    def true(self) -> Pair:
        calls = [node.usage for node in self.walk()]
        return sum(i for i, _ in calls), sum(o for _, o in calls)

    def direct(self) -> Pair:
        """Usage of the calls in this agent, nested agents left out."""
        found, stack = (0, 0), list(self.children)
        while stack:
            node = stack.pop()
            found = (found[0] + node.usage[0], found[1] + node.usage[1])
            stack.extend(child for child in node.children if child.kind != "agent")
            if node.kind == "agent":
                stack = [left for left in stack if left not in node.children]
        return found


class Growth:
    """Grows an agent with steps, tools and nested agents; time runs forward, children lie within their parents."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.clock, self.count = rng, 0, 0

    def node(self, kind: str, parent: Node | None) -> Node:
        self.clock += self.rng.randint(1, 50)
        self.count += 1
        node = Node(f"{self.count:016x}", kind, parent, self.clock)
        if parent is not None:
            parent.children.append(node)
        return node

    def end(self, node: Node) -> None:
        self.clock += self.rng.randint(1, 50)
        node.end = self.clock

    def agent(self, parent: Node | None, depth: int, name: str) -> Node:
        agent = self.node("agent", parent)
        agent.agent = name
        for _ in range(self.rng.randint(1, 4)):
            holder = self.node("chain", agent) if self.rng.random() < 0.5 else agent
            self.call(holder)
            if self.rng.random() < 0.6:
                tool = self.node("tool", holder)
                if depth < 3 and self.rng.random() < 0.4:
                    self.agent(tool, depth + 1, f"{name}.{self.rng.randint(1, 2)}")
                self.end(tool)
            if holder is not agent:
                self.end(holder)
        self.end(agent)
        return agent

    def call(self, holder: Node) -> None:
        call = self.node("llm", holder)
        call.usage = (self.rng.randint(1, 5000), self.rng.randint(1, 800))
        self.end(call)


def grow(seed: int, runs: int = 1) -> list[Node]:
    growth = Growth(random.Random(seed))
    return [growth.agent(None, 0, "root") for _ in range(runs)]


def emit(node: Node, usage: Pair | None = None, scope: str = "own", **more: Any) -> Span:
    told = {} if usage is None else {"tokens_input": usage[0], "tokens_output": usage[1], "usage_scope": scope}
    return _BASE._replace(
        span_id=node.span_id,
        parent_span_id=node.parent.span_id if node.parent else "",
        op_kind=node.kind,
        start_ns=START_NS + node.start,
        end_ns=START_NS + node.end,
        agent_name=node.agent,
        model_response="gpt-4o" if node.kind == "llm" else None,
        provider="openai" if node.kind == "llm" else None,
        **{**told, **more},
    )


def leaf_only(roots: list[Node], rng: random.Random) -> list[Span]:
    return [emit(n, n.usage if n.kind == "llm" else None) for root in roots for n in root.walk()]


def _with_agents(roots: list[Node], agent: Callable[[Node], Span]) -> list[Span]:
    nodes = [node for root in roots for node in root.walk()]
    return [agent(n) if n.kind == "agent" else emit(n, n.usage if n.kind == "llm" else None) for n in nodes]


def leaf_and_inclusive(roots: list[Node], rng: random.Random) -> list[Span]:
    return _with_agents(roots, lambda node: emit(node, node.true(), "inclusive"))


def agent_only(roots: list[Node], rng: random.Random) -> list[Span]:
    nodes = [node for root in roots for node in root.walk()]
    return [emit(n, n.true() if n.parent is None else None, "inclusive") for n in nodes if n.kind != "llm"]


def leaf_and_exclusive(roots: list[Node], rng: random.Random) -> list[Span]:
    return _with_agents(roots, lambda node: emit(node, node.direct(), "exclusive_run"))


def leaf_and_lifetime(roots: list[Node], rng: random.Random) -> list[Span]:
    """Each agent instance counts over all its invocations, which end in order of their ends."""
    life: dict[str, Pair] = {}
    reading: dict[str, Pair] = {}
    agents = [node for root in roots for node in root.walk() if node.kind == "agent"]
    for node in sorted(agents, key=lambda n: n.end):
        before, now = life.get(str(node.agent), (0, 0)), node.true()
        life[str(node.agent)] = reading[node.span_id] = (before[0] + now[0], before[1] + now[1])
    return _with_agents(
        roots, lambda node: emit(node, reading[node.span_id], "cumulative_lifetime", session_id="session")
    )


def partial_and_true_root(roots: list[Node], rng: random.Random) -> list[Span]:
    def partial(node: Node) -> Span:
        return emit(node, (rng.randint(0, 2 * node.usage[0]), rng.randint(0, node.usage[1])), "partial")

    nodes = [node for root in roots for node in root.walk()]
    return [
        partial(n) if n.kind == "llm" else emit(n, n.true() if n.parent is None else None, "inclusive") for n in nodes
    ]


def nested_duplicates(roots: list[Node], rng: random.Random) -> list[Span]:
    """Framework and provider instrumentation together: the inner span has the response id, the outer sometimes."""
    spans = []
    for node in (node for root in roots for node in root.walk()):
        if node.kind != "llm":
            spans.append(emit(node))
            continue
        response_id = f"resp-{node.span_id}"
        spans.append(emit(node, node.usage, response_id=response_id if rng.random() < 0.5 else None))
        inner = emit(node, node.usage, response_id=response_id)
        spans.append(inner._replace(span_id=f"f{node.span_id[1:]}", parent_span_id=node.span_id))
    return spans


def inclusive_root(roots: list[Node], rng: random.Random) -> list[Span]:
    nodes = [node for root in roots for node in root.walk()]
    return [emit(n, n.usage if n.kind == "llm" else n.true() if n.parent is None else None, "inclusive") for n in nodes]


PATTERNS = {
    "leaf only": leaf_only,
    "leaf + inclusive agent": leaf_and_inclusive,
    "agent only": agent_only,
    "leaf + exclusive agent": leaf_and_exclusive,
    "leaf + lifetime-cumulative agent": leaf_and_lifetime,
    "partial children + true root": partial_and_true_root,
    "duplicate nested model spans": nested_duplicates,
    "inclusive root": inclusive_root,
}
SURVIVES_LOSS = [
    "leaf + inclusive agent",
    "agent only",
    "leaf + exclusive agent",
    "partial children + true root",
    "inclusive root",
]


def case(pattern: str, seed: int) -> tuple[list[Node], list[Span], random.Random]:
    rng = random.Random(f"{pattern}/{seed}")
    roots = grow(seed, runs=3 if "lifetime" in pattern else 1)
    return roots, PATTERNS[pattern](roots, rng), rng


def truth(roots: list[Node]) -> Pair:
    pairs = [root.true() for root in roots]
    return sum(i for i, _ in pairs), sum(o for _, o in pairs)


def counted(spans: list[Span]) -> Pair:
    runs = [tree.run for tree in build_runs(spans, now_ns=NOW_NS, prices=PRICES)]
    return sum(run.tokens.input or 0 for run in runs), sum(run.tokens.output or 0 for run in runs)


def lose_calls(spans: list[Span], rng: random.Random) -> list[Span]:
    return [span for span in spans if span.op_kind != "llm" or rng.random() >= LOSS]


def reordered(spans: list[Span], rng: random.Random) -> list[Span]:
    return rng.sample(spans, len(spans))


def twice(spans: list[Span], rng: random.Random) -> list[Span]:
    """Each span is delivered twice, in any order; what is kept by identity is what a store has."""
    return list({(span.trace_id, span.span_id): span for span in reordered(spans * 2, rng)}.values())


def split(spans: list[Span], rng: random.Random) -> list[Span]:
    """In requests of seven, some of them sent again."""
    requests = [spans[start : start + 7] for start in range(0, len(spans), 7)]
    requests += rng.choices(requests, k=len(requests) // 3 + 1)
    rng.shuffle(requests)
    return list({(span.trace_id, span.span_id): span for request in requests for span in request}.values())


DELIVERIES: dict[str, Callable[[list[Span], random.Random], list[Span]]] = {
    "reordered": reordered,
    "twice": twice,
    "split": split,
    "20 % of the calls lost": lose_calls,
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("way", ["reordered", "twice", "split"])
def test_the_tokens_are_the_truth_however_they_are_delivered(pattern: str, way: str) -> None:
    for seed in range(60):
        roots, spans, rng = case(pattern, seed)
        assert counted(DELIVERIES[way](spans, rng)) == truth(roots), f"{pattern}, {way}, seed {seed}"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_under_loss_the_total_is_the_truth_or_what_came_and_says_which(pattern: str) -> None:
    """Never above the truth; equal to it where an ancestor's number includes the calls, with the difference as residual."""
    for seed in range(60):
        roots, spans, rng = case(pattern, seed)
        left = lose_calls(spans, rng)
        total, came = sum(counted(left)), sum(naive(span) for span in left if span.op_kind == "llm")
        runs = [tree.run for tree in build_runs(left, now_ns=NOW_NS, prices=PRICES)]
        if pattern in SURVIVES_LOSS:
            assert total == sum(truth(roots)), f"seed {seed}"
        assert total <= sum(truth(roots)), f"seed {seed}"
        if pattern in ("leaf + inclusive agent", "leaf + exclusive agent", "inclusive root"):
            assert sum(run.residual_tokens or 0 for run in runs) == total - came, f"seed {seed}"
            assert all(("residual" in run.flags) == bool(run.residual_tokens) for run in runs), f"seed {seed}"


def naive(span: Span) -> int:
    return (span.tokens_input or 0) + (span.tokens_output or 0)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_reordered_spans_give_the_true_tokens(pattern: str) -> None:
    for seed in SEEDS:
        roots, spans, rng = case(pattern, seed)
        rng.shuffle(spans)
        assert counted(spans) == truth(roots), f"{pattern}, seed {seed}"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_spans_in_split_and_repeated_batches_give_the_true_tokens(pattern: str) -> None:
    """What is kept by identity after every batch is counted too: it never exceeds the truth by repeats."""
    for seed in SEEDS:
        roots, spans, rng = case(pattern, seed)
        delivered = spans + rng.choices(spans, k=len(spans) // 3)
        rng.shuffle(delivered)
        known: dict[tuple[str, str], Span] = {}
        for start in range(0, len(delivered), 7):
            known.update(((span.trace_id, span.span_id), span) for span in delivered[start : start + 7])
        assert counted(list(known.values())) == truth(roots), f"{pattern}, seed {seed}"


@pytest.mark.parametrize("pattern", SURVIVES_LOSS)
def test_with_a_fifth_of_the_calls_lost_an_authoritative_ancestor_keeps_the_true_tokens(pattern: str) -> None:
    for seed in SEEDS:
        roots, spans, rng = case(pattern, seed)
        assert counted(lose_calls(spans, rng)) == truth(roots), f"{pattern}, seed {seed}"


@pytest.mark.parametrize("pattern", ["leaf + inclusive agent", "inclusive root"])
def test_with_a_fifth_of_all_other_spans_lost_an_inclusive_root_keeps_the_true_tokens(pattern: str) -> None:
    for seed in SEEDS:
        roots, spans, rng = case(pattern, seed)
        left = [span for span in spans if not span.parent_span_id or rng.random() >= LOSS]
        assert counted(left) == truth(roots), f"{pattern}, seed {seed}"


@pytest.mark.parametrize("pattern", ["leaf only", "duplicate nested model spans"])
def test_without_authority_a_fifth_lost_leaves_exactly_what_is_left(pattern: str) -> None:
    for seed in SEEDS:
        roots, spans, rng = case(pattern, seed)
        left = lose_calls(spans, rng)
        seen = {span.span_id[1:] for span in left if span.op_kind == "llm"}
        calls = [n.usage for root in roots for n in root.walk() if n.kind == "llm" and n.span_id[1:] in seen]
        assert counted(left) == (sum(i for i, _ in calls), sum(o for _, o in calls)), f"{pattern}, seed {seed}"


def test_a_lifetime_counter_under_loss_stays_between_what_is_left_and_the_truth() -> None:
    pattern = "leaf + lifetime-cumulative agent"
    for seed in SEEDS:
        roots, spans, rng = case(pattern, seed)
        left = lose_calls(spans, rng)
        seen = sum(span.tokens_input or 0 for span in left if span.op_kind == "llm")
        assert seen <= counted(left)[0] <= truth(roots)[0], f"{pattern}, seed {seed}"


def test_the_loss_is_shown_as_residual() -> None:
    for seed in SEEDS:
        roots, spans, rng = case("inclusive root", seed)
        left = lose_calls(spans, rng)
        seen = sum((span.tokens_input or 0) + (span.tokens_output or 0) for span in left if span.op_kind == "llm")
        (tree,) = build_runs(left, now_ns=NOW_NS, prices=PRICES)
        assert tree.run.residual_tokens == sum(truth(roots)) - seen, f"seed {seed}"
        assert tree.run.tokens.coverage == "full"


def test_calls_are_counted_once_whatever_is_emitted() -> None:
    for pattern in PATTERNS:
        for seed in range(50):
            roots, spans, rng = case(pattern, seed)
            rng.shuffle(spans)
            calls = sum(node.kind == "llm" for root in roots for node in root.walk())
            found = sum(tree.run.model_calls for tree in build_runs(spans, now_ns=NOW_NS, prices=PRICES))
            assert found == (0 if pattern == "agent only" else calls), f"{pattern}, seed {seed}"
