"""A conversation as what happened: what was said, and tool calls with their results. Reads plain messages of either shape.

Refuses to fail on a message that it does not know: it tells of nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.control.budget.counting import text_of


class Said(NamedTuple):
    """A text of system, user or assistant, in the message at `place`."""

    place: int
    role: str
    text: str


class Called(NamedTuple):
    """A tool call that was answered in the message at `place`. `failed`: it changed nothing."""

    place: int
    name: str
    arguments: Mapping[str, Any]
    result: str
    failed: bool


Event = Said | Called


class Events:
    """Reads messages one after another; a call becomes an event when its result is there."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.place = 0

    def read(self, message: Mapping[str, Any]) -> list[Event]:
        """What happened in the next message."""
        found = list(self._read(message)) if isinstance(message, Mapping) else []
        self.place += 1
        return found

    def _read(self, message: Mapping[str, Any]) -> Iterator[Event]:
        content = message.get("content")
        blocks = content if isinstance(content, list) else []
        for name, call_id, arguments in _calls(message, blocks):
            self._waiting[call_id] = (name, arguments)
        for call_id, result, failed in _results(message, blocks):
            if (made := self._waiting.pop(call_id, None)) is not None:
                yield Called(self.place, *made, result, failed)
        role = str(message.get("role", ""))
        if role in ("system", "developer", "user", "assistant"):
            said = [content] if isinstance(content, str) else [b["text"] for b in blocks if _is_text(b)]
            if said:
                yield Said(self.place, "system" if role == "developer" else role, "\n".join(said))


def arguments_of(given: Any) -> Mapping[str, Any]:
    """Arguments as an object, whether they came as one or as JSON; {} where they are neither."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return {}
    return given if isinstance(given, Mapping) else {}


def _is_text(block: Any) -> bool:
    return isinstance(block, Mapping) and isinstance(block.get("text"), str)


def _calls(message: Mapping[str, Any], blocks: Sequence[Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for call in message.get("tool_calls") or ():
        made = call.get("function") or call
        yield str(made.get("name")), str(call.get("id")), arguments_of(made.get("arguments", made.get("args")))
    for block in blocks:
        if isinstance(block, Mapping) and block.get("type") == "tool_use":
            yield str(block.get("name")), str(block.get("id")), arguments_of(block.get("input"))
    if message.get("type") == "function_call":
        yield str(message.get("name")), str(message.get("call_id")), arguments_of(message.get("arguments"))


def _results(message: Mapping[str, Any], blocks: Sequence[Any]) -> Iterator[tuple[str, str, bool]]:
    if message.get("role") == "tool":
        failed = bool(message.get("error")) or message.get("status") == "error"
        yield str(message.get("tool_call_id", message.get("id"))), text_of(message.get("content") or ""), failed
    for block in blocks:
        if isinstance(block, Mapping) and block.get("type") == "tool_result":
            yield str(block.get("tool_use_id")), text_of(block.get("content") or ""), bool(block.get("is_error"))
    if message.get("type") == "function_call_output":
        yield str(message.get("call_id")), text_of(message.get("output") or ""), False
