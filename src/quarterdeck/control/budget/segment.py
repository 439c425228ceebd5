"""What may go into a context window: one `Segment` per thing that is kept, shortened or left out by itself.

Frozen. Refuses to know a provider: `content` is the caller's and comes back untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from quarterdeck.errors import BadInput

Kind = Literal["system", "tools", "task", "world", "history", "tool_result", "retrieved", "scratch"]
Form = Literal["full", "clipped", "masked", "summary", "reference", "dropped"]
Role = Literal["system", "user", "assistant", "tool"]

KINDS: tuple[Kind, ...] = ("system", "tools", "task", "world", "history", "tool_result", "retrieved", "scratch")
FIXED: frozenset[Kind] = frozenset({"system", "tools", "task"})
"""Before the history: never or seldom changed, so that what follows stays cached."""

APPENDED: frozenset[Kind] = frozenset({"history", "tool_result"})
"""The history: only ever longer at its end; its order never changes."""

PINNED: frozenset[Kind] = frozenset({"system", "tools", "task", "world"})
"""Kept in full unless the caller says otherwise."""


class Render(NamedTuple):
    """A shorter form of a segment that its caller offers, from the longest to the shortest.

    `content`: what stands in the place of the segment's content; None: a message of the same role with `text`.
    """

    form: Form
    text: str
    content: Any = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One thing that may go into the window.

    `id`: stays the same from turn to turn. `content`: the message as the caller has it, any shape, given back untouched.
    `text`: what is counted and read for names. `tokens`: the count where it is known. `pin`: kept in full (None: as its
    kind: system, tools, task and world are pinned). `floor`, `ceiling`: tokens that must stay of it, and that it may take.
    `priority`: each step doubles what it is thought to be worth. `atom`: segments of one atom are left out together (a tool call and its
    results). `turn`: of the conversation. `relevance`: of a retrieved item, higher is better. `renders`: forms of the
    caller's own; without them a tool result has a stub. `tool`, `arguments`, `failed`: of a tool result.
    """

    id: str
    kind: Kind
    text: str = ""
    content: Any = None
    tokens: int | None = None
    role: Role | None = None
    pin: bool | None = None
    floor: int = 0
    ceiling: int | None = None
    priority: float = 0.0
    atom: str | None = None
    turn: int | None = None
    relevance: float | None = None
    renders: tuple[Render, ...] = ()
    tool: str | None = None
    arguments: str | None = None
    failed: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput(
                f"segment {self.id!r} has the kind {self.kind!r}", mend=f"expected one of {', '.join(KINDS)}"
            )
        if (self.tokens is not None and self.tokens < 0) or self.floor < 0:
            raise BadInput(f"segment {self.id!r} has a negative number of tokens", mend="expected 0 or more")
        if self.ceiling is not None and self.ceiling < self.floor:
            raise BadInput(f"segment {self.id!r}: ceiling {self.ceiling} is below floor {self.floor}")

    @property
    def pinned(self) -> bool:
        """It may not be shortened or left out."""
        return self.kind in PINNED if self.pin is None else self.pin
