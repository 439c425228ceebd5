"""`World`: the facts of one conversation. The newest value wins; what was replaced is kept with the place where it ended.

Rendered it is a short text of a bounded number of tokens: what was used longest ago stays out, and its number is told.
The world itself is bounded as well. Refuses to change what it has read: give it a conversation from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quarterdeck.control.budget.counting import TokenCounter
from quarterdeck.control.budget.segment import Segment
from quarterdeck.control.budget.world.events import Called, Event, Events
from quarterdeck.control.budget.world.facts import SUBJECTS, Fact, Past, Subject
from quarterdeck.control.budget.world.rules import RULES, Rule
from quarterdeck.control.budget.world.stale import Superseded, superseded

TOKENS_MAX = 800
FACTS_MAX = 5_000
PAST_MAX = 5_000

_ROUGH = TokenCounter().of("")
"""For a caller that does not count."""

Key = tuple[Subject, str, str]


@dataclass(slots=True)
class _Known:
    """A fact and when it was last heard of or used: the place of a message."""

    fact: Fact
    place: int


class World:
    """What is true, by rules. `facts`: now; `past`: what was replaced, oldest first."""

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._rules = tuple(rules)
        self._events = Events()
        self._known: dict[Key, _Known] = {}
        self._past: dict[tuple[Key, str], Past] = {}

    def read(self, messages: Iterable[Mapping[str, Any]]) -> World:
        """Take what is new in a conversation: the messages that it has not seen, or all of them at first."""
        for message in messages:
            for event in self._events.read(message):
                self._take(event)
        return self

    def follow(self, messages: Sequence[Mapping[str, Any]]) -> World:
        """Take a conversation that has grown since the last time: its messages from there on."""
        return self.read(messages[self._events.place :])

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is true now, in the order in which it was first heard."""
        return tuple(known.fact for known in self._known.values())

    @property
    def past(self) -> tuple[Past, ...]:
        """What is no longer true, in the order in which it ended."""
        return tuple(self._past.values())

    def superseded(self, action: Mapping[str, Any]) -> tuple[Superseded, ...]:
        """References of the next tool call to something that is no longer true, each with the place where that ended."""
        return superseded(action, self)

    def text(self, tokens_max: int = TOKENS_MAX, counter: Callable[[str], int] | None = None) -> str:
        """The facts in words, at most so many tokens: the ones used last; the rest as a number. Empty without facts."""
        count = _ROUGH if counter is None else counter
        lines = self._lines()
        kept: list[tuple[int, str, int]] = []
        room = tokens_max - count("World state, newest values.\n- 10,000 older facts are left out.")
        for place, line, order in sorted(lines, reverse=True):
            room -= count(line) + 1
            if room < 0:
                break
            kept.append((order, line, place))
        if not kept:
            return ""
        left_out = len(lines) - len(kept)
        said = [line for _, line, _ in sorted(kept)]
        tail = [f"- {left_out:,} older facts are left out."] if left_out else []
        return "\n".join(["World state, newest values.", *said, *tail])

    def segment(self, tokens_max: int = TOKENS_MAX, counter: Callable[[str], int] | None = None) -> Segment | None:
        """The text as a pinned segment; None where nothing is known."""
        text = self.text(tokens_max, counter)
        return Segment("world", "world", text, role="user") if text else None

    def _lines(self) -> list[tuple[int, str, int]]:
        """(last use, line, order) by entity."""
        entities: dict[tuple[Subject, str], list[_Known]] = {}
        for (subject, entity, _), known in self._known.items():
            if subject == "goal" and known.fact.gone:
                continue
            entities.setdefault((subject, entity), []).append(known)
        ordered = sorted(entities.items(), key=lambda one: SUBJECTS.index(one[0][0]))
        return [
            (max(known.place for known in found), _line(subject, entity, found), order)
            for order, ((subject, entity), found) in enumerate(ordered)
        ]

    def _take(self, event: Event) -> None:
        if isinstance(event, Called):
            self._use(event)
        for rule in self._rules:
            for fact in rule.facts(event):
                self._set(fact, event.place)

    def _use(self, event: Called) -> None:
        named = {value for value in event.arguments.values() if isinstance(value, str)}
        for key, known in self._known.items():
            if key[1] in named or known.fact.value in named:
                known.place = event.place

    def _set(self, fact: Fact, place: int) -> None:
        key = (fact.subject, fact.entity, fact.name)
        before = self._known.get(key)
        if fact.gone:
            self._end(fact, place)
        elif fact.subject == "file":
            self._past.pop(((fact.subject, fact.entity, "path"), fact.entity), None)  # it is there again
        if before is not None and before.fact.value != fact.value:
            self._remember(key, before.fact.value, fact.value, place)
        self._past.pop((key, fact.value), None)  # it is true again
        self._known.pop(key, None)
        self._known[key] = _Known(fact, place)
        if len(self._known) > FACTS_MAX:  # a tenth at once: to look for the oldest costs as much as to sort
            by_use = sorted(self._known, key=lambda one: self._known[one].place)
            for one in by_use[: FACTS_MAX // 10]:
                del self._known[one]

    def _end(self, fact: Fact, place: int) -> None:
        """An entity is no more: so are its values, and its name."""
        for key in [key for key in self._known if key[:2] == (fact.subject, fact.entity)]:
            del self._known[key]
        if fact.subject == "file":
            self._remember((fact.subject, fact.entity, "path"), fact.entity, fact.value, place)

    def _remember(self, key: Key, value: str, now: str | None, place: int) -> None:
        self._past.pop((key, value), None)
        self._past[key, value] = Past(*key, value, now, place)
        if len(self._past) > PAST_MAX:
            del self._past[next(iter(self._past))]


def _line(subject: Subject, entity: str, found: Sequence[_Known]) -> str:
    if subject in ("constraint", "decision"):
        said = found[-1].fact.value
        return f"- {subject}: {said}" if said == entity else f"- {subject}: {entity}: {said}"
    values = ", ".join(
        known.fact.value if known.fact.name == "state" else f"{known.fact.name} {known.fact.value}"
        for known in found
        if known.fact.value != entity
    )
    return f"- {subject} {entity}: {values}" if values else f"- {subject} {entity}"


def world_of(messages: Iterable[Mapping[str, Any]], rules: Sequence[Rule] = RULES) -> World:
    """The world after a conversation: plain messages of OpenAI's or Anthropic's shape, or recorded ones."""
    return World(rules).read(messages)
