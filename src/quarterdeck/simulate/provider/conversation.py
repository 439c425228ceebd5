"""A request in the provider's own words: what every wire shape is read into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `text` is everything in it that is counted, tool calls and results included.

    `calls`: ids of tool calls that an answer kept by the provider has made.
    """

    role: Role
    text: str
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked. `turn` is how often the assistant has spoken; `cacheable`: the caller asked for a cache."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Any, ...] = ()
    stream: bool = False
    stream_usage: bool = True
    cacheable: bool = True

    @property
    def turn(self) -> int:
        """How many answers were already given; messages of the assistant in a row are one answer."""
        roles = [message.role for message in self.messages]
        return sum(role == "assistant" and (at == 0 or roles[at - 1] != "assistant") for at, role in enumerate(roles))

    @property
    def opening(self) -> str:
        """What a scenario is chosen by: the model and everything that system and user said."""
        said = [message.text for message in self.messages if message.role in ("system", "user")]
        return "\n".join([self.model, *said])

    def before_last_answer(self) -> Conversation | None:
        """The request that led to the assistant's last message; None when there was none."""
        spoken = [at for at, message in enumerate(self.messages) if message.role == "assistant"]
        if not spoken:
            return None
        start = spoken[-1]
        while start > 0 and self.messages[start - 1].role == "assistant":
            start -= 1
        return replace(self, messages=self.messages[:start])
