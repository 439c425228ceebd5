"""From the spans of a group to its runs: the one place where the parts of this room meet.

Refuses: I/O, clocks of its own, and to drop a span silently (what belongs to no run is a rule of partition).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from quarterdeck.model.runs import Orphans, Run, RunTree, SpanNode, Tokens
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.account import Account, reconcile
from quarterdeck.observe.runs.behaviour import (
    attempts_of,
    busy_s_of,
    deepest_latest_error,
    retries_of,
    tool_errors_of,
    tools_of,
)
from quarterdeck.observe.runs.body import Body
from quarterdeck.observe.runs.columns import Columns, columns, first, known
from quarterdeck.observe.runs.cost import run_cost
from quarterdeck.observe.runs.forest import Forest, plant
from quarterdeck.observe.runs.gaps import Agent, Gap, Gaps, Unlearned
from quarterdeck.observe.runs.identity import (
    Voices,
    agent_of,
    context_of,
    main_model,
    models_of,
    prompt_of,
    session_of,
)
from quarterdeck.observe.runs.ladder import NO_PARENT
from quarterdeck.observe.runs.lifecycle import Face, life_of, silence_ns, status_of
from quarterdeck.observe.runs.lifetime import previous_observations
from quarterdeck.observe.runs.options import RunOptions
from quarterdeck.observe.runs.partition import NAMED, Plan, split
from quarterdeck.observe.runs.prices import PriceTable
from quarterdeck.observe.runs.repeats import owners_of, repeats_of
from quarterdeck.observe.runs.vectors import CACHE_READ, CACHE_WRITE, INPUT, NOTHING, OUTPUT, REASONING, Usage
from quarterdeck.observe.runs.weight import marks_of, weight_of_run

_DEFAULTS = RunOptions()
_UNLEARNED = Unlearned()


def build_runs(
    spans: Sequence[Span],
    *,
    now_ns: int,
    prices: PriceTable,
    options: RunOptions = _DEFAULTS,
    gaps: Gaps = _UNLEARNED,
) -> list[RunTree]:
    """Runs of one connected group, each with the place of its spans, in order of (start, run id).

    `spans`: all known spans of one trace, or of traces joined by an explicit run id, of one project; in any order,
    unique by (trace_id, span_id). `gaps`: how long each agent is silent when all is well. Raises nothing: every input
    has an answer. Source: docs/design/runs.md.
    """
    if not spans:
        return []
    group, terms = _Group.of(spans), _Terms(now_ns, prices, options, gaps)
    trees = [
        RunTree(_run(group, plan, found, terms), _nodes(group, plan, found))
        for plan in group.plans
        for found in (_find(group, plan),)
    ]
    return sorted(trees, key=lambda tree: (tree.run.started_at_ns, tree.run.run_id))


def summarise_runs(
    spans: Sequence[Span],
    *,
    now_ns: int,
    prices: PriceTable,
    options: RunOptions = _DEFAULTS,
    gaps: Gaps = _UNLEARNED,
) -> list[Run]:
    """The runs of `build_runs` without the place of each span."""
    return settle_runs(spans, now_ns=now_ns, prices=prices, options=options, gaps=gaps)[0]


def settle_runs(
    spans: Sequence[Span], *, now_ns: int, prices: PriceTable, options: RunOptions = _DEFAULTS, gaps: Gaps
) -> tuple[list[Run], list[Gap]]:
    """The runs, and what `GapBook.learn` may learn from those of them that `gaps` wants."""
    if not spans:
        return [], []
    group, terms = _Group.of(spans), _Terms(now_ns, prices, options, gaps)
    runs: list[Run] = []
    learned: list[Gap] = []
    for plan in group.plans:
        found = _find(group, plan)
        run = _run(group, plan, found, terms)
        runs.append(run)
        if run.lifecycle == "finished" and gaps.wants(_agent(run), run.run_id):
            seconds = silence_ns(found.members) / 1e9
            learned += [Gap(agent, run.run_id, seconds) for agent in (_agent(run), _service(group, found))]
    return sorted(runs, key=lambda run: (run.started_at_ns, run.run_id)), learned


def _agent(run: Run) -> Agent:
    return run.project, run.agent, run.agent_version


def _service(group: _Group, found: _Found) -> Agent:
    return group.forest.spans[0].project, None, first(found.members.service_name)


class _Terms(NamedTuple):
    """What the caller says: the time, the prices, the options."""

    now_ns: int
    prices: PriceTable
    options: RunOptions
    gaps: Gaps = _UNLEARNED


@dataclass(slots=True)
class _Group:
    """A planted and divided group; `own` is what spans report, `lifetime` the reading before a lifetime counter."""

    forest: Forest
    plans: list[Plan]
    up: Sequence[int]
    everything: Columns
    own: dict[int, Usage]
    lifetime: dict[int, Usage | None]

    @staticmethod
    def of(spans: Sequence[Span]) -> _Group:
        forest = plant(spans)
        plans, up = split(forest)
        everything = columns(forest.spans)
        own = _reported(everything)
        cumulative = "cumulative_lifetime" in everything.usage_scope
        lifetime = previous_observations(forest.spans, own) if cumulative else {}
        return _Group(forest, plans, up, everything, own, lifetime)


def _reported(members: Columns) -> dict[int, Usage]:
    """Node → usage vector, for the nodes that report anything."""
    rows = zip(
        members.tokens_input,
        members.tokens_output,
        members.tokens_cache_read,
        members.tokens_cache_write,
        members.tokens_reasoning,
        members.cost_reported_usd,
        strict=True,
    )
    return {node: row for node, row in enumerate(rows) if row != NOTHING}


@dataclass(slots=True)
class _Found:
    """What is worked out once per run. `nodes` are its spans by start; `top` is None for a synthetic one."""

    run_id: str
    nodes: Sequence[int]
    members: Columns
    top: Span | None
    subject: Span | None
    heads: tuple[Span, ...]
    depth: dict[int, int]
    account: Account


def _find(group: _Group, plan: Plan) -> _Found:
    forest, spans = group.forest, group.forest.spans
    count = len(spans)
    nodes: Sequence[int] = [node for node in plan.order if node < count]
    whole = len(nodes) == count
    nodes = range(count) if whole else sorted(nodes)
    members = group.everything if whole else columns([spans[node] for node in nodes])
    own = dict(group.own) if whole else {node: group.own[node] for node in nodes if node in group.own}
    top = spans[plan.top] if plan.top < count else None
    subject = spans[plan.subject] if plan.subject is not None else None
    heads = tuple(span for span in (subject, top if top is not subject else None) if span is not None)
    account = reconcile(Body(spans, group.up, plan.order, forest.moved), own, group.lifetime)
    depth = _depths(group.up, plan.order)
    return _Found(plan.run_id(forest), nodes, members, top, subject, heads, depth, account)


def _depths(up: Sequence[int], order: Sequence[int]) -> dict[int, int]:
    """Edges from the top of the run, per node."""
    depth = {NO_PARENT: -1}
    for node in order:
        depth[node] = depth[up[node]] + 1
    return depth


_PARENTS_MAY_COME = ("running", "waiting")
"""A span is sent when it ends: while a run goes on, a parent that has not come is at work and not lost."""


class _Case(NamedTuple):
    """A run while its fields are worked out; `leaves` are its calls by start, `flags` are added to."""

    group: _Group
    plan: Plan
    found: _Found
    face: Face
    voices: Voices
    leaves: list[Span]
    flags: set[str]
    terms: _Terms


def _run(group: _Group, plan: Plan, found: _Found, terms: _Terms) -> Run:
    """All fields of a run, by the part that knows them."""
    spans, members, account = group.forest.spans, found.members, found.account
    context = spans[plan.context] if plan.context != plan.top and plan.context < len(spans) else None
    voices = Voices(found.heads, members, context)
    leaves = [spans[node] for node in sorted(account.calls.leaves)]
    weight = weight_of_run(members.weight)
    flags = plan.flags | account.flags | weight.flags | marks_of(members) | _flags(group, found, terms.options)
    case = _Case(group, plan, found, _face(group, plan, found), voices, leaves, flags, terms)
    tools = tools_of(members)
    context_fields, named = context_of(voices), _named(case)
    lived = _lived(case, (spans[0].project, named["agent"], context_fields["agent_version"]))
    return Run(
        project=spans[0].project,
        run_id=found.run_id,
        trace_ids=tuple(dict.fromkeys(members.trace_id)),
        root_span_id=found.top.span_id if found.top is not None else None,
        root_synthetic=found.top is None,
        spans=len(found.nodes),
        model_calls=len(leaves),
        tool_calls=sum(tools.values()),
        retries=retries_of(spans, group.up, found.nodes, members),
        errors=members.status.count("error"),
        depth=max(found.depth.values()),
        tokens=_tokens(account),
        residual_tokens=account.residual_tokens,
        orphans=Orphans() if lived["lifecycle"] in _PARENTS_MAY_COME else _orphans(group.forest, plan),
        tools=tools,
        tool_errors=tool_errors_of(members),
        weight=weight.weight,
        busy_s=busy_s_of(members),
        links=_links_out(members, spans, found),
        dialects=tuple(sorted(set(members.dialect))),
        **context_fields,
        **named,
        **_priced(case),
        **lived,
        flags=tuple(sorted(flags)),  # last: the three above add to it
    )


def _named(case: _Case) -> dict[str, Any]:
    """Name, prompt and session."""
    voices, subject = case.voices, case.found.subject
    session = session_of(voices)
    if session.conflict:
        case.flags.add("session_conflict")
    speaker = case.face.span or subject
    root_name = voices.members.name[0] if speaker is None else speaker.name
    return {
        "root_name": root_name,
        "agent": agent_of(voices, subject, root_name),
        "prompt_version": prompt_of(voices, subject, case.leaves),
        "session_id": session.session_id,
        "session_source": session.source,
    }


def _priced(case: _Case) -> dict[str, Any]:
    """Models and cost."""
    models = models_of(case.leaves)
    provider, model = main_model(case.voices, case.leaves, models)
    cost, flags = run_cost(case.group.forest.spans, case.found.account, case.terms.prices, (provider, model))
    case.flags.update(flags)
    return {"models": models, "provider": provider, "model": model, "cost": cost}


def _lived(case: _Case, agent: Agent) -> dict[str, Any]:
    """Times, lifecycle, status and what went wrong."""
    found = case.found
    gaps = case.terms.gaps
    patience_s = gaps.patience_s(agent)
    if patience_s is None and case.face.missing:  # the root, which names the agent, may still be at work
        patience_s = gaps.patience_s(_service(case.group, found))
    life = life_of(case.face, found.members, case.terms.now_ns, case.terms.options, patience_s)
    if case.face.missing and life.lifecycle not in _PARENTS_MAY_COME:
        case.flags.add("root_missing")
    status = status_of(found.heads, _spoken_below(case.group, case.plan), life.lifecycle)
    return {
        **life._asdict(),
        "outcome": case.voices.ask("outcome"),
        "status": status,
        "error_class": _error_class(case.group.forest.spans, found) if status == "error" else None,
    }


def _face(group: _Group, plan: Plan, found: _Found) -> Face:
    """Who stands for the run in time (docs/design/runs.md)."""
    if found.top is None:
        return Face(None, _root_is_missing(group, plan))
    if found.top.op_kind in NAMED or found.subject is None:
        return Face(found.top, missing=False)
    return Face(found.subject, missing=False)


def _root_is_missing(group: _Group, plan: Plan) -> bool:
    """The top stands for a span that never came, or is ours and has such a one right below."""
    ghost = group.forest.ghost(plan.top)
    if ghost is None or ghost.missing:
        return ghost is not None
    count = len(group.forest.spans)
    return any(node >= count and group.up[node] == plan.top for node in plan.order)


def _spoken_below(group: _Group, plan: Plan) -> list[Span]:
    spans = group.forest.spans
    if plan.top < len(spans):
        return []
    below = [spans[node] for node in plan.order if node < len(spans) and group.up[node] == plan.top]
    return [span for span in below if span.op_kind in NAMED]


def _orphans(forest: Forest, plan: Plan) -> Orphans:
    if not forest.ghosts and not forest.repaired:
        return Orphans()
    missing = sum(ghost.missing for node in plan.order if (ghost := forest.ghost(node)) is not None)
    return Orphans(repaired=sum(node in forest.repaired for node in plan.order), missing=missing)


def _flags(group: _Group, found: _Found, options: RunOptions) -> set[str]:
    """Flags about shape and time."""
    members, spans, flags = found.members, group.forest.spans, set()
    if found.top is None:
        flags.add("synthetic_root")
    rule = group.forest.rule
    if rule and any(rule.get(node) == "cycle" for node in found.depth):
        flags.add("cycle")
    if any(0 < end < start for start, end in zip(members.start_ns, members.end_ns, strict=True)):
        flags.add("clock_skew")
    return flags | repeats_of(
        members, options.loop_repeats, lambda: owners_of(spans, group.up, found.depth, found.nodes)
    )


_LINKS_MAX = 32


def _links_out(members: Columns, spans: Sequence[Span], found: _Found) -> tuple[str, ...]:
    """Links of the run's spans to spans that are not its own, each once, in order of start."""
    if not known(members.links):
        return ()
    own = {(spans[node].trace_id, spans[node].span_id) for node in found.nodes}
    links = (link for line in members.links if line is not None for link in line.split(";"))
    return tuple(dict.fromkeys(link for link in links if tuple(link.split(" ")[1:]) not in own))[:_LINKS_MAX]


