"""From trees to runs: which nodes are one run, what its top is, and who its subject is.

The rules stand in docs/design/runs.md ("What a run is"). Refuses: to look at usage or time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.forest import Forest, Ghost, children_first_seen, share_root, synthetic_id
from quarterdeck.observe.runs.ladder import NO_PARENT

FRAMES = frozenset({"workflow", "chain"})
NAMED = frozenset({"agent", "workflow", "chain"})
_CALLS = frozenset({"llm", "tool", "embedding"})
SETUP = "create_agent"
"""The operation that makes an agent (OpenTelemetry's word); it runs nothing."""

GHOST = "ghost"
"""The kind of a synthetic node in `Ground.kinds`; no span has it."""


@dataclass(slots=True)
class Plan:
    """One run: `order` are its nodes, parents first; `subject` gives it its name, None = nobody.

    `context` is the root of the tree that the run was cut out of, or its own top.
    """

    order: list[int]
    top: int
    subject: int | None
    context: int
    explicit_id: str | None = None
    flags: set[str] = field(default_factory=set)

    def run_id(self, forest: Forest) -> str:
        """The explicit id, else a hash of project, trace and top node (32 hex)."""
        if self.explicit_id is not None:
            return self.explicit_id
        trace_id, span_id = forest.key(self.top)
        identity = "\x00".join((forest.spans[0].project, trace_id, span_id))
        return blake2b(identity.encode(), digest_size=16).hexdigest()


@dataclass(slots=True)
class Ground:
    """The forest with what partition asks of it again and again."""

    forest: Forest
    kinds: list[str]
    plans: list[Plan] = field(default_factory=list)


class Unit(NamedTuple):
    """An outermost agent (or workflow, chain), its outermost frame or itself, and the highest workflow or chain above."""

    node: int
    top: int
    spoken: int


def split(forest: Forest) -> tuple[list[Plan], Sequence[int]]:
    """The runs of a group, and each node's parent within its run (NO_PARENT at a top)."""
    ground = Ground(forest, [span[9] for span in forest.spans] + [GHOST] * len(forest.ghosts))
    roots, order = children_first_seen(forest.parent)
    ids = {span.run_id for span in forest.spans}
    if ids != {None}:
        if (
            len(roots) == 1
            and len(ids - {None}) == 1
            and roots[0] < len(forest.spans)
            and forest.spans[roots[0]].run_id
        ):
            ground.plans.append(_explicit_plan(ground, forest.spans[roots[0]].run_id, order))
        else:
            _split_explicit(ground, roots, order)
    else:
        _split_trees(ground, _trees(roots, order, forest.parent))
    return ground.plans, _cut(forest.parent, ground.plans)


def _trees(roots: list[int], order: list[int], parent: list[int]) -> list[list[int]]:
    """The preorder, one list per tree."""
    if len(roots) == 1:
        return [order]
    trees: list[list[int]] = []
    for node in order:
        if parent[node] == NO_PARENT:
            trees.append([node])
        else:
            trees[-1].append(node)
    return trees


def _cut(parent: list[int], plans: list[Plan]) -> Sequence[int]:
    """Parents with every edge between two runs removed."""
    if sum(len(plan.order) for plan in plans) == len(parent) and all(parent[p.top] == NO_PARENT for p in plans):
        return parent
    owner = [NO_PARENT] * len(parent)
    for number, plan in enumerate(plans):
        for node in plan.order:
            owner[node] = number
    return [
        above if above != NO_PARENT and owner[above] == owner[node] else NO_PARENT for node, above in enumerate(parent)
    ]


def _split_trees(ground: Ground, trees: list[list[int]]) -> None:
    """Rules (a) to (e) for trees (each without explicit ids)."""
    plain: dict[str, list[list[int]]] = {}
    busy: set[str] = set()
    for tree in trees:
        trace_id = ground.forest.key(tree[0])[0]
        if _split_tree(ground, tree):
            busy.add(trace_id)
        elif not _is_setup(ground, tree):
            plain.setdefault(trace_id, []).append(tree)
    for trace_id, without_unit in plain.items():
        if len(without_unit) == 1 or trace_id in busy:
            ground.plans.extend(Plan(tree, tree[0], None, tree[0]) for tree in without_unit)
        else:
            _share(ground, without_unit, trace_id)


def _is_setup(ground: Ground, tree: list[int]) -> bool:
    """Whether the tree only says that agents were made: nothing ran, so there is no run."""
    spans = ground.forest.spans
    return all(node < len(spans) and spans[node].op_name == SETUP for node in tree)


def _share(ground: Ground, trees: list[list[int]], trace_id: str) -> None:
    """Several roots and nobody who speaks for them: one run below a declared root."""
    top = share_root(ground.forest, [tree[0] for tree in trees], synthetic_id("trace", trace_id), "several_roots")
    ground.kinds.append(GHOST)
    ground.plans.append(Plan([top, *(node for tree in trees for node in tree)], top, None, top))


def _split_tree(ground: Ground, tree: list[int]) -> bool:
    """One tree by its units; False (and no plan) when it has none."""
    root = tree[0]
    if ground.kinds[root] == "agent":
        ground.plans.append(Plan(tree, root, root, root))
        return True
    units = _units(ground, tree)
    if not units:
        return False
    if len({unit.top for unit in units}) == 1:
        ground.plans.append(Plan(tree, root, _subject(units), root))
    else:
        _split_tops(ground, tree, units)
    return True


def _units(ground: Ground, tree: list[int]) -> list[Unit]:
    """Outermost agents, else outermost workflows and chains."""
    kinds = ground.kinds
    wanted = frozenset({"agent"})
    if not any(kinds[node] == "agent" for node in tree):
        wanted = FRAMES
        if not any(kinds[node] in FRAMES for node in tree):
            return []
    parent = ground.forest.parent
    outside = (NO_PARENT, NO_PARENT)
    frames: dict[int, tuple[int, int]] = {}
    inside: set[int] = set()
    units: list[Unit] = []
    for node in tree:
        above = parent[node] if node != tree[0] else NO_PARENT
        kind = kinds[node]
        frame, spoken = frames.get(above, outside)
        if kind in FRAMES:
            frame, spoken = (node if frame == NO_PARENT else frame), (node if spoken == NO_PARENT else spoken)
        elif kind == GHOST and frame == NO_PARENT:
            frame = node
        frames[node] = (frame, spoken)
        if above in inside:
            inside.add(node)
        elif kind in wanted:
            inside.add(node)
            units.append(Unit(node, frame if frame != NO_PARENT else node, spoken))
    return units


def _subject(units: list[Unit]) -> int | None:
    """The only unit, else the outermost workflow or chain around all units, else nobody."""
    if len(units) == 1:
        return units[0].node
    spoken = {unit.spoken for unit in units}
    return units[0].spoken if len(spoken) == 1 and units[0].spoken != NO_PARENT else None


def _split_tops(ground: Ground, tree: list[int], units: list[Unit]) -> None:
    """The subtree of each top is a run; the rest is one if work is left in it."""
    parent = ground.forest.parent
    units_of: dict[int, list[Unit]] = {}
    for unit in units:
        units_of.setdefault(unit.top, []).append(unit)
    parts: dict[int, list[int]] = {top: [] for top in units_of}
    part_of: dict[int, int] = {}
    rest: list[int] = []
    for node in tree:
        part = node if node in parts else part_of.get(parent[node], NO_PARENT)
        part_of[node] = part
        (rest if part == NO_PARENT else parts[part]).append(node)
    for top, its_units in units_of.items():
        ground.plans.append(Plan(parts[top], top, _subject(its_units), tree[0]))
    if rest and has_work(ground, rest):
        ground.plans.append(Plan(rest, rest[0], None, rest[0]))


def has_work(ground: Ground, nodes: Sequence[int]) -> bool:
    """Whether any of the nodes is a model, tool or embedding call, or reports usage."""
    spans = ground.forest.spans
    return any(ground.kinds[node] in _CALLS or (node < len(spans) and _has_usage(spans[node])) for node in nodes)


def _has_usage(span: Span) -> bool:
    return span.tokens_input is not None or span.tokens_output is not None


def _split_explicit(ground: Ground, roots: list[int], order: list[int]) -> None:
    """Rule (f): explicit ids first, what remains by the other rules."""
    forest = ground.forest
    parent, spans = forest.parent, forest.spans
    named: list[str | None] = [None] * len(parent)
    for node in order:
        own = spans[node].run_id if node < len(spans) else None
        named[node] = own if own is not None or parent[node] == NO_PARENT else named[parent[node]]
    explicit: dict[str, list[int]] = {}
    leftover: list[list[int]] = []
    for tree in _trees(roots, order, parent):
        rest = [node for node in tree if named[node] is None]
        ids = {run_id for node in tree if (run_id := named[node]) is not None}
        if len(ids) == 1 and rest and not has_work(ground, rest):
            explicit.setdefault(ids.pop(), []).extend(tree)
            continue
        for node in tree:
            run_id = named[node]
            if run_id is not None:
                explicit.setdefault(run_id, []).append(node)
        if rest and (not ids or has_work(ground, rest) or any(ground.kinds[node] in NAMED for node in rest)):
            leftover.append(rest)
    for run_id, nodes in explicit.items():
        _join(ground, run_id, nodes)
    _split_trees(ground, leftover)


def _join(ground: Ground, run_id: str, nodes: list[int]) -> None:
    """One explicit run; several tops are brought under one."""
    parent = ground.forest.parent
    members = set(nodes)
    tops = [node for node in nodes if parent[node] not in members]
    if len(tops) == 1:
        ground.plans.append(_explicit_plan(ground, run_id, nodes))
        return
    spoken = [top for top in tops if ground.kinds[top] in NAMED]
    if len(spoken) == 1:
        top = spoken[0]
    else:
        top = ground.forest.add_ghost(
            Ghost(ground.forest.key(tops[0])[0], synthetic_id("run", run_id), missing=False), None
        )
        ground.kinds.append(GHOST)
        nodes = [top, *nodes]
    for other in tops:
        if other != top:
            parent[other] = top
            if ground.forest.rule.get(other) != "cycle":
                ground.forest.rule[other] = "same_run"
    plan = _explicit_plan(ground, run_id, _reorder(parent, top, nodes))
    plan.flags.add("joined")
    ground.plans.append(plan)


def _explicit_plan(ground: Ground, run_id: str | None, order: list[int]) -> Plan:
    """The run of nodes below one top, which is the first of them."""
    top = order[0]
    if ground.kinds[top] == "agent":
        return Plan(order, top, top, top, run_id)
    units = _units(ground, order)
    return Plan(order, top, _subject(units) if units else None, top, run_id)


def _reorder(parent: list[int], top: int, nodes: list[int]) -> list[int]:
    """Parents first again, after tops were hung under `top`; at a top the edge out of the run does not count."""
    place = {node: at for at, node in enumerate(nodes)}
    local = [place.get(parent[node], NO_PARENT) if node != top else NO_PARENT for node in nodes]
    _, order = children_first_seen(local)
    return [nodes[at] for at in order]
