"""What the gateway asks of a provider's API: which requests are calls of a model, how large they are, how errors look.

Refuses: knowing limits or prices; those are the meter's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol

Operation = Literal["chat", "responses", "embeddings", "messages"]


class Facts(NamedTuple):
    """A call of a model. `prompt` is what the model reads, in any shape; `cap` names the field of the answer's longest length."""

    operation: Operation
    model: str
    prompt: Any
    max_tokens: float | None
    cap: str | None
    stream: bool


class Face(Protocol):
    """One provider API."""

    @property
    def name(self) -> str: ...

    def read(self, method: bytes, path: bytes, body: Mapping[str, Any] | None) -> Facts | None:
        """The call that a request makes; None for one that asks no model (a list of models, a count)."""
        ...

    def passes(self, method: bytes, path: bytes) -> bool:
        """Whether a request that asks no model is passed on as it is. Whatever else costs or changes something is not."""
        ...

    def is_model_path(self, method: bytes, path: bytes) -> bool:
        """Whether the request calls a model, so that its body has to be understood."""
        ...

    def credential(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """The key that the client sent."""
        ...

    asks_for_usage: bool
    """Whether streams of its chat say usage only when asked."""

    def authorize(self, key: str) -> tuple[bytes, bytes]:
        """The header that carries a key of ours."""
        ...

    def error(self, status: int, kind: str, words: str) -> dict[str, Any]:
        """An error in the provider's own shape. `kind` is our stable word for it."""
        ...


def words_in(body: Mapping[str, Any], *names: str) -> list[Any]:
    """The fields that make up a prompt, those that are there."""
    return [body[name] for name in names if body.get(name)]


def number_in(body: Mapping[str, Any], *names: str) -> tuple[float | None, str | None]:
    """The first of these fields that holds a positive number, and its name."""
    for name in names:
        value = body.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value), name
    return None, None
