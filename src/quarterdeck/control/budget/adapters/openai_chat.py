"""OpenAI's chat messages: `messages` of `/v1/chat/completions`, as most servers of open models read them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.control.budget.adapters.fitted import Fitted
from quarterdeck.control.budget.adapters.pieces import NO_RESULT, Asked, Piece, Shown, fit_pieces
from quarterdeck.control.budget.context import ContextBudget
from quarterdeck.control.budget.counting.text import text_of
from quarterdeck.control.budget.segment import Role, Segment
from quarterdeck.control.budget.world import World
from quarterdeck.errors import BadInput

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def fit_openai_chat(
    budget: ContextBudget,
    messages: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Any] = (),
    world: World | Segment | None = None,
) -> Fitted:
    """Messages to send in place of `messages`. `tools`: the definitions of the request, which take room too.

    Raises `BadInput` for a message of another shape, and what `ContextBudget.fit` raises.
    """
    pieces = [_piece(place, message) for place, message in enumerate(messages)]
    shown, plan = fit_pieces(budget, pieces, _missing, tools="\n".join(map(text_of, tools)), world=world)
    return Fitted([_message(one) for one in shown], plan)


def _piece(place: int, message: Mapping[str, Any]) -> Piece:
    role = _ROLES.get(str(message.get("role")) if isinstance(message, Mapping) else "")
    if role is None:
        raise BadInput(
            f"message {place} is no chat message", mend=f'expected {{"role": one of {", ".join(_ROLES)}, …}}'
        )
    try:
        calls = tuple(_asked(call) for call in message.get("tool_calls") or ())
        answers = str(message["tool_call_id"]) if role == "tool" else None
    except (KeyError, TypeError) as error:
        raise BadInput(f"message {place} misses {error} of a tool call or its result") from error
    return Piece(place, role, text_of(message), message, calls if role == "assistant" else (), answers)


def _asked(call: Mapping[str, Any]) -> Asked:
    function = call["function"]
    return Asked(str(call["id"]), str(function["name"]), str(function.get("arguments") or ""))


def _missing(piece: Piece, call: Asked) -> Piece:
    message = {"role": "tool", "tool_call_id": call.id, "content": NO_RESULT}
    return Piece(piece.place, "tool", NO_RESULT, message, answers=call.id, failed=True)


def _message(one: Shown) -> dict[str, Any]:
    if one.piece is None:
        return {"role": "user", "content": one.text}
    message = one.piece.content
    return dict(message) if one.text is None else {**message, "content": one.text}
