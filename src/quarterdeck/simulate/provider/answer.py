"""An answer before it takes a wire shape: the turn, its ids, its usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from quarterdeck.simulate.provider.scenario import Turn

CHUNK_CHARS = 20
"""Text is streamed in pieces of this many characters."""


class Usage(NamedTuple):
    """Token counts of one answer. `input` includes cache reads and writes, `output` includes reasoning."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back. `token` is the part of the response id that is unique; `call_ids` match `turn.calls`."""

    token: str
    model: str
    created_s: int
    turn: Turn
    call_ids: tuple[str, ...]
    usage: Usage


class Event(NamedTuple):
    """One server-sent event. `name` "" sends data alone; `data` is a JSON object or the literal text."""

    name: str
    data: dict[str, object] | str


def chunks(text: str) -> list[str]:
    """The text in pieces, in order."""
    return [text[at : at + CHUNK_CHARS] for at in range(0, len(text), CHUNK_CHARS)]
