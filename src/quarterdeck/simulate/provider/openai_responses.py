"""OpenAI's `/v1/responses`. A request may continue an earlier answer by `previous_response_id`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from quarterdeck.simulate.provider.answer import Answer, Event, chunks
from quarterdeck.simulate.provider.conversation import Conversation, Message, Role
from quarterdeck.simulate.provider.order import check_openai_responses
from quarterdeck.simulate.provider.tokens import compact

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def response_id(token: str) -> str:
    return f"resp_{token}"


def understand(body: dict[str, Any], earlier: tuple[Message, ...] = ()) -> Conversation:
    """`earlier`: the messages of the answer that is continued. Raises KeyError, TypeError or ValueError."""
    given = body["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    check_openai_responses(items, _open_calls(earlier))
    instructions = (Message("system", body["instructions"]),) if body.get("instructions") else ()
    kept = tuple(message for message in earlier if not instructions or message.role != "system")
    return Conversation(
        model=str(body["model"]),
        messages=(*instructions, *kept, *(_message(item) for item in items)),
        tools=tuple(body.get("tools") or ()),
        stream=bool(body.get("stream")),
    )


def said(answer: Answer) -> tuple[Message, ...]:
    """The answer as messages, for the request that continues it."""
    made = zip(answer.call_ids, answer.turn.calls, strict=True)
    calls = [Message("assistant", call.name + compact(dict(call.arguments)), (call_id,)) for call_id, call in made]
    text = [Message("assistant", answer.turn.text)] if answer.turn.text else []
    return (*text, *calls)


def _open_calls(earlier: tuple[Message, ...]) -> list[str]:
    """Calls of the answer that is continued: the messages of the assistant at its end."""
    last = takewhile(lambda message: message.role == "assistant", reversed(earlier))
    return [call for message in last for call in message.calls]


def _message(item: dict[str, Any]) -> Message:
    kind = item.get("type", "message")
    if kind == "function_call":
        return Message("assistant", item["name"] + item["arguments"])
    if kind == "function_call_output":
        return Message("tool", _text(item["output"]))
    if kind == "reasoning":
        return Message("assistant", "")
    return Message(_ROLES[item["role"]], _text(item["content"]))


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def render(answer: Answer, *, status: str = "completed") -> dict[str, Any]:
    """The whole answer as one object; with `status` "in_progress" the empty one that opens a stream."""
    done = status == "completed"
    return {
        "id": response_id(answer.token),
        "object": "response",
        "created_at": answer.created_s,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": answer.model,
        "output": _items(answer) if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": _usage(answer) if done else None,
    }


def render_stream(answer: Answer) -> Iterator[Event]:
    """The answer as the events of a stream, numbered from 0."""
    for number, event in enumerate(_events(answer)):
        yield Event(event["type"], {**event, "sequence_number": number})


def _events(answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": render(answer, status="in_progress")}
    yield {"type": "response.in_progress", "response": render(answer, status="in_progress")}
    for index, item in enumerate(_items(answer)):
        yield from _call_events(index, item) if item["type"] == "function_call" else _text_events(index, item)
    yield {"type": "response.completed", "response": render(answer)}


def _text_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    part = item["content"][0]
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    yield {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {**item, "status": "in_progress", "content": []},
    }
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for piece in chunks(part["text"]):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _call_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    yield {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {**item, "status": "in_progress", "arguments": ""},
    }
    for piece in chunks(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
    done = {"arguments": item["arguments"], "name": item["name"]}
    yield {"type": "response.function_call_arguments.done", **place, **done}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _items(answer: Answer) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.turn.text:
        part = {"type": "output_text", "text": answer.turn.text, "annotations": [], "logprobs": []}
        head = {"id": f"msg_{answer.token}", "type": "message", "status": "completed", "role": "assistant"}
        items.append({**head, "content": [part]})
    for call_id, call in zip(answer.call_ids, answer.turn.calls, strict=True):
        head = {"id": f"fc_{call_id}", "type": "function_call", "status": "completed", "call_id": call_id}
        items.append({**head, "name": call.name, "arguments": compact(dict(call.arguments))})
    return items


def _usage(answer: Answer) -> dict[str, Any]:
    counts = answer.usage
    return {
        "input_tokens": counts.input,
        "input_tokens_details": {"cached_tokens": counts.cache_read},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.input + counts.output,
    }
