"""Items of OpenAI's `/v1/responses`: `input` as a list, for callers that keep the history themselves.

Items of the model that follow one another (reasoning, text, calls) are one step: a call is refused without the
reasoning that led to it.
"""

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

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_OUTPUTS = frozenset(_CALLS.values())


def fit_openai_responses(
    budget: ContextBudget,
    items: Sequence[Mapping[str, Any]] | str,
    *,
    instructions: str = "",
    tools: Sequence[Any] = (),
    world: World | Segment | None = None,
) -> Fitted:
    """Items to send as `input` in place of `items`. `instructions` and `tools` of the request take room too.

    Raises `BadInput` for an item of another shape, and what `ContextBudget.fit` raises.
    """
    listed = [{"role": "user", "content": items}] if isinstance(items, str) else list(items)
    shown, plan = fit_pieces(
        budget,
        _pieces(listed),
        _missing,
        tools="\n".join(map(text_of, tools)),
        system=instructions,
        world=world,
    )
    return Fitted([item for one in shown for item in _items(one)], plan)


def _pieces(items: Sequence[Mapping[str, Any]]) -> list[Piece]:
    found: list[Piece] = []
    step: list[Mapping[str, Any]] = []
    for place, item in enumerate(items):
        role = _role(place, item)
        if role == "assistant":
            step.append(item)
            continue
        if step:
            found.append(_step(place, step))
            step = []
        answers = str(item["call_id"]) if role == "tool" else None
        found.append(Piece(place, role, text_of(item), [item], answers=answers))
    if step:
        found.append(_step(len(items), step))
    return found


def _role(place: int, item: Mapping[str, Any]) -> Role:
    if not isinstance(item, Mapping):
        raise BadInput(f"item {place} is no item of the Responses API", mend="expected an object")
    kind = item.get("type", "message")
    needed = {"message": ("role",)}.get(kind, ("call_id",) if kind in _CALLS or kind in _OUTPUTS else ())
    if any(name not in item for name in needed) or (kind == "message" and item["role"] not in _ROLES):
        raise BadInput(f"item {place} ({kind}) lacks what it needs", mend=f"expected {', '.join(needed)}")
    if kind == "message":
        return _ROLES[item["role"]]
    return "tool" if kind in _OUTPUTS else "assistant"


def _step(place: int, items: list[Mapping[str, Any]]) -> Piece:
    calls = tuple(
        Asked(str(item["call_id"]), str(item.get("name", "")), str(item.get("arguments", item.get("input", ""))))
        for item in items
        if item.get("type") in _CALLS
    )
    return Piece(place, "assistant", "\n".join(map(text_of, items)), items, calls)


def _missing(piece: Piece, call: Asked) -> Piece:
    kind = next(str(item["type"]) for item in piece.content if item.get("call_id") == call.id)
    item = {"type": _CALLS[kind], "call_id": call.id, "output": NO_RESULT}
    return Piece(piece.place, "tool", NO_RESULT, [item], answers=call.id, failed=True)


def _items(one: Shown) -> list[dict[str, Any]]:
    if one.piece is None:
        return [{"role": "user", "content": one.text}]
    items = [dict(item) for item in one.piece.content]
    if one.text is None:
        return items
    if one.piece.answers is not None:
        return [{**items[0], "output": one.text}]
    if one.piece.role != "assistant":
        return [{**items[0], "content": one.text}]
    calls = [item for item in items if item.get("type", "message") != "message"]
    return [*calls, {"role": "assistant", "content": one.text}] if not one.piece.calls else calls
