"""OpenAI's `/v1/embeddings`: short vectors made of a hash of the text, equal texts giving equal vectors."""

from __future__ import annotations

import base64
import struct
from hashlib import sha256
from typing import Any

from quarterdeck.simulate.provider.tokens import text_tokens

DIMENSIONS = 8


def texts(body: dict[str, Any]) -> list[str]:
    """The texts to embed. Raises KeyError or ValueError."""
    given = body["input"]
    found = [given] if isinstance(given, str) else list(given)
    if not found or not all(isinstance(text, str) for text in found):
        raise ValueError("input must be a text or a list of texts")
    return found


def input_tokens(body: dict[str, Any]) -> int:
    """Tokens of all texts."""
    return sum(text_tokens(text) for text in texts(body))


def render(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The whole answer."""
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _pack(vector) if packed else vector}
        for index, vector in enumerate(_vector(text) for text in texts(body))
    ]
    tokens = input_tokens(body)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _vector(text: str) -> list[float]:
    raw = sha256(text.encode()).digest()[:DIMENSIONS]
    values = [byte - 127.5 for byte in raw]
    length = sum(value * value for value in values) ** 0.5
    return [round(value / length, 6) for value in values]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
