"""Anthropic's messages: blocks, results in the message after their calls, the first message the user's, roles in turn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quarterdeck.control.budget.adapters.fitted import Fitted
from quarterdeck.control.budget.adapters.pieces import NO_RESULT, Asked, Piece, Shown, fit_pieces
from quarterdeck.control.budget.context import ContextBudget
from quarterdeck.control.budget.counting.text import text_of
from quarterdeck.control.budget.segment import Segment
from quarterdeck.control.budget.world import World
from quarterdeck.errors import BadInput

_OPENING = "[the conversation begins]"
"""Said for the user where the history begins with the assistant: the API refuses that."""

_MARK = {"cache_control": {"type": "ephemeral"}}
_MARKS_MAX = 4
_NEVER_MARKED = frozenset({"thinking", "redacted_thinking"})


def fit_anthropic(
    budget: ContextBudget,
    messages: Sequence[Mapping[str, Any]],
    *,
    system: str | Sequence[Mapping[str, Any]] = "",
    tools: Sequence[Any] = (),
    world: World | Segment | None = None,
    cache: bool = False,
) -> Fitted:
    """Messages to send in place of `messages`. `system` and `tools` of the request take room too.

    `cache`: set cache marks where the plan has its break-points, unless the messages carry marks of their own.
    Raises `BadInput` for a message of another shape, and what `ContextBudget.fit` raises.
    """
    pieces = [piece for place, message in enumerate(messages) for piece in _pieces(place, message)]
    shown, plan = fit_pieces(
        budget,
        pieces,
        _missing,
        tools="\n".join(map(text_of, tools)),
        system=system if isinstance(system, str) else text_of(list(system)),
        world=world,
    )
    marking = cache and not any("cache_control" in block for piece in pieces for block in piece.content)
    return Fitted(_joined(shown, marking), plan)


def _pieces(place: int, message: Mapping[str, Any]) -> Iterable[Piece]:
    role = message.get("role") if isinstance(message, Mapping) else None
    content = message.get("content") if role in ("user", "assistant") else None
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(blocks, list) or not all(isinstance(block, Mapping) for block in blocks):
        raise BadInput(
            f"message {place} is no message of Anthropic's", mend='expected {"role": "user"|"assistant", "content": …}'
        )
    if role == "assistant":
        calls = tuple(
            Asked(str(block["id"]), str(block["name"]), json.dumps(block.get("input"), ensure_ascii=False))
            for block in blocks
            if block.get("type") == "tool_use"
        )
        yield Piece(place, "assistant", text_of(blocks), blocks, calls)
        return
    results = [block for block in blocks if block.get("type") == "tool_result"]
    for block in results:
        answers, failed = str(block.get("tool_use_id")), bool(block.get("is_error"))
        yield Piece(place, "tool", text_of(block), [block], answers=answers, failed=failed)
    said = [block for block in blocks if block.get("type") != "tool_result"]
    if said:
        yield Piece(place, "user", text_of(said), said)


def _missing(piece: Piece, call: Asked) -> Piece:
    block = {"type": "tool_result", "tool_use_id": call.id, "content": NO_RESULT, "is_error": True}
    return Piece(piece.place + 1, "tool", NO_RESULT, [block], answers=call.id, failed=True)


def _joined(shown: Sequence[Shown], marking: bool) -> list[dict[str, Any]]:
    """Blocks of one role in a row become one message."""
    found: list[dict[str, Any]] = []
    marks = [number for number, one in enumerate(shown) if one.mark][-_MARKS_MAX:] if marking else []
    for number, one in enumerate(shown):
        role = "assistant" if one.piece is not None and one.piece.role == "assistant" else "user"
        blocks = _blocks(one)
        if number in marks and blocks[-1].get("type") not in _NEVER_MARKED:
            blocks[-1] = {**blocks[-1], **_MARK}
        if not found and role == "assistant":
            found.append({"role": "user", "content": [{"type": "text", "text": _OPENING}]})
        if found and found[-1]["role"] == role:
            found[-1]["content"].extend(blocks)
        else:
            found.append({"role": role, "content": blocks})
    return found


def _blocks(one: Shown) -> list[dict[str, Any]]:
    if one.piece is None:
        return [{"type": "text", "text": one.text}]
    blocks = [dict(block) for block in one.piece.content]
    if one.text is None:
        return blocks
    if one.piece.answers is not None:
        return [{**blocks[0], "content": one.text}]
    kept = [block for block in blocks if block.get("type") == "tool_use"]
    return [{"type": "text", "text": one.text}, *kept]
