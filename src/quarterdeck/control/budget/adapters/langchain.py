"""LangChain and LangGraph: a list of their messages, a middleware of `create_agent`, a hook of `create_react_agent`.

Needs langchain-core (and langchain from 1.0 for the middleware) where it is used, not where it is imported.
The agent's own state keeps the whole history; what is sent is the plan's.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from quarterdeck.control.budget.adapters.conversations import Conversations
from quarterdeck.control.budget.adapters.fitted import Fitted
from quarterdeck.control.budget.adapters.pieces import NO_RESULT, Asked, Piece, Shown, fit_pieces
from quarterdeck.control.budget.adapters.usage import Teaching
from quarterdeck.control.budget.context import ContextBudget
from quarterdeck.control.budget.counting import TokenCounter, text_of
from quarterdeck.control.budget.segment import Role, Segment
from quarterdeck.control.budget.world import World
from quarterdeck.errors import BadInput

_ROLES: dict[str, Role] = {
    "system": "system",
    "human": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "tool": "tool",
    "chat": "user",
    "function": "user",
}
Budgets = ContextBudget | Callable[[], ContextBudget]
Worlds = World | Callable[[], World]


def fit_langchain(
    budget: ContextBudget, messages: Sequence[Any], *, tools: Sequence[Any] = (), world: World | Segment | None = None
) -> Fitted:
    """Messages to send in place of `messages` (`BaseMessage`s). `tools`: of the request, which take room too.

    Raises `BadInput` for something else than a message, and what `ContextBudget.fit` raises.
    """
    shown, plan = _fit(budget, messages, _tools_text(tools), world)
    return Fitted(_written(shown), plan)


def pre_model_hook(
    budget: Budgets,
    *,
    world: Worlds | None = None,
    on_plan: Callable[[Any], None] | None = None,
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """For `create_react_agent(…, pre_model_hook=…)`: the state keeps its messages, the model reads what fits.

    `budget`: one for a single conversation, or a callable that makes one for each. `world`: the same for what is pinned of it.
    `on_plan` sees each `ContextPlan`. A hook sees neither prompt nor tools of its agent: reserve room for them.
    """
    conversations: Conversations[ContextBudget] = Conversations(budget)
    worlds = None if world is None else _worlds(world)

    def hook(state: Mapping[str, Any]) -> dict[str, Any]:
        messages = state["messages"]
        key = _key(messages)
        pinned = None if worlds is None else worlds.of(key)
        fitted = fit_langchain(conversations.of(key), messages, world=pinned)
        if on_plan is not None:
            on_plan(fitted.plan)
        return {"llm_input_messages": fitted.messages}

    return hook


def budget_middleware(
    budget: Budgets,
    *,
    counter: TokenCounter | None = None,
    scope: str = "",
    world: Worlds | None = None,
    on_plan: Callable[[Any], None] | None = None,
) -> Any:
    """For `create_agent(…, middleware=[…])`: each model call gets what fits, and its usage teaches `counter`.

    `budget`: one for a single conversation, or a callable that makes one for each. `on_plan` sees each `ContextPlan`.
    Raises `BadInput` where langchain 1.0 or newer is not installed.
    """
    try:
        base: Any = importlib.import_module("langchain.agents.middleware").AgentMiddleware
    except (ImportError, AttributeError) as error:
        raise BadInput("the middleware needs langchain 1.0 or newer", mend="pip install 'langchain>=1.0'") from error
    calls = _Calls(budget, world, Teaching(counter, scope), on_plan)

    def wrap_model_call(_: Any, request: Any, handler: Callable[[Any], Any]) -> Any:
        fitted, done = calls.begin(request)
        return done(handler(fitted))

    async def awrap_model_call(_: Any, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        fitted, done = calls.begin(request)
        return done(await handler(fitted))

    both = {"wrap_model_call": wrap_model_call, "awrap_model_call": awrap_model_call}
    return type(
        "ContextBudgetMiddleware", (base,), {"__doc__": "Sends what the context budget lets through.", **both}
    )()


class _Calls:
    """The model calls of one agent."""

    def __init__(
        self,
        budget: Budgets,
        world: Worlds | None,
        teaching: Teaching,
        on_plan: Callable[[Any], None] | None,
    ) -> None:
        self._budgets: Conversations[ContextBudget] = Conversations(budget)
        self._worlds = None if world is None else _worlds(world)
        self._teaching, self._on_plan = teaching, on_plan

    def begin(self, request: Any) -> tuple[Any, Callable[[Any], Any]]:
        """The request to send, and what to do with its answer."""
        key = _key(request.messages)
        budget = self._budgets.of(key)
        pinned = None if self._worlds is None else self._worlds.of(key)
        tools = _tools_text(request.tools)
        system = [] if request.system_message is None else [request.system_message]
        shown, plan = _fit(budget, [*system, *request.messages], tools, pinned)
        if self._on_plan is not None:
            self._on_plan(plan)
        features = self._teaching.look(shown, tools)
        messages = _written(shown[len(system) :])

        def done(answer: Any) -> Any:
            for message in getattr(answer, "result", ()):
                usage = getattr(message, "usage_metadata", None)
                self._teaching.learn(budget.model, features, (usage or {}).get("input_tokens"))
            return answer

        return request.override(messages=messages), done


def _fit(
    budget: ContextBudget, messages: Sequence[Any], tools: str, world: World | Segment | None
) -> tuple[list[Shown], Any]:
    pieces = [_piece(place, message) for place, message in enumerate(messages)]
    return fit_pieces(budget, pieces, _missing, tools=tools, world=world)


def _worlds(world: Worlds) -> Conversations[World]:
    return Conversations(world)


def _key(messages: Sequence[Any]) -> str:
    """The first message's id: a graph gives it one, and keeps it as long as the conversation lasts."""
    if not messages:
        return ""
    return str(getattr(messages[0], "id", None) or hash(str(getattr(messages[0], "content", ""))))


