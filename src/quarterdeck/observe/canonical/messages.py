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
from quarterdeck.observe.canonical.message_shapes import (
    SLOTS_MAX,
    Message,
    Messages,
    one_message,
    opened_json,
    text_part,
    to_messages,
    tool_call,
)
from quarterdeck.observe.canonical.tool_events import ARGUMENTS, RESULTS, payload
from quarterdeck.observe.canonical.values import anything, decode_json

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
        return [] if value is None else to_messages(opened_json(value), role)

    return read


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
    return [*to_messages(opened_json(instructions), "system"), *found]


def _details_event(raw: RawSpan, key: str, role: str) -> Messages:
    for event in raw.events[:SLOTS_MAX]:
        if event.name == "gen_ai.client.inference.operation.details" and key in event.attributes:
            found = to_messages(opened_json(event.attributes[key]), role)
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
    item = {key: opened_json(value) for key, value in event.attributes.items()}
    item.setdefault("role", role)
    return one_message(item, role)


def _content_event(name: str, key: str, role: str) -> Callable[[RawSpan], Messages]:
    def read(raw: RawSpan) -> Messages:
        for event in raw.events[:SLOTS_MAX]:
            value = event.attributes.get(key) if event.name == name else None
            if anything(value) is not None:
                return to_messages(opened_json(value), role)
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
        return [one_message(item, "assistant" if output else "user") for item in chosen]

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
    return one_message(item, role)


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
            parts.append(text_part(value))
            break
    calls = decode_json(attributes.get("ai.response.toolCalls", attributes.get("ai.result.toolCalls")))
    if isinstance(calls, list):
        parts.extend(tool_call(call) for call in calls[:SLOTS_MAX] if isinstance(call, dict))
    if not parts:
        return []
    message: Message = {"role": "assistant", "parts": parts}
    if isinstance(attributes.get("ai.response.finishReason"), str):
        message["finish_reason"] = attributes["ai.response.finishReason"]
    return [message]


# --- tool payloads in events


def _tool_event(wanted: Mapping[str, tuple[str, ...]]) -> Callable[[RawSpan], Messages]:
    def read(raw: RawSpan) -> Messages:
        found = payload(raw.events, wanted)
        return [] if found is None else to_messages(opened_json(found), "tool")

    return read


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
    _attribute("gen_ai.prompt", "user"),
    _attribute("ai.prompt.messages", "user"),
    _attribute("ai.prompt", "user"),
    _attribute("gen_ai.tool.call.arguments", "tool"),
    _attribute("tool_arguments", "tool"),
    _attribute("ai.toolCall.args", "tool"),
    _attribute("gcp.vertex.agent.tool_call_args", "tool"),
    _attribute("gcp.vertex.agent.llm_request", "user"),
    _content_event("gen_ai.content.prompt", "gen_ai.prompt", "user"),
    _indexed("llm.prompts", "", "user"),
    _attribute("llm.prompts", "user"),
    _attribute("mlflow.spanInputs", "user"),
    _attribute("traceloop.entity.input", "user"),
    _attribute("input.value", "user"),
    _attribute("tool.parameters", "tool"),
    _attribute("lmnr.span.input", "user"),
    _attribute("user_prompt", "user"),
    _attribute("new_context", "user"),
    _attribute("tool_input", "tool"),
    _attribute("lk.pii.function_tool.arguments", "tool"),
    _attribute("lk.function_tool.arguments", "tool"),
    _attribute("lk.pii.chat_ctx", "user"),
    _attribute("lk.chat_ctx", "user"),
    _attribute("lk.pii.user_input", "user"),
    _attribute("lk.user_input", "user"),
    _attribute("lk.pii.user_transcript", "user"),
    _attribute("lk.user_transcript", "user"),
    _attribute("genkit:input", "user"),
    _tool_event(ARGUMENTS),
    _attribute("input", "user"),
    _attribute("prompt", "user"),
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
    _attribute("gen_ai.completion", "assistant"),
    _vercel_output,
    _attribute("gcp.vertex.agent.tool_response", "tool"),
    _attribute("gcp.vertex.agent.llm_response", "assistant"),
    _content_event("gen_ai.content.completion", "gen_ai.completion", "assistant"),
    _attribute("gen_ai.tool.call.result", "tool"),
    _attribute("tool_response", "tool"),
    _attribute("ai.toolCall.result", "tool"),
    _indexed("llm.choices", "", "assistant"),
    _attribute("llm.choices", "assistant"),
    _attribute("mlflow.spanOutputs", "assistant"),
    _attribute("traceloop.entity.output", "assistant"),
    _attribute("output.value", "assistant"),
    _attribute("lmnr.span.output", "assistant"),
    _attribute("anthropic.tool_result.content", "tool"),
    _attribute("lk.pii.function_tool.output", "tool"),
    _attribute("lk.function_tool.output", "tool"),
    _attribute("lk.pii.response.text", "assistant"),
    _attribute("lk.response.text", "assistant"),
    _attribute("genkit:output", "assistant"),
    _tool_event(RESULTS),
    _attribute("response.model_output", "assistant"),
    _attribute("output", "assistant"),
    _attribute("completion", "assistant"),
)
"""Sources of output, in order of precedence."""
