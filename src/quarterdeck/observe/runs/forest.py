"""From spans to trees: who is whose parent, with cycles cut and missing parents shown.

Node numbers: 0..n-1 are the spans in order of (start, trace, id); higher numbers are synthetic nodes.
Refuses: to guess a parent where no rule applies, and to change a span.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from typing import NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.ladder import NO_PARENT, Ladder

_ROOTS_TRIED = 1000
"""Of a trace with more roots only the last started ones may take in a missing node, or hostile input goes quadratic."""
_ORDER = itemgetter(Span._fields.index("start_ns"), Span._fields.index("trace_id"), Span._fields.index("span_id"))


class Ghost(NamedTuple):
    """A node that stands for no span. `missing`: its id is known from its children; else the root is ours."""

    trace_id: str
    span_id: str
    missing: bool


@dataclass(slots=True)
class Forest:
    """All trees of a group. `parent[i]` is a node or NO_PARENT; `rule[i]` says which repair placed a node.

    `repaired` are spans that a rule put below a real span; `moved` those of them whose parent is no node at all.
    """

    spans: list[Span]
    parent: list[int]
    ghosts: list[Ghost] = field(default_factory=list)
    rule: dict[int, str] = field(default_factory=dict)
    repaired: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)

    def add_ghost(self, ghost: Ghost, rule: str | None) -> int:
        """A new root without children; answers its number."""
        self.ghosts.append(ghost)
        self.parent.append(NO_PARENT)
        node = len(self.parent) - 1
        if rule is not None:
            self.rule[node] = rule
        return node

    def ghost(self, node: int) -> Ghost | None:
        """The synthetic node, or None for a span."""
        at = node - len(self.spans)
        return self.ghosts[at] if at >= 0 else None

    def key(self, node: int) -> tuple[str, str]:
        """(trace id, span id) of a node."""
        ghost = self.ghost(node)
        if ghost is not None:
            return ghost.trace_id, ghost.span_id
        span = self.spans[node]
        return span.trace_id, span.span_id


def synthetic_id(*parts: str) -> str:
    """A span id of our own (16 hex), derived from `parts`, so that it is the same on every machine."""
    return blake2b("\x00".join(parts).encode(), digest_size=8).hexdigest()


def plant(spans: Sequence[Span]) -> Forest:
    """The trees of `spans`, independent of their order."""
    ordered = sorted(spans, key=_ORDER)
    parent, unknown, backward = _link(ordered)
    forest = Forest(ordered, parent)
    if backward:
        _cut_cycles(forest)
    if unknown:
        _place_missing(forest, unknown)
    return forest


def _link(spans: list[Span]) -> tuple[list[int], dict[tuple[str, str], list[int]], bool]:
    """Parents by id; children of unknown ids; whether any parent stands behind its child (only then a cycle can be)."""
    index = {(span[1], span[2]): node for node, span in enumerate(spans)}
    find = index.get
    parent: list[int] = []
    unknown: dict[tuple[str, str], list[int]] = {}
    backward = False
    for node, span in enumerate(spans):
        above = span[3]
        if not above:
            parent.append(NO_PARENT)
            continue
        at = find((span[1], above), NO_PARENT)
        parent.append(at)
        if at == NO_PARENT:
            unknown.setdefault((span[1], above), []).append(node)
        elif at >= node:
            backward = True
    return parent, unknown, backward


def _cut_cycles(forest: Forest) -> None:
    """Each component has at most one cycle: cut it at its earliest span, which is its lowest number."""
    parent = forest.parent
    walk_of = [0] * len(parent)
    for start in range(len(parent)):
        path: list[int] = []
        node = start
        while node != NO_PARENT and walk_of[node] == 0:
            walk_of[node] = start + 1
            path.append(node)
            node = parent[node]
        if node != NO_PARENT and walk_of[node] == start + 1:
            first = min(path[path.index(node) :])
            parent[first] = NO_PARENT
            forest.rule[first] = "cycle"


def _place_missing(forest: Forest, unknown: dict[tuple[str, str], list[int]]) -> None:
    """Orphans where something tells their place; of the rest one ghost per unknown id, under what the trace has for it."""
    roots: dict[str, list[int]] = {}
    orphans = {node for nodes in unknown.values() for node in nodes}
    unknown = _climb(forest, unknown, orphans)
    for node, span in enumerate(forest.spans):
        if forest.parent[node] == NO_PARENT and node not in orphans:
            roots.setdefault(span.trace_id, []).append(node)
    ghosts: dict[str, list[int]] = {}
    for (trace_id, span_id), children in unknown.items():
        ghost = forest.add_ghost(Ghost(trace_id, span_id, missing=True), "missing_parent")
        for child in children:
            forest.parent[child] = ghost
        _hang(forest, ghost, children, roots.get(trace_id, []))
        ghosts.setdefault(trace_id, []).append(ghost)
    for trace_id, nodes in ghosts.items():
        if trace_id not in roots and len(nodes) > 1:
            share_root(forest, nodes, synthetic_id("trace", trace_id))


def _climb(
    forest: Forest, unknown: dict[tuple[str, str], list[int]], orphans: set[int]
) -> dict[tuple[str, str], list[int]]:
    """Place what the ladder can; answers the orphans that are left, by their unknown parent."""
    ladder = Ladder(forest.spans, forest.parent, orphans)
    left: dict[tuple[str, str], list[int]] = {}
    for missing, nodes in unknown.items():
        for node in nodes:
            found = ladder.place(node)
            if found is None:
                left.setdefault(missing, []).append(node)
                continue
            forest.parent[node], forest.rule[node] = found
            forest.repaired.add(node)
            forest.moved.add(node)
    return left


def _hang(forest: Forest, ghost: int, children: list[int], roots: list[int]) -> None:
    """Under the only real root, or under the last started one that contains the ghost's children in time."""
    if not roots:
        return
    root, rule = roots[0], "to_root"
    if len(roots) > 1:
        within = _containing(forest.spans, children, roots)
        if within is None:
            return
        root, rule = within, "by_time"
    forest.parent[ghost] = root
    forest.rule[ghost] = rule
    forest.repaired.update(children)


