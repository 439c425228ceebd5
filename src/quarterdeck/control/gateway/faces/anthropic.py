"""Anthropic's API: messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.gateway.faces.face import Facts, number_in, words_in

_MESSAGES = b"/v1/messages"
_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error", 503: "overloaded_error",
}  # fmt: skip


class AnthropicFace:
    """`/anthropic/v1/…`."""

    name = "anthropic"
    asks_for_usage = False

    def passes(self, method: bytes, path: bytes) -> bool:
        if method == b"POST":
            return path == b"/v1/messages/count_tokens"
        return method == b"GET" and (path == b"/v1/models" or path.startswith(b"/v1/models/"))

    def is_model_path(self, method: bytes, path: bytes) -> bool:
        return method == b"POST" and path == _MESSAGES

    def read(self, method: bytes, path: bytes, body: Mapping[str, Any] | None) -> Facts | None:
        if body is None or not self.is_model_path(method, path):
            return None
        messages = body.get("messages")
        prompt = [*words_in(body, "system", "tools"), *(messages if isinstance(messages, list) else [])]
        most, cap = number_in(body, "max_tokens")
        return Facts(
            "messages", str(body.get("model") or ""), prompt, most, cap or "max_tokens", body.get("stream") is True
        )

    def credential(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        key = headers.get(b"x-api-key")
        if key:
            return key.strip()
        kind, _, token = headers.get(b"authorization", b"").partition(b" ")
        return token.strip() or None if kind.lower() == b"bearer" else None

    def authorize(self, key: str) -> tuple[bytes, bytes]:
        return b"x-api-key", key.encode()

    def error(self, status: int, kind: str, words: str) -> dict[str, Any]:
        named = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        return {"type": "error", "error": {"type": named, "message": words, "code": kind}}
