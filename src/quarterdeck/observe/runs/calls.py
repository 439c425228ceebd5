"""Which model spans are one call: nested instrumentation and spans that share a response id.

A *head* is a model span that is not the inner part of another; a *wrapper* has an inner part; a *leaf* has none.
Refuses: to merge calls whose providers contradict each other, or a wrapper around several calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.body import Body
from quarterdeck.observe.runs.vectors import NOTHING, Usage, Vector, excess, fill, known_to, least, most, plus

_DATE = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")
_CLIMBS_MAX = 1_000_000
"""Steps to common ancestors per run; beyond, the rest is settled at the top (hostile depth × repeats stays linear)."""


@dataclass(slots=True)
class Calls:
    """`leaves` are the calls, once each. `inner[i]` is the wrapper of i. `correction[i]` is what node i counts twice

    in the sum of its children. `extra[i]` is what repeats of the call i know beyond itself.
    """

    leaves: list[int] = field(default_factory=list)
    inner: dict[int, int] = field(default_factory=dict)
    repeats: set[int] = field(default_factory=set)
    correction: dict[int, Vector] = field(default_factory=dict)
    extra: dict[int, Vector] = field(default_factory=dict)

    @property
    def duplicated(self) -> bool:
        return bool(self.inner or self.repeats)


def find_calls(body: Body, models: Sequence[int], own: Mapping[int, Usage]) -> Calls:
    """Calls of a run. `models` are its model spans, parents first; `own` is what spans report."""
    calls = Calls()
    heads = _chains(body, models, calls)
    groups = _seen_twice(body.spans, heads)
    if groups:
        settling = _Settling(body, heads, own, calls)
        for group in groups:
            for same in _compatible(body.spans, group, heads, calls):
                settling.settle(same)
    wrappers = set(calls.inner.values())
    calls.leaves = [node for node in models if node not in wrappers and node not in calls.repeats]
    return calls


def _chains(body: Body, models: Sequence[int], calls: Calls) -> dict[int, list[int]]:
    """Head → the spans of its call, outermost first."""
    spans, up = body.spans, body.up
    heads: dict[int, list[int]] = {}
    head_of: dict[int, int] = {}
    for node in models:
        above = up[node]
        head = head_of.get(above)
        if head is not None and same_call(spans[above], spans[node]):
            calls.inner[node] = above
            head_of[node] = head
            heads[head].append(node)
        else:
            head_of[node] = node
            heads[node] = [node]
    return heads


def same_call(outer: Span, inner: Span) -> bool:
    """Whether a model span directly below another is the same call: one response id, or one model and time within.

    A span that names no model at all is held to the counts instead: equal input and output, both known.
    """
    if outer.response_id is not None and outer.response_id == inner.response_id:
        return True
    if inner.start_ns < outer.start_ns or (outer.end_ns and (not inner.end_ns or inner.end_ns > outer.end_ns)):
        return False
    mine, theirs = _models(outer), _models(inner)
    if mine and theirs:
        return not mine.isdisjoint(theirs)
    counts = (outer.tokens_input, outer.tokens_output)
    return None not in counts and counts == (inner.tokens_input, inner.tokens_output)


def _models(span: Span) -> set[str]:
    """The names of a span's model without vendor path and date: wrappers and providers write them differently."""
    return {_plain(name) for name in (span.model_request, span.model_response) if name is not None}


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return _DATE.sub("", name.lower().rsplit("/", 1)[-1])


def _seen_twice(spans: Sequence[Span], heads: dict[int, list[int]]) -> list[list[int]]:
    """Heads that share a response id, in groups of two and more."""
    by_id: dict[str, list[int]] = {}
    for head, chain in heads.items():
        response_id = spans[head].response_id
        if response_id is None and len(chain) > 1:
            response_id = next((found for node in chain if (found := spans[node].response_id) is not None), None)
        if response_id is not None:
            by_id.setdefault(response_id, []).append(head)
    return [group for group in by_id.values() if len(group) > 1]


