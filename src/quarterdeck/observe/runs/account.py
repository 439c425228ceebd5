"""Usage of a run, reconciled from the leaves up: every call once, every ancestor by what its number means.

The rule per kind of span stands in docs/design/runs.md ("Usage"). The answer's `parts` add up to its `totals`
class by class, which is what makes a cost possible. Refuses: to count "not reported" as 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from quarterdeck.model.runs import Coverage
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.body import Body
from quarterdeck.observe.runs.calls import Calls, find_calls
from quarterdeck.observe.runs.ladder import NO_PARENT
from quarterdeck.observe.runs.partition import NAMED
from quarterdeck.observe.runs.vectors import NOTHING, Usage, Vector, excess, minus, most, plus, total

_DECLARED = frozenset({"inclusive", "exclusive_run", "cumulative_lifetime"})


class Part(NamedTuple):
    """A share of the total: what `node` adds. `residual` = usage of an ancestor that no call explains."""

    node: int
    usage: Usage
    residual: bool


@dataclass(slots=True)
class Account:
    """`totals` per class; `residuals` tokens per ancestor; `evaluators` what they used, outside the totals."""

    calls: Calls
    totals: Usage = NOTHING
    parts: list[Part] = field(default_factory=list)
    residuals: dict[int, int] = field(default_factory=dict)
    evaluators: Usage = NOTHING
    coverage: Coverage = "none"
    uncovered: int = 0
    flags: set[str] = field(default_factory=set)

    @property
    def residual_tokens(self) -> int | None:
        """Unattributed tokens of the run; None when nothing was reported, 0 when all is explained."""
        return None if total(self.totals) is None else sum(self.residuals.values())


def reconcile(body: Body, own: dict[int, Usage], lifetime: Mapping[int, Usage | None]) -> Account:
    """The account of one run. `own`: what its spans report (partial numbers are taken out of it where they do not

    count); `lifetime`: see there.
    """
    spans, count = body.spans, len(body.spans)
    kinds = [(node, spans[node].op_kind) for node in body.order if node < count]
    models = [node for node, kind in kinds if kind == "llm"]
    judged = _below_evaluators(body) if any(kind == "evaluator" for _, kind in kinds) else set()
    flags = _drop_partial(spans, own)
    calls = find_calls(body, [node for node in models if node not in judged] if judged else models, own)
    account = Account(calls, flags=flags)
    if own:
        _Books(body, own, lifetime, judged, account).close()
    _cover(body, own, account)
    if judged:
        calls.leaves += [node for node in models if node in judged]
    if calls.duplicated:
        account.flags.add("duplicate_usage")
    if account.residual_tokens:
        account.flags.add("residual")
    return account


def _below_evaluators(body: Body) -> set[int]:
    """Evaluators and all below them."""
    found: set[int] = set()
    for node in body.order:
        if body.up[node] in found or body.kind(node) == "evaluator":
            found.add(node)
    return found


def _drop_partial(spans: Sequence[Span], own: dict[int, Usage]) -> set[str]:
    """Partial numbers of calls stand only where no ancestor has whole ones; then the total says so."""
    partial = [node for node in own if spans[node].usage_scope == "partial" and spans[node].op_kind not in NAMED]
    if not partial:
        return set()
    whole = any(
        spans[node].op_kind in NAMED and spans[node].usage_scope != "partial" and total(usage) is not None
        for node, usage in own.items()
    )
    if not whole:
        return {"partial_usage"}
    for node in partial:
        del own[node]
    return set()


class _Books:
    """One pass from the leaves up. `below[i]` sums the children, `inner[i]` the nested spans of the same call,

    `direct[i]` the calls outside nested agents, `adrift[i]` what was hung here because its parent is missing.
    """

    def __init__(
        self,
        body: Body,
        own: Mapping[int, Usage],
        lifetime: Mapping[int, Usage | None],
        judged: set[int],
        account: Account,
    ) -> None:
        self._body, self._own = body, own
        self._lifetime, self._judged, self._account = lifetime, judged, account
        self._below: dict[int, Usage] = {}
        self._inner: dict[int, Usage] = {}
        self._direct: dict[int, Usage] = {}
        self._adrift: dict[int, Usage] = {}
        self._exclusive = any(body.spans[node].usage_scope == "exclusive_run" for node in own)

    def close(self) -> None:
        """Work through the run, children before parents, and add what repeats know beyond the calls they repeat."""
        if self._is_plain():
            self._close_plain()
        else:
            self._close_any()

    def _is_plain(self) -> bool:
        """Nothing was seen twice, judged, moved or lost, and no number is exclusive: so it is with most runs."""
        special = self._account.calls.duplicated or self._judged or self._exclusive or self._body.moved
        return not special and max(self._body.order) < len(self._body.spans)

    def _close_plain(self) -> None:
        """As `_close_any` where all that it asks about is absent."""
        spans, up, own, below = self._body.spans, self._body.up, self._own, self._below
        parts, totals = self._account.parts, self._account.totals
        for node in reversed(self._body.order):
            mine, eff = own.get(node), below.pop(node, None)
            if mine is not None:
                if eff is None and spans[node].op_kind == "llm":
                    parts.append(Part(node, mine, False))
                    eff = mine
                else:
                    eff = self._effective(node, mine, eff)
            if eff is None:
                continue
            above = up[node]
            if above == NO_PARENT:
                totals = plus(totals, eff)
            else:
                below[above] = plus(below[above], eff) if above in below else eff
        self._account.totals = totals

    def _close_any(self) -> None:
        up, own, below, inner = self._body.up, self._own, self._below, self._inner
        spans_count, moved = len(self._body.spans), self._body.moved
        corrections = self._account.calls.correction
        for node in reversed(self._body.order):
            mine = own.get(node)
            children = below.pop(node, None)
            if mine is None and children is None and node not in inner:
                continue
            if node in corrections:
                if children is not None:
                    children = minus(children, corrections[node])
                elif node in inner:
                    inner[node] = minus(inner[node], corrections[node])
            eff = self._effective(node, mine, children)
            if eff is None:
                continue
            if self._exclusive:
                self._pass_direct(node, eff)
            above = up[node]
            if (node >= spans_count or node in moved) and above != NO_PARENT:
                self._adrift[above] = plus(self._adrift.get(above, NOTHING), eff)
            if above != NO_PARENT:
                below[above] = plus(below[above], eff) if above in below else eff
            else:
                self._account.totals = plus(self._account.totals, eff)
        self._account.parts.extend(Part(node, usage, False) for node, usage in self._account.calls.extra.items())

    def _effective(self, node: int, mine: Usage | None, children: Usage | None) -> Usage | None:
        """eff of a span, None when it has no share in the run's total."""
        span = self._body.span(node)
        if span is None or (mine is None and span.op_kind not in ("llm", "evaluator")):
            return children
        if span.op_kind == "evaluator":
            self._judge(plus(mine or NOTHING, children or NOTHING))
            return None
        if span.op_kind == "llm":
            return self._call(node, mine, children)
        mine = mine or NOTHING
        if span.op_kind in NAMED or span.usage_scope in _DECLARED:
            return self._ancestor(node, span, mine, children or NOTHING)
        self._part(node, mine, residual=False)
        return mine if children is None else plus(mine, children)

    def _judge(self, usage: Usage) -> None:
        self._account.evaluators = plus(self._account.evaluators, usage)
        if total(usage):
            self._account.flags.add("evaluator_usage")

    def _call(self, node: int, mine: Usage | None, children: Usage | None) -> Usage | None:
        """The call and what is below it. Of a nested span only the call itself is compared with its wrapper's."""
        nested = self._inner.pop(node, None)
        if mine is not None:
            self._part(node, mine if nested is None else excess(mine, nested), residual=False)
        call = nested if mine is None else mine if nested is None else most(mine, nested)
        if call is None:
            return children
        wrapper = self._account.calls.inner.get(node)
        if wrapper is None:
            return call if children is None else plus(call, children)
        self._inner[wrapper] = plus(self._inner[wrapper], call) if wrapper in self._inner else call
        return children

    def _ancestor(self, node: int, span: Span, mine: Usage, children: Usage) -> Usage:
        if span.usage_scope == "exclusive_run":
            left = excess(mine, self._direct.get(node, NOTHING))
        elif span.usage_scope == "cumulative_lifetime":
            left = self._since_last(node, mine, children)
        elif span.usage_scope == "partial":
            left = [m if c is None else 0 for m, c in zip(mine, children, strict=True)]
            if total(left):
                self._account.flags.add("partial_usage")
        else:
            left = self._beyond(node, mine, children)
        if node not in self._judged:
            unexplained = total(left)
            if unexplained is not None:
                self._account.residuals[node] = max(0, unexplained)
            self._part(node, left, residual=True)
        return plus(children, left)

    def _beyond(self, node: int, mine: Usage, children: Usage) -> Vector:
        """What an inclusive number adds. Below 0 only where spans of lost parents were hung here: they may stand twice,

        in themselves and in the number of the span that they were lost from, and this number knows better.
        """
        adrift = self._adrift.get(node)
        left = excess(mine, children)
        if adrift is None:
            return left
        surely = minus(children, adrift)
        over = [
            None if m is None else min(0, max(m, s or 0) - (c or 0))
            for m, s, c in zip(mine, surely, children, strict=True)
        ]
        if any(over):
            self._account.flags.add("repaired_overlap")
        return plus(left, over)

    def _since_last(self, node: int, mine: Usage, children: Usage) -> Vector:
        """What a lifetime counter adds: nothing where children report, else its growth since the last observation."""
        before = self._lifetime.get(node)
        grown = mine if before is None else minus(mine, before)
        left = [0 if c else g for c, g in zip(children, grown, strict=True)]
        if before is None and total(left):
            self._account.flags.add("cumulative_usage")
        return left

    def _part(self, node: int, usage: Usage, *, residual: bool) -> None:
        if node not in self._judged and node not in self._account.calls.repeats and (not residual or any(usage)):
            self._account.parts.append(Part(node, usage, residual))

    def _pass_direct(self, node: int, eff: Usage) -> None:
        """Model usage goes up to the agent around it, and no further: that is what an exclusive number covers."""
        kind = self._body.kind(node)
        above = self._body.up[node]
        if kind == "agent" or above == NO_PARENT or node in self._account.calls.inner:
            return
        usage = eff if kind == "llm" else self._direct.get(node)
        if usage is not None:
            self._direct[above] = plus(self._direct.get(above, NOTHING), usage)


