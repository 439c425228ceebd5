"""OpenAI's `/v1/chat/completions`. A stream carries usage only when `stream_options.include_usage` asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quarterdeck.simulate.provider.answer import Answer, Event, chunks
from quarterdeck.simulate.provider.conversation import Conversation, Message, Role
from quarterdeck.simulate.provider.order import check_openai_chat
from quarterdeck.simulate.provider.tokens import compact

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


def response_id(token: str) -> str:
    return f"chatcmpl-{token}"


def understand(body: dict[str, Any]) -> Conversation:
    """Raises KeyError, TypeError or ValueError for a body of another shape, and for results without calls or calls without."""
    check_openai_chat(body["messages"])
    return Conversation(
        model=str(body["model"]),
        messages=tuple(_message(message) for message in body["messages"]),
        tools=tuple(body.get("tools") or ()),
        stream=bool(body.get("stream")),
        stream_usage=bool((body.get("stream_options") or {}).get("include_usage")),
    )


def _message(message: dict[str, Any]) -> Message:
    calls = [call["function"] for call in message.get("tool_calls") or []]
    text = _text(message.get("content")) + "".join(call["name"] + call["arguments"] for call in calls)
    return Message(_ROLES[message["role"]], text)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def render(answer: Answer) -> dict[str, Any]:
    """The whole answer as one object."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.turn.text or None, "refusal": None}
    if answer.turn.calls:
        message["tool_calls"] = _calls(answer)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    return {**_head(answer, "chat.completion"), "choices": [choice], "usage": usage(answer)}


def render_stream(answer: Answer, *, with_usage: bool) -> Iterator[Event]:
    """The answer in chunks, ended by `[DONE]`."""
    head = _head(answer, "chat.completion.chunk")
    for delta in _deltas(answer):
        yield Event("", {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield Event("", {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]})
    if with_usage:
        yield Event("", {**head, "choices": [], "usage": usage(answer)})
    yield Event("", "[DONE]")


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in chunks(answer.turn.text):
        yield {"content": piece}
    for index, call in enumerate(_calls(answer)):
        function = call["function"]
        yield {"tool_calls": [{**call, "index": index, "function": {"name": function["name"], "arguments": ""}}]}
        for piece in chunks(function["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _head(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": response_id(answer.token),
        "object": kind,
        "created": answer.created_s,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": compact(dict(call.arguments))}}
        for call_id, call in zip(answer.call_ids, answer.turn.calls, strict=True)
    ]


def _finish(answer: Answer) -> str:
    return "tool_calls" if answer.turn.calls else "stop"


def usage(answer: Answer) -> dict[str, Any]:
    counts = answer.usage
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning, "audio_tokens": 0},
    }
