"""How likely each message of a history is to be needed again in full, from what can be seen of it.

A younger one more than an older one; one whose names come up again more; an error, or an answer that the same call has
given again since, hardly. Refuses a model call: this is arithmetic on names and positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.control.budget.history import Line

HALF_LIFE = 12.0
"""Messages after which a chance is halved. From recorded customer-service runs (docs/design/budget.md)."""

CHANCE = {"user": 0.5, "assistant": 0.15, "tool": 0.3, "system": 0.5}
"""That the newest message of a role is looked at again in full."""

FAILED = 0.1
REPEATED = 0.02
FIRST_USER = 4.0
"""The first thing that a user says is mostly the task."""


class Scene(NamedTuple):
    """What is known of a history at a cut. `known`: names that stand in a message newer than the line, before the last user's."""

    chances: tuple[float, ...]
    newest: dict[str, int]
    last_user: int


def survey(lines: Sequence[Line]) -> Scene:
    """Look at all lines once, from the newest to the oldest."""
    last_user = max((n for n, line in enumerate(lines) if line.segment.role == "user"), default=-1)
    first_user = next((n for n, line in enumerate(lines) if line.segment.role == "user"), -1)
    newest: dict[str, int] = {}
    mentions: dict[str, int] = {}
    asked: set[tuple[str, str]] = set()
    chances: list[float] = []
    for position in range(len(lines) - 1, -1, -1):
        line = lines[position]
        if line.dropped:
            chances.append(0.0)
            continue
        chance = _chance(line, len(lines) - 1 - position, mentions) * (FIRST_USER if position == first_user else 1.0)
        call = (line.segment.tool or "", line.segment.arguments or "")
        if line.segment.kind == "tool_result" and line.segment.tool is not None:
            chance *= REPEATED if call in asked else 1.0
            asked.add(call)
        chances.append(min(chance, 1.0) * 2.0**line.segment.priority)
        _mention(line, position, newest if position <= last_user or last_user < 0 else None, mentions)
    return Scene(tuple(reversed(chances)), newest, last_user)


def _chance(line: Line, age: int, mentions: dict[str, int]) -> float:
    base = CHANCE[line.segment.role or ("tool" if line.segment.kind == "tool_result" else "assistant")]
    again = sum(1 for name in line.names[:64] if name in mentions)
    chance = float(base * 0.5 ** (age / HALF_LIFE) * (0.5 + 0.25 * min(again, 6)))
    return chance * FAILED if line.segment.failed else chance


def _mention(line: Line, position: int, newest: dict[str, int] | None, mentions: dict[str, int]) -> None:
    acts = line.segment.kind != "tool_result"
    for name in line.names:
        if newest is not None:
            newest.setdefault(name, position)
        if acts:
            mentions[name] = mentions.get(name, 0) + 1
