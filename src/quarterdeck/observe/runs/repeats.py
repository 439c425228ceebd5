"""Runs that go round: a loop, an oscillation, a context that grows without anything new in it.

One pass over the spans in order of start, and only for runs that repeat a result at all. Three things make a repeat
innocent: something was changed in between (a tool that writes answered something new), the run waited or was answered
in between, or the tool is one that is asked again and again (status, progress). Refuses: to compare calls whose arguments or result are not known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import lru_cache
from typing import Any, NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.columns import Columns
from quarterdeck.observe.runs.ladder import NO_PARENT

LOOP, OSCILLATION, STALE_GROWTH = "loop", "oscillation", "stale_growth"

_ROUNDS = 3
"""A, B, A, B, A, B with equal arguments and equal results."""
_STEPS = 3
"""Model calls in a row with a longer input than the one before and nothing but known results in between; one more is flagged."""

_WAIT_S, _WAIT_ALONE_S = 10, 30
"""Idle seconds that count as waiting. Where no model call is reported the model thinks unseen, so a wait must be longer."""

_MASKED_TOOLS = 3
"""Tools whose calls all have equal arguments: somebody replaced them by a constant before we saw them."""

_ANSWER_NS = 500_000_000
"""Two model calls with nothing but so much time between them: somebody answered, and what was asked may be asked again."""

_POLLS = frozenset({
    "status", "poll", "polling", "wait", "waiting", "sleep", "watch", "monitor", "progress", "health", "healthcheck", "ping",
    "heartbeat", "await", "pending", "ready", "tail", "pause", "delay", "queue",
})  # fmt: skip
_READS = frozenset({
    "get", "list", "search", "find", "read", "fetch", "lookup", "look", "query", "view", "show", "describe", "check",
    "calculate", "calc", "think", "count", "browse", "open", "retrieve", "grep", "cat", "ls", "glob", "inspect", "info",
    "summarize", "explain", "compare", "verify", "validate", "head", "print", "select",
})  # fmt: skip
_WRITES = frozenset({
    "write", "edit", "update", "create", "delete", "remove", "add", "insert", "send", "patch", "apply", "modify", "cancel",
    "replace", "rename", "save", "submit", "exec", "execute", "commit", "push", "click", "append", "upload", "refund",
    "install", "merge", "move",
})  # fmt: skip
"""Verbs that decide beside one that reads (find_and_replace). Names without any known verb may write anyway."""
_SEEKS = frozenset({"search", "find", "lookup", "grep", "query"})
"""What answers the same to another question has found nothing new; other tools may well be turning pages."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_WORK = frozenset({"llm", "tool", "embedding", "retrieval", "rerank"})

_Call = tuple[str, str]
"""(tool, hash of its arguments or of its result)."""


class Manner(NamedTuple):
    """What a tool's name says. A name that says nothing may write, so that a doubt makes no flag."""

    polls: bool
    writes: bool
    seeks: bool


@lru_cache(maxsize=4096)
def manner_of(tool: str) -> Manner:
    """By the words of the name: a word that changes things wins over one that looks, in whatever order they stand."""
    words = {word.lower() for word in _WORD.findall(tool)}
    writes = not words.isdisjoint(_WRITES) or words.isdisjoint(_READS)
    return Manner(not words.isdisjoint(_POLLS), writes, not writes and not words.isdisjoint(_SEEKS))