def _cover(body: Body, own: Mapping[int, Usage], account: Account) -> None:
    """How many calls nobody reports: neither the span itself nor an ancestor whose number includes it."""
    extra = account.calls.extra
    silent = [
        node
        for node in account.calls.leaves
        if total(own.get(node, NOTHING)) is None and total(extra.get(node, NOTHING)) is None
    ]
    if silent:
        covered = _covered(body, own)
        account.uncovered = sum(node not in covered for node in silent)
    if total(account.totals) is None:
        account.coverage = "none"
    elif account.uncovered or "partial_usage" in account.flags:
        account.coverage = "partial"
    else:
        account.coverage = "full"


def _covered(body: Body, own: Mapping[int, Usage]) -> set[int]:
    """Nodes below a span that speaks for them. An exclusive number speaks for its agent, not for nested agents."""
    always: set[int] = set()
    here: set[int] = set()
    for node in body.order:
        above = body.up[node]
        span = body.span(node)
        if above in always:
            always.add(node)
        elif above in here and (span is None or span.op_kind != "agent"):
            here.add(node)
        usage = own.get(node)
        if span is None or usage is None or total(usage) is None or span.usage_scope == "partial":
            continue
        if span.usage_scope == "exclusive_run":
            here.add(node)
        elif span.op_kind in NAMED or span.op_kind == "llm" or span.usage_scope in _DECLARED:
            always.add(node)
    return always | here
