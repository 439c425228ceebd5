"""Where an orphan belongs, when its parent never came but something else tells: the rungs in order of trust.

1. `link`: it links to a span of its trace. 2. `tool_call`: a model asked for the call that it executes, or it asked for
a call that was executed elsewhere. 3. `same_run`: it carries the run id of an agent, workflow or chain. 4. `by_agent`:
an agent of its name and session was at work around it. Where no rung holds, the caller groups siblings under a node
that stands for the missing span. Refuses: to move a span away from siblings that it belongs with, and to make a cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quarterdeck.model.spans import Span

NO_PARENT = -1
_HOLDERS = frozenset({"agent", "workflow", "chain"})
_TRIED = 1000
"""Candidates looked at per orphan, latest first, so that hostile input stays linear."""
_CLIMBS_MAX = 1_000_000
"""Steps to roots per trace group; beyond, an orphan goes where the caller puts it."""
_RELATIONS = frozenset({"resume", "fork", "retry"})
"""Kinds of links that tie runs together and say nothing about a parent."""

Trace = str
Placed = tuple[int, str]
"""(parent, rule)."""


class Ladder:
    """Answers for the orphans of one group. `spans` in order of start; `parent` as it stands, and is written by the caller."""

    def __init__(self, spans: Sequence[Span], parent: Sequence[int], orphans: set[int]) -> None:
        self._spans, self._parent, self._orphans = spans, parent, orphans
        self._index = {(span.trace_id, span.span_id): node for node, span in enumerate(spans)}
        self._asked: dict[tuple[Trace, str], list[int]] = {}
        self._done: dict[tuple[Trace, str], list[int]] = {}
        self._runs: dict[tuple[Trace, str], int] = {}
        self._agents: dict[tuple[Trace, str], list[int]] = {}
        for node, span in enumerate(spans):
            self._note(node, span)
        self._climbs = 0
        self._rungs: tuple[tuple[str, Callable[[int, Span], int]], ...] = (
            ("link", self._by_link),
            ("tool_call", self._by_tool_call),
            ("same_run", self._by_run),
            ("by_agent", self._by_agent),
        )

    def place(self, node: int) -> Placed | None:
        """The parent of an orphan and the rung that told, None when no rung holds."""
        span = self._spans[node]
        for rule, rung in self._rungs:
            found = rung(node, span)
            if found != NO_PARENT and not self._siblings(node, found) and not self._is_below(found, node):
                return found, rule
        return None

    def _note(self, node: int, span: Span) -> None:
        trace_id = span.trace_id
        if span.tool_calls_requested is not None:
            for call in span.tool_calls_requested.split(","):
                self._asked.setdefault((trace_id, call), []).append(node)
        if span.tool_call_id is not None and span.op_kind == "tool":
            self._done.setdefault((trace_id, span.tool_call_id), []).append(node)
        if span.op_kind in _HOLDERS:
            if span.run_id is not None:
                self._runs.setdefault((trace_id, span.run_id), node)
            if span.agent_name is not None and span.agent_name_source != "inferred":
                self._agents.setdefault((trace_id, span.agent_name), []).append(node)

    def _siblings(self, node: int, found: int) -> bool:
        """Whether both name the same missing parent: then they belong side by side below it."""
        return found in self._orphans and self._spans[found].parent_span_id == self._spans[node].parent_span_id

    def _is_below(self, node: int, above: int) -> bool:
        """Whether `node` is `above` or hangs below it (or that would take too long to know)."""
        while node not in (NO_PARENT, above):
            self._climbs += 1
            if self._climbs > _CLIMBS_MAX:
                return True
            node = self._parent[node]
        return node == above

    def _by_link(self, _node: int, span: Span) -> int:
        if span.links is None:
            return NO_PARENT
        for kind, trace_id, span_id in links_of(span):
            if trace_id == span.trace_id and kind not in _RELATIONS:
                found = self._index.get((trace_id, span_id))
                if found is not None:
                    return found
        return NO_PARENT

    def _by_tool_call(self, node: int, span: Span) -> int:
        if span.op_kind == "tool" and span.tool_call_id is not None:
            asked = self._asked.get((span.trace_id, span.tool_call_id), ())
            return next((found for found in reversed(asked) if self._spans[found].start_ns <= span.start_ns), NO_PARENT)
        if span.tool_calls_requested is None:
            return NO_PARENT
        for call in span.tool_calls_requested.split(","):
            for done in self._done.get((span.trace_id, call), ())[:_TRIED]:
                if done > node and self._parent[done] not in (NO_PARENT, node):
                    return self._parent[done]
        return NO_PARENT

    def _by_run(self, _node: int, span: Span) -> int:
        return NO_PARENT if span.run_id is None else self._runs.get((span.trace_id, span.run_id), NO_PARENT)

    def _by_agent(self, node: int, span: Span) -> int:
        if span.agent_name is None or span.agent_name_source == "inferred":
            return NO_PARENT
        found = self._agents.get((span.trace_id, span.agent_name), ())
        end = span.end_ns or span.start_ns
        for at in found[: -_TRIED - 1 : -1]:
            agent = self._spans[at]
            if at == node or agent.start_ns > span.start_ns or (agent.end_ns and agent.end_ns < end):
                continue
            if None in (agent.session_id, span.session_id) or agent.session_id == span.session_id:
                return at
        return NO_PARENT


def links_of(span: Span) -> list[tuple[str, str, str]]:
    """(kind, trace id, span id) of each link that the skeleton keeps; kind "" = not said."""
    if span.links is None:
        return []
    parts = (link.split(" ") for link in span.links.split(";"))
    return [(part[0], part[1], part[2]) for part in parts if len(part) == 3]
