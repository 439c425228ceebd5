"""The texts of a message in any provider's shape: what a model reads of it.

Reads OpenAI's chat messages and Responses items, Anthropic's blocks, tool definitions, plain texts. Refuses pictures: their
bytes say nothing of their tokens, so inline data is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_DEPTH_MAX = 32
_SKIPPED = frozenset({
    "role", "type", "id", "call_id", "tool_call_id", "tool_use_id", "status", "data", "image_url", "source", "file_data",
    "cache_control", "signature", "encrypted_content", "index", "usage", "timestamp", "cost", "turn_idx", "finish_reason",
    "is_error", "annotations", "logprobs", "refusal",
})  # fmt: skip
"""Keys whose values are no text that the model reads."""

_AS_JSON = frozenset({"input", "arguments", "parameters", "input_schema", "args"})
"""Keys whose values a provider writes to the model as JSON."""


def text_of(message: Any) -> str:
    """All texts of a message, an item, a block or a tool definition, in order, one per line."""
    if isinstance(message, str):
        return message
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str) and not message.get("tool_calls"):
        return content
    return "\n".join(_texts(message, 0))


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth >= _DEPTH_MAX or value is None or isinstance(value, bool):
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in _AS_JSON and not isinstance(item, str):
                yield json.dumps(item, ensure_ascii=False, default=str)
            elif key not in _SKIPPED:
                yield from _texts(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, int | float):
        yield str(value)
