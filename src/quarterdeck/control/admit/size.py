"""How many tokens a prompt probably has, without its vocabulary: characters over a ratio that returned usage teaches.

The counter of context budgets takes this place later through the same two methods. Refuses: being called exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CHARACTERS_PER_TOKEN = 4.0
PER_MESSAGE = 4.0
_STEP = 0.1
_BOUNDS = (0.5, 12.0)
_MODELS_MAX = 1_000
_DEPTH_MAX = 32


class PromptSize:
    """Estimates input tokens by model, and learns each model's characters per token."""

    def __init__(self) -> None:
        self._ratio: dict[str, float] = {}

    def tokens(self, model: str, characters: int, messages: int) -> float:
        """Tokens of a prompt of this many characters in this many messages."""
        return characters / self._ratio.get(model, CHARACTERS_PER_TOKEN) + PER_MESSAGE * messages + 3.0

    def learn(self, model: str, characters: int, messages: int, tokens: float) -> None:
        """What the provider counted. Prompts of less than 200 characters teach nothing."""
        text_tokens = tokens - PER_MESSAGE * messages - 3.0
        if characters < 200 or text_tokens <= 0:
            return
        seen = min(max(characters / text_tokens, _BOUNDS[0]), _BOUNDS[1])
        known = self._ratio.get(model)
        if known is None and len(self._ratio) >= _MODELS_MAX:
            return
        self._ratio[model] = seen if known is None else known + _STEP * (seen - known)


def characters_of(messages: Any) -> tuple[int, int]:
    """(characters, messages) of a text, a message, or a list of messages in any provider's shape."""
    if isinstance(messages, str):
        return len(messages), 1
    if isinstance(messages, Mapping):
        return _characters(messages, 0), 1
    if isinstance(messages, Iterable) and not isinstance(messages, bytes):
        items = list(messages)
        return sum(_characters(item, 0) for item in items), len(items)
    return 0, 0


def _characters(value: Any, depth: int) -> int:
    if isinstance(value, str):
        return len(value)
    if depth >= _DEPTH_MAX:
        return 0
    if isinstance(value, Mapping):
        # An inline picture is not text: its bytes say nothing of its tokens.
        return sum(_characters(item, depth + 1) for key, item in value.items() if key not in ("data", "image_url"))
    if isinstance(value, list | tuple):
        return sum(_characters(item, depth + 1) for item in value)
    return len(str(value)) if isinstance(value, int | float) else 0
