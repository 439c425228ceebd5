"""Pydantic AI: a list of its messages, and a capability of an agent that fits every model request.

Needs pydantic-ai 2 where it is used, not where it is imported. The run's own history stays whole; what is sent is the
plan's.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from quarterdeck.control.budget.adapters.conversations import CONVERSATIONS_MAX, Conversations
from quarterdeck.control.budget.adapters.fitted import Fitted
from quarterdeck.control.budget.adapters.pieces import NO_RESULT, Asked, Piece, Shown, fit_pieces
from quarterdeck.control.budget.adapters.usage import Teaching
from quarterdeck.control.budget.context import ContextBudget
from quarterdeck.control.budget.counting import Features, TokenCounter, text_of
from quarterdeck.control.budget.segment import Segment
from quarterdeck.control.budget.world import World
from quarterdeck.errors import BadInput

Budgets = ContextBudget | Callable[[], ContextBudget]
Worlds = World | Callable[[], World]


def fit_pydantic_ai(
    budget: ContextBudget,
    messages: Sequence[Any],
    *,
    instructions: str = "",
    tools: Sequence[Any] = (),
    world: World | Segment | None = None,
) -> Fitted:
    """Messages to send in place of `messages` (`ModelRequest`s and `ModelResponse`s).

    `instructions`, `tools` (definitions) of the request take room too. Raises `BadInput` for something else than a
    message, and what `ContextBudget.fit` raises.
    """
    shown, plan = _fit(budget, messages, _tools_text(tools), instructions, world)
    return Fitted(_written(shown, messages), plan)


def budget_capability(
    budget: Budgets,
    *,
    counter: TokenCounter | None = None,
    scope: str = "",
    world: Worlds | None = None,
    on_plan: Callable[[Any], None] | None = None,
) -> Any:
    """For `Agent(…, capabilities=[…])`: each model request gets what fits, and its usage teaches `counter`.

    `budget`: one for a single conversation, or a callable that makes one for each. `on_plan` sees each `ContextPlan`.
    Raises `BadInput` where pydantic-ai 2 is not installed.
    """
    try:
        base: Any = importlib.import_module("pydantic_ai.capabilities").AbstractCapability
    except (ImportError, AttributeError) as error:
        raise BadInput("the capability needs pydantic-ai 2", mend="pip install 'pydantic-ai-slim>=2'") from error
    requests = _Requests(budget, world, Teaching(counter, scope), on_plan)

    async def before_model_request(_: Any, ctx: Any, request_context: Any) -> Any:
        return requests.begin(ctx, request_context)

    async def after_model_request(_: Any, ctx: Any, *, request_context: Any, response: Any) -> Any:
        return requests.end(ctx, request_context, response)

    both = {"before_model_request": before_model_request, "after_model_request": after_model_request}
    return type(
        "ContextBudgetCapability", (base,), {"__doc__": "Sends what the context budget lets through.", **both}
    )()


class _Requests:
    """The model requests of one agent. What was sent is remembered by run until its answer is there."""

    def __init__(
        self, budget: Budgets, world: Worlds | None, teaching: Teaching, on_plan: Callable[[Any], None] | None
    ) -> None:
        self._budgets: Conversations[ContextBudget] = Conversations(budget)
        self._worlds = None if world is None else _worlds(world)
        self._teaching, self._on_plan = teaching, on_plan
        self._sent: dict[str, Features | None] = {}

    def begin(self, ctx: Any, request: Any) -> Any:
        """The request to send."""
        key = _key(ctx)
        tools, told = _tools_text(list(request.model_request_parameters.tool_defs.values())), _instructions(request)
        pinned = None if self._worlds is None else self._worlds.of(key)
        shown, plan = _fit(self._budgets.of(key), request.messages, tools, told, pinned)
        if self._on_plan is not None:
            self._on_plan(plan)
        if len(self._sent) >= CONVERSATIONS_MAX:  # of requests that were never answered
            del self._sent[next(iter(self._sent))]
        self._sent[str(ctx.run_id)] = self._teaching.look(shown, tools, told)
        return dataclasses.replace(request, messages=_written(shown, request.messages))

    def end(self, ctx: Any, request: Any, response: Any) -> Any:
        """What the answer says of its prompt is learned, if that prompt was ours."""
        budget = self._budgets.of(_key(ctx))
        self._teaching.learn(
            budget.model or request.model.model_name, self._sent.pop(str(ctx.run_id), None), response.usage.input_tokens
        )
        return response


def _worlds(world: Worlds) -> Conversations[World]:
    return Conversations(world)


def _fit(
    budget: ContextBudget, messages: Sequence[Any], tools: str, instructions: str, world: World | Segment | None
) -> tuple[list[Shown], Any]:
    pieces = [piece for place, message in enumerate(messages) for piece in _pieces(place, message)]
    return fit_pieces(budget, pieces, _missing, tools=tools, system=instructions, world=world)


def _key(ctx: Any) -> str:
    return str(getattr(ctx, "conversation_id", None) or getattr(ctx, "run_id", None) or "")


def _instructions(request_context: Any) -> str:
    parts = getattr(request_context.model_request_parameters, "instruction_parts", None) or ()
    told = [str(getattr(part, "content", part)) for part in parts]
    if not told:
        told = [
            str(message.instructions)
            for message in request_context.messages[-1:]
            if getattr(message, "instructions", None)
        ]
    return "\n".join(told)


def _pieces(place: int, message: Any) -> list[Piece]:
    kind = getattr(message, "kind", None)
    if kind == "response":
        calls = tuple(
            Asked(part.tool_call_id, part.tool_name, part.args_as_json_str())
            for part in message.parts
            if part.part_kind == "tool-call"
        )
        said = [str(part.content) for part in message.parts if getattr(part, "content", None)]
        said += [f"{call.name}\n{call.arguments}" for call in calls]
        return [Piece(place, "assistant", "\n".join(said), message, calls)]
    if kind != "request":
        raise BadInput(f"message {place} is {type(message).__name__}", mend="expected ModelRequest or ModelResponse")
    return [_part(place, part) for part in message.parts]


def _part(place: int, part: Any) -> Piece:
    if part.part_kind == "system-prompt":
        return Piece(place, "system", part.content, part)
    if part.part_kind == "tool-return":
        failed = getattr(part, "outcome", "success") != "success"
        return Piece(place, "tool", part.model_response_str(), part, answers=part.tool_call_id, failed=failed)
    if part.part_kind == "retry-prompt" and part.tool_name is not None:
        return Piece(place, "tool", part.model_response(), part, answers=part.tool_call_id, failed=True)
    if part.part_kind == "retry-prompt":
        return Piece(place, "user", part.model_response(), part)
    content = getattr(part, "content", "")
    return Piece(place, "user", content if isinstance(content, str) else text_of(_strings(content)), part)


def _strings(content: Any) -> list[str]:
    return [item for item in content or () if isinstance(item, str)]


def _missing(piece: Piece, call: Asked) -> Piece:
    part = _messages_module().ToolReturnPart(call.name, NO_RESULT, tool_call_id=call.id)
    return Piece(piece.place + 1, "tool", NO_RESULT, part, answers=call.id, failed=True)


def _messages_module() -> Any:
    try:
        return importlib.import_module("pydantic_ai.messages")
    except ImportError as error:
        raise BadInput("these messages need pydantic-ai", mend="pip install 'pydantic-ai-slim>=2'") from error


def _written(shown: Sequence[Shown], messages: Sequence[Any]) -> list[Any]:
    """Parts of requests in a row become one request, which keeps what the last of them said beside its parts."""
    module = _messages_module()
    found: list[Any] = []
    parts: list[Any] = []
    place: int | None = None
    for one in [*shown, None]:
        if one is None or (one.piece is not None and one.piece.role == "assistant"):
            if parts:
                found.append(_request(module, messages, place, parts))
            parts, place = [], None
            if one is not None and one.piece is not None:
                found.append(_response(module, one.piece, one.text))
            continue
        place = place if one.piece is None else one.piece.place
        parts.append(_rewritten(module, one))
    return found


def _request(module: Any, messages: Sequence[Any], place: int | None, parts: list[Any]) -> Any:
    original: Any = messages[place] if place is not None and place < len(messages) else None
    if getattr(original, "kind", None) == "request":
        return dataclasses.replace(original, parts=parts)
    return module.ModelRequest(parts=parts)


def _response(module: Any, piece: Piece, text: str | None) -> Any:
    if text is None:
        return piece.content
    kept = [part for part in piece.content.parts if part.part_kind == "tool-call"]
    return dataclasses.replace(piece.content, parts=[module.TextPart(text), *kept])


def _rewritten(module: Any, one: Shown) -> Any:
    if one.piece is None:
        return module.UserPromptPart(one.text)
    part = one.piece.content
    if one.text is None:
        return part
    if part.part_kind == "retry-prompt" and part.tool_name is not None:
        return module.ToolReturnPart(part.tool_name, one.text, tool_call_id=part.tool_call_id)
    return dataclasses.replace(part, content=one.text)


def _tools_text(tools: Sequence[Any]) -> str:
    return "\n".join(
        text_of({"name": tool.name, "description": tool.description, "parameters": tool.parameters_json_schema})
        for tool in tools
    )