def repeats_of(members: Columns, loop_repeats: int, owners: Callable[[], Sequence[int]]) -> set[str]:
    """The flags `loop`, `oscillation` and `stale_growth`, as far as they hold. Linear in the number of spans.

    `owners` answers whose each member is (the agent span nearest above); it is asked only when a result is repeated.
    Five agents of a run that read one file each are no loop.
    """
    texts = _texts(members, loop_repeats)
    if texts is None or texts.masked:
        return set()
    wait_ns = (_WAIT_S if "llm" in members.op_kind else _WAIT_ALONE_S) * 1_000_000_000
    world = _World(loop_repeats, wait_ns, texts)
    agents: dict[int, _Agent] = {}
    rows = zip(
        owners(), members.op_kind, members.start_ns, members.end_ns, members.tool_name, members.name,
        members.tool_args_hash, members.tool_result_hash, members.tokens_input,
        strict=True,
    )  # fmt: skip
    for owner, kind, start, end, tool, name, args, result, tokens_input in rows:
        if kind in _WORK:
            agent = agents.get(owner) or agents.setdefault(owner, _Agent(world))
            agent.hear(start, end)
            if kind == "tool":
                agent.use(tool or name, args, result)
            elif kind == "llm" and tokens_input is not None:
                agent.think(tokens_input)
    return {flag for agent in agents.values() for flag in agent.flags()}


class _Texts(NamedTuple):
    """What the run's hashes cannot tell. `bare`: results that several tools gave (ok, nothing, a mask); `plain`: tools that

    always answered the same. `masked`: one hash stands for the arguments of all calls of three tools or more.
    """

    bare: Set[str]
    plain: Set[str | None]
    masked: bool


def _texts(members: Columns, loop_repeats: int) -> _Texts | None:
    """None when the run cannot go round: a cheap necessary condition, so that most runs cost next to nothing."""
    fewest = min(_STEPS + 1, 2 * _ROUNDS - 2)
    if members.op_kind.count("tool") < min(fewest, loop_repeats):
        return None
    columns = zip(members.tool_name, members.tool_args_hash, members.tool_result_hash, strict=True)
    told = [row for row in columns if row[2] is not None]
    answers = {(tool, result) for tool, _, result in told}
    if len(told) - len(answers) < min(fewest, loop_repeats - 1):
        return None
    by_result, by_tool = Counter(result for _, result in answers), Counter(tool for tool, _ in answers)
    texts = _Texts(
        {result for result, n in by_result.items() if n > 1},
        {tool for tool, n in by_tool.items() if n == 1},
        len(by_tool) >= _MASKED_TOOLS and len({args for _, args, _ in told}) == 1,
    )
    if max(Counter(told).values()) >= loop_repeats or _in_a_row(told, texts.bare) >= fewest:
        return texts
    return None


def _in_a_row(told: Sequence[tuple[Any, ...]], bare: Set[str]) -> int:
    """The most calls in a row that brought nothing but what was known."""
    known: set[tuple[Any, ...]] = set()
    most = streak = 0
    for row in told:
        answer = row[0], row[2]
        if row in known or (answer in known and row[2] not in bare):
            streak += 1
            most = max(most, streak)
        else:
            streak = 0
        known.add(row)
        known.add(answer)
    return most


def owners_of(
    spans: Sequence[Span], up: Sequence[int], parents_first: Iterable[int], nodes: Sequence[int]
) -> Sequence[int]:
    """Per node that of the nearest agent above it (an agent is its own), NO_PARENT where there is none."""
    if sum(spans[node].op_kind == "agent" for node in nodes) <= 1:
        return [NO_PARENT] * len(nodes)
    owner = {NO_PARENT: NO_PARENT}
    for node in parents_first:
        if node != NO_PARENT:
            is_agent = node < len(spans) and spans[node].op_kind == "agent"
            owner[node] = node if is_agent else owner[up[node]]
    return [owner[node] for node in nodes]


class _World:
    """What the agents of a run share. `changes` counts what makes the next repeat of anybody innocent."""

    __slots__ = ("changes", "loop_repeats", "texts", "wait_ns")

    def __init__(self, loop_repeats: int, wait_ns: int, texts: _Texts) -> None:
        self.changes, self.loop_repeats, self.wait_ns, self.texts = 0, loop_repeats, wait_ns, texts

    def says_nothing(self, tool: str, result: str) -> bool:
        """Whether another question with this answer proves nothing: the tool may always answer so."""
        return result in self.texts.bare or tool in self.texts.plain


