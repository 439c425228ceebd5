"""What was said in a recorded run, and what a policy would have sent of it.

Frozen. Refuses arithmetic and reading files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Role = Literal["system", "user", "assistant", "tool"]


class Call(NamedTuple):
    """A tool call as the model asked for it. `id` is unique in its run."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One recorded message. `tokens`: what it takes in a prompt, recorded or counted. `answers`: the id of the call that a tool's
    message answers. `pin`: it must never leave the window."""

    index: int
    role: Role
    text: str
    tokens: int
    calls: tuple[Call, ...] = ()
    answers: str | None = None
    pin: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One run: its messages in order, the fixed head first. `measured`: the share of tokens that usage told, the rest is counted."""

    name: str
    model: str | None
    said: tuple[Said, ...]
    measured: float


STANDS_FOR_OTHERS = -1
"""Index of what was not said itself, but stands in a prompt for messages that were left out."""


class Shown(NamedTuple):
    """A message in a prompt. `of`: index of the recorded message that it renders; `text` differs from it where it is not shown in full."""

    of: int
    text: str
    tokens: int


Prompt = list[Shown]


def shown_in_full(said: Said) -> Shown:
    return Shown(said.index, said.text, said.tokens)