def _piece(place: int, message: Any) -> Piece:
    role = _ROLES.get(str(getattr(message, "type", "")))
    if role is None:
        raise BadInput(f"message {place} is {type(message).__name__}", mend="expected messages of langchain_core")
    calls = tuple(
        Asked(str(call["id"]), str(call["name"]), json.dumps(call["args"], ensure_ascii=False, default=str))
        for call in [*getattr(message, "tool_calls", ()), *getattr(message, "invalid_tool_calls", ())]
    )
    said = [text_of(message.content), *(f"{call.name}\n{call.arguments}" for call in calls)]
    answers = str(message.tool_call_id) if role == "tool" else None
    failed = getattr(message, "status", None) == "error"
    return Piece(place, role, "\n".join(filter(None, said)), message, calls, answers, failed)


def _missing(piece: Piece, call: Asked) -> Piece:
    made = _messages_of("ToolMessage")(NO_RESULT, tool_call_id=call.id, name=call.name, status="error")
    return Piece(piece.place, "tool", NO_RESULT, made, answers=call.id, failed=True)


def _written(shown: Sequence[Shown]) -> list[Any]:
    return [_message(one) for one in shown]


def _message(one: Shown) -> Any:
    if one.piece is None:
        return _messages_of("HumanMessage")(one.text)
    message = one.piece.content
    return message if one.text is None else message.model_copy(update={"content": one.text})


def _messages_of(name: str) -> Any:
    try:
        return getattr(importlib.import_module("langchain_core.messages"), name)
    except ImportError as error:
        raise BadInput("LangChain messages need langchain-core", mend="pip install langchain-core") from error


def _tools_text(tools: Sequence[Any] | None) -> str:
    return "\n".join(_tool_text(tool) for tool in tools or ())


def _tool_text(tool: Any) -> str:
    if isinstance(tool, Mapping):
        return text_of(tool)
    schema: Any = getattr(tool, "tool_call_schema", None) or getattr(tool, "args_schema", None)
    described = schema.model_json_schema() if hasattr(schema, "model_json_schema") else getattr(tool, "args", {})
    return text_of({"name": tool.name, "description": tool.description, "parameters": described})
