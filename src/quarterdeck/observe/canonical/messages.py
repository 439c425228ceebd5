"""Conversations: input and output messages of a span in one shape, whichever way the producer wrote them.

A message is `{"role", "parts": [{"type": "text" | "tool_call" | "tool_call_response" | "reasoning" | ..., ...}],
"finish_reason"?}`. Read on demand for one span, never on the way in. Total: what cannot be understood is shown as it
is. Refuses to allocate by what an index claims: at most SLOTS_MAX messages are rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quarterdeck.model.raw import RawEvent, RawSpan
from quarterdeck.observe.canonical.absence import is_redacted, without_marks
from quarterdeck.observe.canonical.values import anything, decode_json, decode_twice

Message = dict[str, Any]
Messages = list[Message]

SLOTS_MAX = 10_000
"""Messages, parts and indexed slots that are rebuilt for one span."""

DEPTH_MAX = 6
"""Wrappers around a list of messages that are opened."""

ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool"}

EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


def conversation(raw: RawSpan) -> dict[str, Any]:
    """`{"input": [Message], "output": [Message], "content_state"}`: present, absent, redacted or why it is not kept."""
    raw, not_kept = without_marks(raw)
    found_in = _first_found(_INPUTS, raw)
    found_out = _first_found(_OUTPUTS, raw)
    state = "present" if found_in or found_out else "absent"
    if state == "absent":
        state = not_kept or ("redacted" if is_redacted(raw) else "absent")
    return {"input": found_in, "output": found_out, "content_state": state}


def _first_found(sources: Sequence[Callable[[RawSpan], Messages]], raw: RawSpan) -> Messages:
    for source in sources:
        found = source(raw)
        if found:
            return found[:SLOTS_MAX]
    return []


# --- one attribute that holds everything


def _attribute(key: str, role: str) -> Callable[[RawSpan], Messages]:
    def read(raw: RawSpan) -> Messages:
        value = anything(raw.attributes.get(key))
        return [] if value is None else to_messages(_opened_json(value), role)

    return read


def _opened_json(value: Any) -> Any:
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
        return [_message(item, role) for item in value[:SLOTS_MAX]]
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
    for key in ("messages", "contents", "choices", "message", "prompt"):
        if key in value and not ("role" in value and key != "message"):
            found = to_messages(value[key], role, depth + 1)
            system = value.get("system")
            return [_text_message("system", system), *found] if system and found else found
    if isinstance(value.get("content"), dict):
        return to_messages(value["content"], role, depth + 1)
    if _is_message(value) or "content" in value:
        return [_message(value, role)]
    return [{"role": role, "parts": [{"type": "other", "content": value}]}]


def _text_message(role: str, value: Any) -> Message:
    return {"role": role, "parts": [_text_part(value)]}


def _text_part(value: Any) -> dict[str, Any]:
    return {"type": "text", "content": value if isinstance(value, str) else str(value)[:SLOTS_MAX]}


def _message(item: Mapping[str, Any], role: str) -> Message:
    """One message of any of the known shapes (OpenTelemetry, OpenAI, Anthropic, Gemini, LangChain, pydantic-ai)."""
    inner = item.get("message")
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
        parts.extend(_tool_call(call) for call in calls[:SLOTS_MAX] if isinstance(call, dict))
    return parts


def _parts(entry: Any) -> list[dict[str, Any]]:
    if entry is None or entry in ("", [], {}):
        return []
    if isinstance(entry, dict):
        return [_part(entry)]
    if isinstance(entry, str):
        return [_text_part(entry)]
    return [{"type": "other", "content": entry}]


def _part(entry: dict[str, Any]) -> dict[str, Any]:
    """One part in our shape; a part of an unknown type is kept as it is under `other`."""
    kind = entry.get("type", entry.get("kind"))
    if kind in ("tool_call", "tool_use", "tool-call", "function_call") or "function_call" in entry:
        return _tool_call(entry)
    if (
        kind in ("tool_call_response", "tool_result", "tool-result", "function_call_output")
        or "function_response" in entry
    ):
        return _tool_response(entry)
    if kind in ("reasoning", "thinking"):
        said = next((entry[key] for key in ("content", "text", "thinking") if isinstance(entry.get(key), str)), "")
        return {"type": "reasoning", "content": said}
    if kind in ("text", "input_text", "output_text", None):
        said = next((entry[key] for key in ("text", "content") if isinstance(entry.get(key), str)), None)
        if said is not None:
            return {"type": "text", "content": said}
    if kind in ("blob", "uri", "file"):
        return {**entry, "type": "uri" if kind == "file" else kind}
    return {"type": "other", "content": entry}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function", call.get("function_call"))
    source: Mapping[str, Any] = function if isinstance(function, dict) else call
    arguments = next((source[key] for key in ("arguments", "args", "input") if key in source), None)
    decoded = decode_json(arguments) if _is_structured(arguments) else arguments
    return {
        "type": "tool_call",
        "id": call.get("id", call.get("toolCallId", call.get("tool_call_id", call.get("call_id")))),
        "name": source.get("name", call.get("toolName", call.get("name"))),
        "arguments": arguments if decoded is None else decoded,
    }


def _tool_response(entry: Mapping[str, Any]) -> dict[str, Any]:
    inner = entry.get("function_response")
    source: Mapping[str, Any] = inner if isinstance(inner, dict) else entry
    result = next((source[key] for key in ("result", "response", "output", "content") if key in source), None)
    named = next(
        (entry[key] for key in ("id", "toolCallId", "tool_use_id", "tool_call_id", "call_id") if key in entry), None
    )
    return {"type": "tool_call_response", "id": named, "result": result}


# --- OpenTelemetry, current


def _otel_input(raw: RawSpan) -> Messages:
    found = _attribute("gen_ai.input.messages", "user")(raw)
    return _with_system(found, raw.attributes) if found else _details_event(raw, "gen_ai.input.messages", "user")


def _otel_output(raw: RawSpan) -> Messages:
    found = _attribute("gen_ai.output.messages", "assistant")(raw)
    return found or _details_event(raw, "gen_ai.output.messages", "assistant")


def _with_system(found: Messages, attributes: Mapping[str, Any]) -> Messages:
    """System instructions of their own go first, unless the messages already begin with some."""
    instructions = anything(attributes.get("gen_ai.system_instructions"))
    if instructions is None or any(message["role"] == "system" for message in found[:4]):
        return found
    return [*to_messages(_opened_json(instructions), "system"), *found]


def _details_event(raw: RawSpan, key: str, role: str) -> Messages:
    for event in raw.events[:SLOTS_MAX]:
        if event.name == "gen_ai.client.inference.operation.details" and key in event.attributes:
            found = to_messages(_opened_json(event.attributes[key]), role)
            return _with_system(found, event.attributes) if role == "user" else found
    return []


# --- one event per message


def _event_input(raw: RawSpan) -> Messages:
    return [
        _event_message(event, EVENT_ROLES[event.name]) for event in raw.events[:SLOTS_MAX] if event.name in EVENT_ROLES
    ]


def _event_output(raw: RawSpan) -> Messages:
    return [_event_message(event, "assistant") for event in raw.events[:SLOTS_MAX] if event.name == "gen_ai.choice"]


def _event_message(event: RawEvent, role: str) -> Message:
    item = {key: _opened_json(value) for key, value in event.attributes.items()}
    item.setdefault("role", role)
    return _message(item, role)


def _content_event(name: str, key: str, role: str) -> Callable[[RawSpan], Messages]:
    def read(raw: RawSpan) -> Messages:
        for event in raw.events[:SLOTS_MAX]:
            value = event.attributes.get(key) if event.name == name else None
            if anything(value) is not None:
                return to_messages(_opened_json(value), role)
        return []

    return read


# --- pydantic-ai and Logfire: arrays of events in one attribute


def _event_array(key: str, *, output: bool) -> Callable[[RawSpan], Messages]:
    def read(raw: RawSpan) -> Messages:
        listed = decode_json(raw.attributes.get(key))
        if not isinstance(listed, list):
            return []
        chosen = (
            item for item in listed[:SLOTS_MAX]
            if isinstance(item, dict) and (item.get("event.name") == "gen_ai.choice") is output
        )  # fmt: skip
        return [_message(item, "assistant" if output else "user") for item in chosen]

    return read


# --- indexed attributes


def _indexed(prefix: str, strip: str, role: str) -> Callable[[RawSpan], Messages]:
    pattern = re.compile(rf"^{re.escape(prefix)}\.(\d{{1,9}})\.{re.escape(strip)}(.+)$")

    def read(raw: RawSpan) -> Messages:
        slots: dict[int, dict[str, Any]] = {}
        for key, value in raw.attributes.items():
            matched = pattern.match(key) if key.startswith(prefix) else None
            if matched is None:
                continue
            slot = slots.get(int(matched[1]))
            if slot is None:
                if len(slots) >= SLOTS_MAX:
                    continue
                slot = slots[int(matched[1])] = {}
            slot[matched[2]] = value
        return [_indexed_message(slots[index], role) for index in sorted(slots)]

    return read


_INDEXED_CALL = re.compile(r"^tool_calls\.(\d{1,4})\.(?:tool_call\.)?(?:function\.)?(id|name|arguments)$")
_INDEXED_PART = re.compile(r"^contents\.(\d{1,4})\.message_content\.(.+)$")


def _indexed_message(slot: Mapping[str, Any], role: str) -> Message:
    calls: dict[int, dict[str, Any]] = {}
    contents: dict[int, dict[str, Any]] = {}
    for key, value in slot.items():
        call, part = _INDEXED_CALL.match(key), _INDEXED_PART.match(key)
        if call is not None:
            calls.setdefault(int(call[1]), {})[call[2]] = value
        elif part is not None:
            contents.setdefault(int(part[1]), {})[part[2]] = value
    item: dict[str, Any] = {key: slot[key] for key in ("role", "tool_call_id", "finish_reason") if key in slot}
    content = slot.get("content")
    item["content"] = [contents[index] for index in sorted(contents)] if contents else _opened(content)
    item["tool_calls"] = [calls[index] for index in sorted(calls)]
    return _message(item, role)


def _opened(content: Any) -> Any:
    """Content that is a JSON list of typed parts, opened; any other text as it is."""
    if isinstance(content, str) and content.startswith('[{"type"'):
        return decode_json(content) or content
    return content


# --- Vercel


def _vercel_output(raw: RawSpan) -> Messages:
    attributes = raw.attributes
    parts: list[dict[str, Any]] = []
    thought = attributes.get("ai.response.reasoning")
    if isinstance(thought, str):
        parts.append({"type": "reasoning", "content": thought})
    for key in ("ai.response.text", "ai.response.object", "ai.result.text", "ai.result.object"):
        value = anything(attributes.get(key))
        if value is not None:
            parts.append(_text_part(value))
            break
    calls = decode_json(attributes.get("ai.response.toolCalls", attributes.get("ai.result.toolCalls")))
    if isinstance(calls, list):
        parts.extend(_tool_call(call) for call in calls[:SLOTS_MAX] if isinstance(call, dict))
    if not parts:
        return []
    message: Message = {"role": "assistant", "parts": parts}
    if isinstance(attributes.get("ai.response.finishReason"), str):
        message["finish_reason"] = attributes["ai.response.finishReason"]
    return [message]


_INPUTS: tuple[Callable[[RawSpan], Messages], ...] = (
    _attribute("langfuse.observation.input", "user"),
    _otel_input,
    _event_input,
    _attribute("pydantic_ai.all_messages", "user"),
    _event_array("all_messages_events", output=False),
    _event_array("events", output=False),
    _attribute("request_data", "user"),
    _indexed("gen_ai.prompt", "", "user"),
    _indexed("llm.input_messages", "message.", "user"),
    _attribute("ai.prompt.messages", "user"),
    _attribute("ai.prompt", "user"),
    _attribute("gcp.vertex.agent.llm_request", "user"),
    _content_event("gen_ai.content.prompt", "gen_ai.prompt", "user"),
    _attribute("gen_ai.tool.call.arguments", "tool"),
    _attribute("tool_arguments", "tool"),
    _attribute("ai.toolCall.args", "tool"),
    _attribute("gcp.vertex.agent.tool_call_args", "tool"),
    _attribute("llm.prompts", "user"),
    _attribute("mlflow.spanInputs", "user"),
    _attribute("traceloop.entity.input", "user"),
    _attribute("input.value", "user"),
    _attribute("tool.parameters", "tool"),
)
"""Sources of input, in order of precedence."""

_OUTPUTS: tuple[Callable[[RawSpan], Messages], ...] = (
    _attribute("langfuse.observation.output", "assistant"),
    _otel_output,
    _event_output,
    _attribute("final_result", "assistant"),
    _event_array("events", output=True),
    _attribute("response_data", "assistant"),
    _indexed("gen_ai.completion", "", "assistant"),
    _indexed("llm.output_messages", "message.", "assistant"),
    _vercel_output,
    _attribute("gcp.vertex.agent.llm_response", "assistant"),
    _content_event("gen_ai.content.completion", "gen_ai.completion", "assistant"),
    _attribute("gen_ai.tool.call.result", "tool"),
    _attribute("tool_response", "tool"),
    _attribute("ai.toolCall.result", "tool"),
    _attribute("gcp.vertex.agent.tool_response", "tool"),
    _attribute("llm.choices", "assistant"),
    _attribute("mlflow.spanOutputs", "assistant"),
    _attribute("traceloop.entity.output", "assistant"),
    _attribute("output.value", "assistant"),
)
"""Sources of output, in order of precedence."""
