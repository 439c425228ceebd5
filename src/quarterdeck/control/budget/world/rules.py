"""Rules that find facts. Add one: a class with `facts(event)`, and `World(rules=(*RULES, Mine()))`.

A rule looks at one event and says what is true after it. Refuses state: what was true before is the world's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from quarterdeck.control.budget.world.events import Called, Event, Said
from quarterdeck.control.budget.world.facts import Fact

VALUE_MAX = 160
"""Characters of a value; a longer one is no fact but a document."""

_FIELDS_MAX = 24
_DEPTH_MAX = 6
_RECORDS_MAX = 200


class Rule(Protocol):
    """Finds facts in one event."""

    def facts(self, event: Event) -> Iterable[Fact]:
        """What is true after it, in the order in which it became so."""
        ...


class Files:
    """Tools that write, create, move and delete files, by the words in their names and a path among their arguments."""

    _WORDS = re.compile(r"[a-z]+")
    _VERBS: tuple[tuple[frozenset[str], str], ...] = (
        (frozenset({"delete", "remove", "rm", "unlink"}), "deleted"),
        (frozenset({"move", "rename", "mv"}), "moved"),
        (frozenset({"create", "touch"}), "created"),
        (frozenset({"write", "edit", "patch", "replace", "append", "insert", "str", "save"}), "edited"),
    )
    _PATHS = ("path", "file_path", "filename", "file", "source", "src", "old_path")
    _TARGETS = ("destination", "target", "dst", "new_path")

    def facts(self, event: Event) -> Iterator[Fact]:
        if not isinstance(event, Called) or event.failed:
            return
        path = _first(event.arguments, self._PATHS)
        words = set(self._WORDS.findall(f"{event.name} {event.arguments.get('command', '')}".lower()))
        done = next((state for verbs, state in self._VERBS if verbs & words), None)
        if path is None or done is None:
            return
        target = _first(event.arguments, self._TARGETS)
        if done == "moved":
            yield Fact("file", path, "state", f"moved to {target}" if target else "moved", gone=True)
            if target:
                yield Fact("file", target, "state", f"moved from {path}")
            return
        yield Fact("file", path, "state", done, gone=done == "deleted")


class Records:
    """Objects with an id in JSON results: their plain values, the newest of each. Reads `order_id`, `id`, nested objects."""

    def facts(self, event: Event) -> Iterator[Fact]:
        if not isinstance(event, Called) or event.failed or not event.result.lstrip().startswith(("{", "[")):
            return
        try:
            document = json.loads(event.result)
        except ValueError:
            return
        for number, (entity, record) in enumerate(_records(document, 0)):
            if number >= _RECORDS_MAX:
                return
            for name, value in _fields(record):
                yield Fact("record", entity, name, value)


class Notes:
    """Tools by which an agent keeps its own notes: decisions, and goals that are open or done."""

    _DECISIONS = re.compile(r"decid|decision|remember|save_memory|note", re.IGNORECASE)
    _GOALS = re.compile(r"todo|plan|task_list|goal", re.IGNORECASE)
    _DONE = frozenset({"done", "completed", "complete", "cancelled", "finished"})

    def facts(self, event: Event) -> Iterator[Fact]:
        if not isinstance(event, Called) or event.failed:
            return
        if self._GOALS.search(event.name):
            yield from self._goals(event.arguments)
        elif self._DECISIONS.search(event.name):
            text = _first(event.arguments, ("decision", "text", "content", "note", "value", "fact"))
            if text is not None:
                entity = _first(event.arguments, ("key", "topic", "name", "title")) or text
                yield Fact("decision", entity, "decision", text)

    def _goals(self, arguments: Mapping[str, Any]) -> Iterator[Fact]:
        items = next((value for value in arguments.values() if isinstance(value, list)), [])
        for item in items:
            if isinstance(item, str):
                yield Fact("goal", item[:VALUE_MAX], "state", "open")
            elif isinstance(item, Mapping):
                text = _first(item, ("content", "text", "title", "task", "goal", "step"))
                state = str(item.get("status", "open")).lower()
                if text is not None:
                    yield Fact("goal", text, "state", state, gone=state in self._DONE)


class Constraints:
    """Sentences in which the user forbids or demands something for all that follows."""

    _SENTENCE = re.compile(r"[^.!?\n]+")
    _DEMAND = re.compile(r"\b(never|do not|don't|must not|must|always|at most|only use|no more than)\b", re.IGNORECASE)

    def facts(self, event: Event) -> Iterator[Fact]:
        if not isinstance(event, Said) or event.role != "user":
            return
        for sentence in self._SENTENCE.findall(event.text):
            said = sentence.strip()
            if len(said) <= VALUE_MAX and self._DEMAND.search(said):
                yield Fact("constraint", said, "said", said)


RULES: tuple[Rule, ...] = (Constraints(), Notes(), Files(), Records())


def _first(values: Mapping[str, Any], names: Iterable[str]) -> str | None:
    found = next((values[name] for name in names if isinstance(values.get(name), str) and values[name]), None)
    return None if found is None or len(found) > VALUE_MAX else str(found)


def _records(value: Any, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(id, object) of everything in a document that has an id of its own, the outermost first."""
    if depth >= _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        key = _own_id(value)
        if key is not None:
            yield str(value[key]), value
        for item in value.values():
            yield from _records(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _records(item, depth + 1)


def _own_id(record: Mapping[str, Any]) -> str | None:
    """The first of an object's keys that names it: `id`, or one that ends so."""
    keys = [key for key in record if isinstance(key, str) and (key == "id" or key.endswith(("_id", "Id")))]
    return next((key for key in keys if isinstance(record[key], str | int) and str(record[key])), None)


def _fields(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Plain values of an object and of the objects inside it that have no id of their own."""
    for number, (name, value) in enumerate(record.items()):
        if number >= _FIELDS_MAX:
            return
        if isinstance(value, Mapping) and depth < 2 and _own_id(value) is None:
            yield from _fields(value, f"{prefix}{name}.", depth + 1)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            text = str(value)
            if text and len(text) <= VALUE_MAX:
                yield f"{prefix}{name}", text
