"""What the next action takes from the past: a deleted file, an order's address that has changed since.

Refuses short values and single digits of a record: "1" was the price of many things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from quarterdeck.control.budget.world.events import arguments_of
from quarterdeck.control.budget.world.facts import Fact, Past, Subject

VALUE_MIN = 4
"""Characters of a value that is told apart."""

_DEPTH_MAX = 16


class Known(Protocol):
    """What is true and what was: a `World`."""

    @property
    def facts(self) -> tuple[Fact, ...]: ...

    @property
    def past(self) -> tuple[Past, ...]: ...


class Superseded(NamedTuple):
    """`argument`: where in the action it stands (`address.street`); `value`: what stands there; `now`: what is true instead.

    `ended_at`: place of the message in which it was superseded, counted from 0.
    """

    argument: str
    value: str
    subject: Subject
    entity: str
    name: str
    now: str | None
    ended_at: int


def superseded(action: Mapping[str, Any], world: Known) -> tuple[Superseded, ...]:
    """References of a tool call to something that is no longer true.

    `action`: a call in any shape (`{"name", "arguments"}`, OpenAI's, Anthropic's). A value that is still true of anything is
    no reference to the past, and a record's old value counts only in an action that names the record.
    """
    made = action.get("function") or action
    arguments = arguments_of(made.get("arguments", made.get("input", made.get("args"))))
    given = list(_values(arguments, "", 0))
    true_now = {fact.value for fact in world.facts} | {fact.entity for fact in world.facts if not fact.gone}
    named = {value for _, value in given}
    ended: dict[str, list[Past]] = {}
    for past in world.past:
        ended.setdefault(past.value, []).append(past)
    found: list[Superseded] = []
    for argument, value in given:
        if len(value) < VALUE_MIN or value in true_now or _writes(made, argument):
            continue
        found += [
            Superseded(argument, value, past.subject, past.entity, past.name, past.now, past.ended_at)
            for past in ended.get(value, ())
            if past.subject != "record" or past.entity in named
        ]
    return tuple(found)


def _writes(made: Mapping[str, Any], argument: str) -> bool:
    """A file that is made anew is no reference to the deleted one."""
    name = str(made.get("name", "")).lower()
    return argument in ("path", "file_path", "filename") and any(word in name for word in ("create", "write", "touch"))


def _values(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth >= _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _values(item, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _values(item, f"{path}[{number}]", depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, str(value)
