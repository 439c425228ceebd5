"""What real providers refuse in a conversation: results without calls, calls without results, a wrong beginning.

The rules of the three wire shapes, each as it answers 400: raises ValueError that names the first message that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def check_openai_chat(messages: Sequence[Mapping[str, Any]]) -> None:
    """Results follow the message with their calls at once, each call has one."""
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise ValueError(
                    f"messages[{place}]: role 'tool' must be a response to a preceding message with 'tool_calls'"
                )
            waiting.discard(message["tool_call_id"])
            continue
        _all_answered(waiting, f"messages[{place}]")
        waiting = {call["id"] for call in message.get("tool_calls") or ()}
    _all_answered(waiting, "the end of messages")


def check_openai_responses(items: Sequence[Mapping[str, Any]], earlier: Iterable[str] = ()) -> None:
    """Each output has its call before it, and each call its output. `earlier`: open calls of the answer that is continued."""
    waiting = set(earlier)
    for place, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "function_call":
            waiting.add(item["call_id"])
        elif kind == "function_call_output":
            if item["call_id"] not in waiting:
                raise ValueError(f"input[{place}]: no tool call found for function call output {item['call_id']}")
            waiting.discard(item["call_id"])
        elif kind == "reasoning" and place + 1 == len(items):
            raise ValueError(f"input[{place}]: a reasoning item without its following item")
    _all_answered(waiting, "input")


def check_anthropic(messages: Sequence[Mapping[str, Any]]) -> None:
    """The user begins; results are the first blocks of the message after their calls."""
    if messages and messages[0]["role"] != "user":
        raise ValueError("messages.0: the first message must use the user role")
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        blocks = message["content"] if isinstance(message["content"], list) else []
        if not message["content"]:
            raise ValueError(f"messages.{place}: content must not be empty")
        given = [block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"]
        if missing := waiting.difference(given):
            raise ValueError(f"messages.{place}: tool_use ids without tool_result blocks: {', '.join(sorted(missing))}")
        if unknown := set(given).difference(waiting):
            raise ValueError(f"messages.{place}: unexpected tool_use_id in tool_result: {', '.join(sorted(unknown))}")
        if any(block.get("type") != "tool_result" for block in blocks[: len(given)]):
            raise ValueError(f"messages.{place}: tool_result blocks must come first")
        waiting = {block["id"] for block in blocks if block.get("type") == "tool_use"}
    _all_answered(waiting, "the last message")


def _all_answered(waiting: set[str], where: str) -> None:
    if waiting:
        raise ValueError(f"{where}: tool calls without a response: {', '.join(sorted(waiting))}")
