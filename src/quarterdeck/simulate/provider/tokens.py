"""How the simulated provider counts tokens: a rule that a test can repeat by hand.

A text is one token for every 4 bytes of UTF-8 begun. A message is its texts plus 4; a request is its messages and
its tool definitions (as compact JSON) plus 3. An answer is its text plus, per tool call, name and arguments as
compact JSON, plus reasoning tokens; at least 1. Cached is what the call before this one already sent: everything
before the assistant's last message, where that is 1,024 tokens or more, in steps of 128 (the steps OpenAI
documents). Embeddings are the texts alone.
"""

from __future__ import annotations

import json
from typing import Any

from quarterdeck.simulate.provider.conversation import Conversation
from quarterdeck.simulate.provider.scenario import Turn

BYTES_PER_TOKEN = 4
PER_MESSAGE = 4
PER_REQUEST = 3
CACHE_MIN = 1024
CACHE_STEP = 128


def text_tokens(text: str) -> int:
    """Tokens of a text; 0 for the empty one."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def prompt_tokens(conversation: Conversation) -> int:
    """All tokens of a request."""
    messages = sum(text_tokens(message.text) + PER_MESSAGE for message in conversation.messages)
    tools = text_tokens(compact(conversation.tools)) if conversation.tools else 0
    return messages + tools + PER_REQUEST


def cached_tokens(conversation: Conversation) -> int:
    """Tokens of a request that the request before it has brought into the cache."""
    before = conversation.before_last_answer()
    tokens = prompt_tokens(before) - PER_REQUEST if before is not None else 0
    return tokens // CACHE_STEP * CACHE_STEP if tokens >= CACHE_MIN else 0


def answer_tokens(turn: Turn) -> int:
    """Output tokens of an answer, reasoning included."""
    calls = sum(text_tokens(call.name) + text_tokens(compact(dict(call.arguments))) for call in turn.calls)
    return max(1, text_tokens(turn.text) + calls + turn.reasoning_tokens)


def compact(value: Any) -> str:
    """JSON without spaces, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
