"""One message, or a list of them, of any known shape → ours: OpenTelemetry, OpenAI, Anthropic, Gemini, Bedrock, LangChain.

What cannot be understood is kept as it is under `other`. Refuses to follow wrappers deeper than DEPTH_MAX and to rebuild
more than SLOTS_MAX messages or parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.observe.canonical.values import decode_json, decode_twice

Message = dict[str, Any]
Messages = list[Message]

SLOTS_MAX = 10_000
"""Messages, parts and indexed slots that are rebuilt for one span."""

DEPTH_MAX = 6
"""Wrappers around a list of messages that are opened."""

ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool"}


def opened_json(value: Any) -> Any:
    """The value behind JSON text; text that only looks like JSON as it is."""
    decoded = decode_twice(value) if _is_structured(value) else None
    return value if decoded is None else decoded


def _is_structured(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in ("[", "{", '"')


def to_messages(value: Any, role: str, depth: int = 0) -> Messages:
    """Messages out of any JSON value: a list of messages, one message, a wrapper around them, or bare content."""
    if value is None or depth > DEPTH_MAX:
        return []
    if isinstance(value, list):
        return _from_list(value, role)
    if isinstance(value, dict):
        return _from_dict(value, role, depth)
    return [_text_message(role, value)]


def _from_list(value: list[Any], role: str) -> Messages:
    if value and all(isinstance(item, dict) and _is_message(item) for item in value[:SLOTS_MAX]):
        return [one_message(item, role) for item in value[:SLOTS_MAX]]
    parts = [part for item in value[:SLOTS_MAX] for part in _parts(item)]
    return [{"role": role, "parts": parts}] if parts else []


def _is_message(item: Mapping[str, Any]) -> bool:
    return (
        "role" in item
        or "parts" in item
        or isinstance(item.get("message"), dict)
        or item.get("type") in ("human", "ai", "system", "tool", "message")
    )


def _from_dict(value: dict[str, Any], role: str, depth: int) -> Messages:
    for key in ("messages", "contents", "choices", "items", "message", "prompt"):
        if key in value and not ("role" in value and key != "message"):
            found = to_messages(value[key], role, depth + 1)
            system = value.get("system")
            return [_text_message("system", system), *found] if system and found else found
    if isinstance(value.get("content"), dict):
        return to_messages(value["content"], role, depth + 1)
    if _is_message(value) or "content" in value:
        return [one_message(value, role)]
    return [{"role": role, "parts": [{"type": "other", "content": value}]}]


def _text_message(role: str, value: Any) -> Message:
    return {"role": role, "parts": [text_part(value)]}


def text_part(value: Any) -> dict[str, Any]:
    return {"type": "text", "content": value if isinstance(value, str) else str(value)[:SLOTS_MAX]}


def one_message(item: Mapping[str, Any], role: str) -> Message:
    """One message of any of the known shapes (OpenTelemetry, OpenAI, Anthropic, Gemini, LangChain, pydantic-ai)."""
    inner = item.get("message")
    if isinstance(inner, str | list) and inner and item.get("content") is None:
        item = {**item, "content": inner}
    if isinstance(inner, dict):
        item = {**inner, **{key: item[key] for key in ("finish_reason",) if key in item}}
    said = item.get("role") or item.get("type") or role
    named = said if isinstance(said, str) and said != "message" else role
    message: Message = {"role": ROLES.get(named, named), "parts": _message_parts(item)}
    finish = item.get("finish_reason")
    if isinstance(finish, str) and finish:
        message["finish_reason"] = finish
    return message


def _message_parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    body = next((item[key] for key in ("parts", "content", "contents", "text") if item.get(key) is not None), None)
    parts: list[dict[str, Any]] = []
    thoughts = (item.get("reasoning_content"), item.get("reasoning"))
    parts.extend({"type": "reasoning", "content": said} for said in thoughts if isinstance(said, str) and said)
    answered = item.get("tool_call_id") or item.get("id")
    if item.get("role") in ("tool", "function") and not isinstance(body, list):
        parts.append({"type": "tool_call_response", "id": answered, "result": body})
    else:
        listed = body[:SLOTS_MAX] if isinstance(body, list) else [body]
        parts.extend(part for entry in listed for part in _parts(entry))
    calls = item.get("tool_calls")
    if isinstance(calls, list):
        parts.extend(tool_call(call) for call in calls[:SLOTS_MAX] if isinstance(call, dict))
    return parts


def _parts(entry: Any) -> list[dict[str, Any]]:
    if entry is None or entry in ("", [], {}):
        return []
    if isinstance(entry, dict):
        return [_part(entry)]
    if isinstance(entry, str):
        return [text_part(entry)]
    return [{"type": "other", "content": entry}]


def _part(entry: dict[str, Any]) -> dict[str, Any]:
    """One part in our shape; a part of an unknown type is kept as it is under `other`."""
    kind = entry.get("type", entry.get("kind"))
    return _tool_part(entry, kind) or _said_part(entry, kind) or {"type": "other", "content": entry}


def _tool_part(entry: dict[str, Any], kind: Any) -> dict[str, Any] | None:
    """A call of a tool or its answer, named by its type or by its only key."""
    if kind in ("tool_call", "tool_use", "tool-call", "function_call") or "function_call" in entry:
        return tool_call(entry)
    answers = ("tool_call_response", "tool_result", "tool-result", "function_call_output")
    if kind in answers or "function_response" in entry:
        return _tool_response(entry)
    if kind is None:
        for key, read in _NAMED_PARTS.items():
            if isinstance(entry.get(key), dict):
                return read(entry[key])
    return None


def _said_part(entry: dict[str, Any], kind: Any) -> dict[str, Any] | None:
    """Text, thoughts, or a file that is pointed at."""
    if kind in ("reasoning", "thinking") or (kind is None and isinstance(entry.get("reasoning"), str)):
        named = ("content", "text", "thinking", "reasoning")
        said = next((entry[key] for key in named if isinstance(entry.get(key), str)), "")
        return {"type": "reasoning", "content": said}
    if kind in ("text", "input_text", "output_text", None):
        said = next((entry[key] for key in ("text", "content") if isinstance(entry.get(key), str)), None)
        return None if said is None else {"type": "text", "content": said}
    if kind in ("blob", "uri", "file"):
        return {**entry, "type": "uri" if kind == "file" else kind}
    return None


def tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """One call of a tool, whatever its envelope; arguments that are JSON text are opened."""
    function = call.get("function", call.get("function_call"))
    source: Mapping[str, Any] = function if isinstance(function, dict) else call
    arguments = next((source[key] for key in ("arguments", "args", "input", "parameters") if key in source), None)
    decoded = decode_json(arguments) if _is_structured(arguments) else arguments
    return {
        "type": "tool_call",
        "id": next((call[key] for key in _CALL_IDS if call.get(key) is not None), source.get("id")),
        "name": source.get("name", call.get("toolName", call.get("name"))),
        "arguments": arguments if decoded is None else decoded,
    }


def _tool_response(entry: Mapping[str, Any]) -> dict[str, Any]:
    inner = entry.get("function_response")
    source: Mapping[str, Any] = inner if isinstance(inner, dict) else entry
    result = next((source[key] for key in ("result", "response", "output", "content") if key in source), None)
    named = next((entry[key] for key in _CALL_IDS if entry.get(key) is not None), source.get("id"))
    return {"type": "tool_call_response", "id": named, "result": result}


_CALL_IDS = ("id", "toolCallId", "toolUseId", "tool_use_id", "tool_call_id", "call_id", "ref")

_NAMED_PARTS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "toolUse": tool_call,
    "toolResult": _tool_response,
    "toolRequest": tool_call,
    "toolResponse": _tool_response,
    "functionCall": tool_call,
    "functionResponse": _tool_response,
}
"""Parts without a type that are named by their only key (Bedrock, Gemini, Genkit)."""