def _error_class(spans: Sequence[Span], found: _Found) -> str | None:
    if found.subject is not None and found.subject.error_class is not None:
        return found.subject.error_class
    return deepest_latest_error(spans, found.nodes, found.depth)


def _tokens(account: Account) -> Tokens:
    def count(token_class: int) -> int | None:
        value = account.totals[token_class]
        return None if value is None else int(value)

    return Tokens(
        count(INPUT), count(OUTPUT), count(CACHE_READ), count(CACHE_WRITE), count(REASONING), account.coverage
    )


def _tried_again(members: Columns) -> bool:
    return "error" in members.status or known(members.retry_attempt)


def _nodes(group: _Group, plan: Plan, found: _Found) -> tuple[SpanNode, ...]:
    """The place of each span, parents first."""
    forest, up, rule, residuals = group.forest, group.up, group.forest.rule, found.account.residuals
    count = len(forest.spans)
    attempts = attempts_of(forest.spans, up, found.nodes) if _tried_again(found.members) else {}
    placed = []
    for node in plan.order:
        trace_id, span_id = forest.key(node)
        above = up[node]
        parent_id = "" if above == NO_PARENT else forest.key(above)[1]
        placed.append(
            SpanNode(
                trace_id,
                span_id,
                parent_id,
                found.run_id,
                found.depth[node],
                rule.get(node),
                node >= count,
                residuals.get(node),
                *attempts.get(node, (None, None)),
            )
        )
    return tuple(placed)
