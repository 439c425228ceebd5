"""Recorded runs from plain dicts: chat messages of the OpenAI shape, in runs or alone.

A run is `{"messages": [...]}`; other keys are left alone, but for `id`, `model`, `agent_model` and `run_info.simulation_id`. A
message is `{"role", "content", "tool_calls", "tool_call_id" or "id", "usage", "tokens", "pin"}`; only `role` must be there.
`head`: tokens of instructions and tools that stand ahead of each run and are not in the file. Refuses: an unknown role, a result that answers
no call, an object that is neither a run nor a message; each with what was expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast, get_args

from quarterdeck.control.budget.replay.recorded import Drawn, known_tokens
from quarterdeck.control.budget.replay.said import Call, Role, Said, Trajectory
from quarterdeck.errors import BadInput

EXPECTED = 'expected a message {"role": "user", "content": "..."} or a run {"messages": [...]}'
_ROLES = {"developer": "system", "human": "user", "ai": "assistant", "function": "tool"}
HEAD = "(Instructions and tools, which the file does not have.)"

Count = Callable[[str], int]


def trajectory_of(run: Mapping[str, Any], name: str, count: Count, head: int = 0) -> Trajectory:
    """`count` says how many tokens a text takes where nothing recorded tells. Raises BadInput naming the message."""
    messages = run.get("messages")
    if messages is None:
        messages = []
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise BadInput(f"{name}: `messages` is not a list of objects", mend=EXPECTED)
    drawn = [_drawn(message, f"{name}, message {number}") for number, message in enumerate(messages)]
    _answered(drawn, name)
    tokens, measured = known_tokens(drawn, count)
    if head:
        drawn.insert(0, Drawn("system", HEAD))
        tokens.insert(0, head)
    said = tuple(
        Said(at, one.role, one.text, size, one.calls, one.answers, one.pin or one.role == "system", one.failed)
        for at, (one, size) in enumerate(zip(drawn, tokens, strict=True))
    )
    return Trajectory(_name(run, name), _text_or_none(run.get("model") or run.get("agent_model")), said, measured)


def trajectories_of(documents: Iterable[tuple[str, Any]], count: Count, head: int = 0) -> Iterable[Trajectory]:
    """From (where, value): runs are taken as they come; messages that stand alone are one run. Raises BadInput naming where."""
    alone: list[Mapping[str, Any]] = []
    for where, value in documents:
        if isinstance(value, Mapping) and "messages" in value:
            yield trajectory_of(value, where, count, head)
        elif isinstance(value, Mapping) and "role" in value:
            alone.append(value)
        else:
            raise BadInput(f"{where}: neither a message nor a run", mend=EXPECTED)
    if alone:
        yield trajectory_of({"messages": alone}, "messages", count, head)


def _name(run: Mapping[str, Any], otherwise: str) -> str:
    info = run.get("run_info")
    of_info = info.get("simulation_id") if isinstance(info, Mapping) else None
    return _text_or_none(run.get("id") or run.get("run_id") or of_info) or otherwise


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _drawn(message: Mapping[str, Any], where: str) -> Drawn:
    given = message.get("role")
    role = _ROLES.get(str(given), given)
    if role not in get_args(Role):
        raise BadInput(f"{where}: role {given!r}", mend="expected system, user, assistant or tool")
    answers = (message.get("tool_call_id") or message.get("id")) if role == "tool" else None
    if role == "tool" and answers is None:
        raise BadInput(f"{where}: a tool's message without `tool_call_id`", mend="name the call that it answers")
    calls = tuple(_call(call, where) for call in message.get("tool_calls") or ())
    return Drawn(
        cast(Role, role),
        _with_calls(_text(message.get("content"), where), calls),
        calls,
        None if answers is None else str(answers),
        bool(message.get("pin")),
        bool(message.get("error")),
        _whole(message.get("tokens"), f"{where}: `tokens`"),
        message["usage"] if isinstance(message.get("usage"), Mapping) else None,
    )


def _with_calls(text: str, calls: Sequence[Call]) -> str:
    """The text of a message as a model reads it: calls are a part of it."""
    asked = [f"{call.name}({json.dumps(call.arguments, ensure_ascii=False)})" for call in calls]
    return "\n".join(part for part in (text, *asked) if part)


def _text(content: Any, where: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, Mapping) for part in content):
        return "\n".join(str(part.get("text") or json.dumps(part, ensure_ascii=False)) for part in content)
    raise BadInput(f"{where}: `content` is {type(content).__name__}", mend="expected a text, null, or a list of parts")


def _call(call: Any, where: str) -> Call:
    body = call.get("function", call) if isinstance(call, Mapping) else None
    if not isinstance(body, Mapping) or not call.get("id") or not body.get("name"):
        raise BadInput(f"{where}: a tool call without id and name", mend='expected {"id", "name", "arguments"}')
    arguments = body.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {"": arguments}
    return Call(str(call["id"]), str(body["name"]), arguments if isinstance(arguments, Mapping) else {"": arguments})


def _whole(value: Any, what: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise BadInput(f"{what} is {value!r}", mend="expected a whole number, or leave it out")


def _answered(drawn: Sequence[Drawn], name: str) -> None:
    """Each result has its call before it; a call may be left without result only where the run ends."""
    open_calls: set[str] = set()
    for at, one in enumerate(drawn):
        if one.answers is not None and one.answers not in open_calls:
            raise BadInput(f"{name}, message {at}: answers {one.answers[:40]!r}, which nobody called", mend="keep calls and results together")  # fmt: skip
        if one.answers is not None:
            open_calls.discard(one.answers)
        elif open_calls:
            raise BadInput(f"{name}, message {at}: a call before it has no result", mend="keep calls and results together")  # fmt: skip
        open_calls.update(call.id for call in one.calls)
