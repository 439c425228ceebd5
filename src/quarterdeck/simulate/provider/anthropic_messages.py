"""Anthropic's `/v1/messages`. Its `input_tokens` leave out what was read from or written to the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quarterdeck.simulate.provider.answer import Answer, Event, chunks
from quarterdeck.simulate.provider.conversation import Conversation, Message
from quarterdeck.simulate.provider.order import check_anthropic
from quarterdeck.simulate.provider.tokens import compact


def response_id(token: str) -> str:
    return f"msg_{token}"


def understand(body: dict[str, Any]) -> Conversation:
    """Raises KeyError, TypeError or ValueError for a body of another shape."""
    system = (Message("system", _text(body["system"])),) if body.get("system") else ()
    check_anthropic(body["messages"])
    body["max_tokens"]  # required by the real provider, so a caller that forgets it must learn so here
    return Conversation(
        model=str(body["model"]),
        messages=(*system, *(_message(message) for message in body["messages"])),
        tools=tuple(body.get("tools") or ()),
        stream=bool(body.get("stream")),
        cacheable='"cache_control"' in compact(body),
    )


def _message(message: dict[str, Any]) -> Message:
    content = message["content"]
    results = isinstance(content, list) and any(block.get("type") == "tool_result" for block in content)
    if message["role"] not in ("user", "assistant"):
        raise ValueError(f"role must be user or assistant, found {message['role']!r}")
    if results:
        return Message("tool", _text(content))
    return Message("assistant" if message["role"] == "assistant" else "user", _text(content))


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(_block(block) for block in content)
    return str(content or "")


def _block(block: dict[str, Any]) -> str:
    if block["type"] == "tool_use":
        return str(block["name"]) + compact(block["input"])
    if block["type"] == "tool_result":
        return _text(block.get("content"))
    return str(block.get("text", ""))


def render(answer: Answer) -> dict[str, Any]:
    """The whole answer as one object."""
    return {
        "id": response_id(answer.token),
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": _blocks(answer),
        "stop_reason": _stop(answer),
        "stop_sequence": None,
        "usage": _usage(answer),
    }


def render_stream(answer: Answer) -> Iterator[Event]:
    """The answer as the events of a stream; the counts of input come first, of output last."""
    for event in _events(answer):
        yield Event(event["type"], event)


def _events(answer: Answer) -> Iterator[dict[str, Any]]:
    opening = {**render(answer), "content": [], "stop_reason": None, "usage": {**_usage(answer), "output_tokens": 1}}
    yield {"type": "message_start", "message": opening}
    yield {"type": "ping"}
    for index, block in enumerate(_blocks(answer)):
        yield from _block_events(index, block)
    stop = {"stop_reason": _stop(answer), "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": answer.usage.output}}
    yield {"type": "message_stop"}


def _block_events(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        empty = {**block, "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in chunks(block["text"])]
    else:
        empty = {**block, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in chunks(compact(block["input"]))]
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _blocks(answer: Answer) -> list[dict[str, Any]]:
    text = [{"type": "text", "text": answer.turn.text}] if answer.turn.text else []
    calls = [
        {"type": "tool_use", "id": call_id, "name": call.name, "input": dict(call.arguments)}
        for call_id, call in zip(answer.call_ids, answer.turn.calls, strict=True)
    ]
    return [*text, *calls]


def _stop(answer: Answer) -> str:
    return "tool_use" if answer.turn.calls else "end_turn"


def _usage(answer: Answer) -> dict[str, Any]:
    counts = answer.usage
    return {
        "input_tokens": counts.input - counts.cache_read - counts.cache_write,
        "cache_creation_input_tokens": counts.cache_write,
        "cache_read_input_tokens": counts.cache_read,
        "output_tokens": counts.output,
        "service_tier": "standard",
    }
