"""One thing that is true, and one that was. Frozen."""

from __future__ import annotations

from typing import Literal, NamedTuple

Subject = Literal["file", "record", "decision", "constraint", "goal"]

SUBJECTS: tuple[Subject, ...] = ("constraint", "decision", "goal", "file", "record")
"""In the order in which they are shown."""


class Fact(NamedTuple):
    """`entity`: what it is about (a path, an id, a goal); `name`: which of its values; `value`: that value now.

    `gone`: the entity is no more (a deleted file, a goal that is done); its other facts go with it.
    """

    subject: Subject
    entity: str
    name: str
    value: str
    gone: bool = False


class Past(NamedTuple):
    """A value that was true until the message at `ended_at` (counted from 0). `now`: what took its place; None: nothing."""

    subject: Subject
    entity: str
    name: str
    value: str
    now: str | None
    ended_at: int