class _Streak:
    """A call that is repeated: its result, how often it came, and what had changed by then. `looped`: often enough."""

    __slots__ = ("changes", "count", "looped", "result")

    def __init__(self, result: str, changes: int) -> None:
        self.result, self.changes, self.count, self.looped = result, changes, 1, False


class _Agent:
    """One agent's way through its spans. `fresh`: something new came since its last model call."""

    __slots__ = (
        "_alternating", "_before", "_calls", "_fresh", "_gap_ns", "_grows", "_input", "_known", "_last", "_oscillates",
        "_stale", "_streaks", "_until_ns", "_world",
    )  # fmt: skip

    def __init__(self, world: _World) -> None:
        self._world = world
        self._until_ns = 0
        self._streaks: dict[_Call, _Streak] = {}
        self._known: set[_Call] = set()
        self._last: tuple[Any, ...] = ()
        self._before: tuple[Any, ...] = ()
        self._alternating, self._oscillates = 0, False
        self._gap_ns, self._input, self._calls, self._fresh = 0, 0, 0, False
        self._stale, self._grows = 0, False

    def flags(self) -> Iterator[str]:
        if any(streak.looped for streak in self._streaks.values()):
            yield LOOP
        if self._oscillates:
            yield OSCILLATION
        if self._grows:
            yield STALE_GROWTH

    def hear(self, start_ns: int, end_ns: int) -> None:
        """A call begins; was there a wait before it?"""
        self._gap_ns = start_ns - self._until_ns if self._until_ns else 0
        if self._gap_ns >= self._world.wait_ns:
            self._pass_time()
        self._until_ns = max(self._until_ns, start_ns, end_ns)

    def use(self, tool: str, args: str | None, result: str | None) -> None:
        manner = manner_of(tool)
        self._calls += 1
        if manner.polls:
            self._fresh = True
            self._pass_time()
        elif args is None or result is None:
            self._fresh = True
            self._world.changes += manner.writes
            self._last = self._before = ()
        else:
            self._repeat((tool, args), result, manner)
            self._alternate((tool, args, result))

    def think(self, tokens_input: int) -> None:
        """A model call ends a step: its input is longer, there were calls before it, and none brought anything new."""
        if not self._calls and self._gap_ns >= _ANSWER_NS:
            self._pass_time()
        if tokens_input > self._input and self._calls and not self._fresh:
            self._stale += 1
            self._grows = self._grows or self._stale > _STEPS
        else:
            self._stale = 0
        self._input, self._calls, self._fresh = tokens_input, 0, False

    def _pass_time(self) -> None:
        """What is asked again after a wait may have changed."""
        self._world.changes += 1
        self._alternating = self._stale = 0

    def _repeat(self, call: _Call, result: str, manner: Manner) -> None:
        world, streak, answer = self._world, self._streaks.get(call), (call[0], result)
        if streak is None or streak.result != result:
            if streak is not None:
                # What a repeat brings at last was worth asking for: what came before is forgotten.
                self._oscillates = self._grows = False
            world.changes += manner.writes
            self._streaks[call] = _Streak(result, world.changes)
            if not manner.seeks or answer not in self._known or world.says_nothing(*answer):
                self._fresh = True
        elif streak.changes != world.changes:
            streak.changes, streak.count = world.changes, 1
            self._fresh = True
        else:
            streak.count += 1
            streak.looped = streak.looped or streak.count >= world.loop_repeats
        self._known.add(answer)

    def _alternate(self, step: tuple[Any, ...]) -> None:
        if step == self._before and step != self._last:
            self._alternating += 1
            self._oscillates = self._oscillates or self._alternating >= 2 * _ROUNDS - 2
        else:
            self._alternating = 0
        self._before, self._last = self._last, step