def _compatible(spans: Sequence[Span], group: list[int], heads: dict[int, list[int]], calls: Calls) -> list[list[int]]:
    """Split a group where known counts or providers differ, and leave out wrappers around several calls.

    A call seen twice was billed once and says so twice. Some producers write one response id on all calls of a
    conversation: then the counts differ, and a span without counts could repeat any of them, so it is left alone.
    Two producers that report one id at the same moment mean one call even when they count it differently.
    """
    told: dict[tuple[int | None, int | None], list[int]] = {}
    single = [head for head in group if not _branches(heads[head], calls)]
    for head in single:
        counts = _counts(spans, heads[head])
        if counts != (None, None):
            told.setdefault(counts, []).append(head)
    parts = [single] if len(told) <= 1 else _watched_twice(spans, list(told.values()))
    return [same for part in parts for same in _by_provider(spans, part)]


def _watched_twice(spans: Sequence[Span], parts: list[list[int]]) -> list[list[int]]:
    """Parts of equal counts, joined where spans of two dialects that follow each other overlap in time."""
    part_of = {head: part for part in parts for head in part}
    by_start = sorted(part_of, key=lambda head: (spans[head].start_ns, head))
    for one, two in pairwise(by_start):
        first, second = spans[one], spans[two]
        into, other = part_of[one], part_of[two]
        if into is not other and first.dialect != second.dialect and second.start_ns < (first.end_ns or second.end_ns):
            into += other
            part_of.update(dict.fromkeys(other, into))
    return list({id(part): part for part in part_of.values()}.values())


def _counts(spans: Sequence[Span], chain: list[int]) -> tuple[int | None, int | None]:
    """Input and output as the outermost span of a call that reports any."""
    for node in chain:
        counts = (spans[node].tokens_input, spans[node].tokens_output)
        if counts != (None, None):
            return counts
    return None, None


def _by_provider(spans: Sequence[Span], part: list[int]) -> list[list[int]]:
    """One group unless known providers contradict each other; then those who name none are left alone."""
    parts: dict[str, list[int]] = {}
    for head in part:
        provider = spans[head].provider
        if provider is not None:
            parts.setdefault(provider, []).append(head)
    return [part] if len(parts) <= 1 else list(parts.values())


def _branches(chain: list[int], calls: Calls) -> bool:
    """Whether some span of the chain wraps more than one inner span."""
    around = [calls.inner[node] for node in chain[1:]]
    return len(around) != len(set(around))


class _Settling:
    """The first of a group is the call; the overlap of each other one is corrected where both come together."""

    def __init__(self, body: Body, heads: dict[int, list[int]], own: Mapping[int, Usage], calls: Calls) -> None:
        self._body, self._up, self._heads, self._own, self._calls = body, body.up, heads, own, calls
        self._place = {node: at for at, node in enumerate(body.order)}
        self._top = body.order[0]
        self._climbs = 0

    def settle(self, group: list[int]) -> None:
        """Mark all but the first as repeats."""
        if len(group) < 2:
            return
        group = sorted(group, key=self._recounts)
        kept, calls = group[0], self._calls
        best = mine = self._claim(kept)
        for repeat in group[1:]:
            claim = self._claim(repeat)
            if self._recounts(repeat) and not self._recounts(kept):
                claim, shared = fill(best, claim), known_to(best, claim)
            else:
                shared = least(best, claim)
            meeting = self._meeting(kept, repeat)
            calls.correction[meeting] = plus(calls.correction.get(meeting, NOTHING), shared)
            best = most(best, claim)
            calls.repeats.update(self._heads[repeat])
        calls.extra[kept] = excess(best, mine)

    def _recounts(self, head: int) -> bool:
        """Whether the producer is known to count too much: then another view of the same call decides."""
        return self._body.spans[head].usage_confidence == "recounted"

    def _claim(self, head: int) -> Usage:
        """What the spans of one call say together."""
        claim: Usage = NOTHING
        for node in self._heads[head]:
            claim = most(claim, self._own.get(node, NOTHING))
        return claim

    def _meeting(self, a: int, b: int) -> int:
        """Lowest common ancestor: the later of two nodes in preorder always climbs."""
        place, up = self._place, self._up
        while a != b:
            if self._climbs >= _CLIMBS_MAX:
                return self._top
            if place[a] < place[b]:
                a, b = b, a
            a = up[a]
            self._climbs += 1
        return a
