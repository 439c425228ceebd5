"""OpenAI's API: chat completions, responses, embeddings. Many others speak it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.gateway.faces.face import Facts, number_in, words_in

_PATHS = {
    b"/v1/chat/completions": "chat",
    b"/v1/responses": "responses",
    b"/v1/embeddings": "embeddings",
}
_TYPES = {401: "invalid_request_error", 403: "invalid_request_error", 404: "invalid_request_error", 429: "tokens"}


class OpenAIFace:
    """`/openai/v1/…`."""

    name = "openai"
    asks_for_usage = True

    def passes(self, method: bytes, path: bytes) -> bool:
        return method == b"GET" and (path == b"/v1/models" or path.startswith(b"/v1/models/"))

    def is_model_path(self, method: bytes, path: bytes) -> bool:
        return method == b"POST" and path in _PATHS

    def read(self, method: bytes, path: bytes, body: Mapping[str, Any] | None) -> Facts | None:
        if body is None or not self.is_model_path(method, path):
            return None
        model, stream = str(body.get("model") or ""), body.get("stream") is True
        kind = _PATHS[path]
        if kind == "embeddings":
            # An embedding has no output tokens.
            return Facts("embeddings", model, body.get("input"), None, None, stream=False)
        if kind == "responses":
            most, _ = number_in(body, "max_output_tokens")
            prompt = [*words_in(body, "instructions", "tools"), *_list(body.get("input"))]
            return Facts("responses", model, prompt, most, "max_output_tokens", stream)
        most, cap = number_in(body, "max_completion_tokens", "max_tokens")
        prompt = [*words_in(body, "tools", "functions"), *_list(body.get("messages"))]
        return Facts("chat", model, prompt, most, cap or "max_completion_tokens", stream)

    def credential(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        kind, _, key = headers.get(b"authorization", b"").partition(b" ")
        return key.strip() or None if kind.lower() == b"bearer" else None

    def authorize(self, key: str) -> tuple[bytes, bytes]:
        return b"authorization", f"Bearer {key}".encode()

    def error(self, status: int, kind: str, words: str) -> dict[str, Any]:
        return {
            "error": {
                "message": words,
                "type": _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
                "param": None,
                "code": kind,
            }
        }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