def _containing(spans: list[Span], children: list[int], roots: list[int]) -> int | None:
    start = spans[children[0]].start_ns
    end = max(spans[child].end_ns or spans[child].start_ns for child in children)
    for root in roots[: -_ROOTS_TRIED - 1 : -1]:
        span = spans[root]
        if span.start_ns <= start and (span.end_ns == 0 or span.end_ns >= end):
            return root
    return None


def share_root(forest: Forest, roots: Sequence[int], span_id: str, rule: str | None = None) -> int:
    """A declared root of our own above `roots` (trace: that of the first); answers its number."""
    above = forest.add_ghost(Ghost(forest.key(roots[0])[0], span_id, missing=False), None)
    for root in roots:
        forest.parent[root] = above
        if rule is not None:
            forest.rule.setdefault(root, rule)
    return above


def children_first_seen(parent: Sequence[int]) -> tuple[list[int], list[int]]:
    """(roots, preorder): every parent stands before its children, siblings in order of their numbers."""
    roots: list[int] = []
    children: dict[int, list[int]] = {}
    for node, above in enumerate(parent):
        if above == NO_PARENT:
            roots.append(node)
        elif above in children:
            children[above].append(node)
        else:
            children[above] = [node]
    order: list[int] = []
    stack = roots[::-1]
    pop, visit, below = stack.pop, order.append, children.get
    while stack:
        node = pop()
        visit(node)
        kids = below(node)
        if kids is not None:
            stack.extend(reversed(kids)) if len(kids) > 1 else stack.append(kids[0])
    return roots, order
