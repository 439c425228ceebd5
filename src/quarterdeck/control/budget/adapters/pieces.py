"""A conversation as pieces, whatever its provider: who spoke, which tools were called, which call a result answers.

Every adapter reads its messages into pieces, and writes pieces back. In between, here: atoms (a call and its results are
left out together), orphans (a result without a call goes, a call without a result gets one), what is fixed.
Refuses to know a provider's shape: `content` is the adapter's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quarterdeck.control.budget.context import ContextBudget
from quarterdeck.control.budget.plan import ContextPlan, Placed
from quarterdeck.control.budget.segment import Kind, Role, Segment
from quarterdeck.control.budget.world import World

NO_RESULT = "[no result of this call was recorded]"
"""Stands in for the result of a call that was broken off."""


class Asked(NamedTuple):
    """A tool call: the provider's id of it, the tool, its arguments as JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a conversation. `place`: of the message that it is part of; `content`: the adapter's own.

    `calls`: tool calls made here. `answers`: id of the call that this is the result of; `failed`: that result is an error.
    """

    place: int
    role: Role
    text: str
    content: Any = field(default=None, compare=False)
    calls: tuple[Asked, ...] = ()
    answers: str | None = None
    failed: bool = False


class Shown(NamedTuple):
    """A piece as it goes into the window. `text` None: its content as it is; `piece` None: a message of the user with `text`."""

    piece: Piece | None
    text: str | None
    mark: bool = False
    """A cache mark belongs after it."""


Missing = Callable[[Piece, Asked], Piece]
"""A piece that made a call → the piece that stands for the result which is not there."""


def mended(pieces: Sequence[Piece], missing: Missing) -> list[Piece]:
    """The pieces with each call answered once, before anybody speaks again, and each result asked for."""
    found: list[Piece] = []
    waiting: dict[str, tuple[Piece, Asked]] = {}
    for piece in pieces:
        if piece.answers is not None:
            if waiting.pop(piece.answers, None) is not None:
                found.append(piece)
            continue
        found.extend(missing(*call) for call in waiting.values())
        waiting = {call.id: (piece, call) for call in piece.calls}
        found.append(piece)
    found.extend(missing(*call) for call in waiting.values())
    return found


def fit_pieces(
    budget: ContextBudget,
    pieces: Sequence[Piece],
    missing: Missing,
    *,
    tools: str = "",
    system: str = "",
    world: World | Segment | None = None,
) -> tuple[list[Shown], ContextPlan]:
    """Fit a conversation: what to show, in order. `tools`, `system`: texts that the provider takes beside its messages.

    `world`: read along and pinned, or a segment of the caller's own.

    Raises what `ContextBudget.fit` raises.
    """
    whole = mended(pieces, missing)
    segments = [Segment("tools", "tools", tools)] if tools else []
    if system:
        segments.append(Segment("system", "system", system, role="system"))
    segments += _segments(whole)
    pinned = world.follow([_plain(piece) for piece in whole]).segment() if isinstance(world, World) else world
    if pinned is not None and pinned.text:
        segments.append(pinned)
    plan = budget.fit(segments)
    marks = frozenset(plan.breakpoints)
    shown = [
        _shown(one, whole, number in marks)
        for number, one in enumerate(plan.placed)
        if one.segment.id not in ("tools", "system")
    ]
    return shown, plan


def _plain(piece: Piece) -> dict[str, Any]:
    """What a world reads."""
    if piece.answers is not None:
        return {"role": "tool", "tool_call_id": piece.answers, "content": piece.text, "error": piece.failed}
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in piece.calls]
    return {"role": piece.role, "content": piece.text, "tool_calls": calls}


def _shown(one: Placed, whole: Sequence[Piece], mark: bool) -> Shown:
    if not isinstance(one.segment.content, Piece):
        return Shown(None, one.segment.text if one.text is None else one.text, mark)
    return Shown(whole[int(one.segment.id)], one.text, mark)


def _segments(pieces: Sequence[Piece]) -> list[Segment]:
    """Leading instructions and the first question are fixed; everything after them is history."""
    found: list[Segment] = []
    asked: dict[str, tuple[str, Asked]] = {}
    head = True
    for number, piece in enumerate(pieces):
        name = str(number)
        if head and piece.role in ("system", "user"):
            kind: Kind = "system" if piece.role == "system" else "task"
            found.append(Segment(name, kind, piece.text, piece, role=piece.role))
            head = piece.role == "system"
            continue
        head = False
        if piece.answers is not None:
            found.append(_result(name, piece, *asked[piece.answers]))
            continue
        atom = f"step-{number}" if piece.calls else None
        asked.update((call.id, (f"step-{number}", call)) for call in piece.calls)
        pin = True if piece.role == "system" else None
        found.append(Segment(name, "history", piece.text, piece, role=piece.role, atom=atom, pin=pin))
    return found


def _result(name: str, piece: Piece, atom: str, call: Asked) -> Segment:
    return Segment(
        name, "tool_result", piece.text, piece, role="tool", atom=atom,
        tool=call.name, arguments=call.arguments, failed=piece.failed,
    )  # fmt: skip
