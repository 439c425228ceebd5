"""What a load is sent by: one policy of a client, ours or a peer's, written against these few words.

The bench tells a client what arrives and what came back; the client tells the bench what to send and when. Refuses: a
client that looks at a job's real output before it has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol


class Demand(NamedTuple):
    """A call that somebody wants now. `max_tokens` as the caller would send it; `continues`: the rest of an answer that was cut."""

    ticket: int
    tokens_input: float
    tokens_cached: float
    max_tokens: float
    tenant: str
    lane: str | None
    task: str | None
    continues: bool = False


class Answer(NamedTuple):
    """A call that came back well. `truncated`: it ended at its `max_tokens`; `total_s` in flight."""

    tokens_input: float
    tokens_cached: float
    tokens_output: float
    truncated: bool
    total_s: float


class Refusal(NamedTuple):
    """A call that came back with an error of the provider."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Wire(Protocol):
    """What a client may do. All times are in simulated seconds."""

    @property
    def now(self) -> float:
        """The time."""
        ...

    def after(self, seconds: float, what: Callable[..., None], *arguments: Any) -> None:
        """Call back later."""
        ...

    def send(self, demand: Demand, max_tokens: float) -> None:
        """Make the call; what comes of it is told by `began`, `answered` or `refused`."""
        ...

    def give_up(self, demand: Demand, why: str) -> None:
        """The caller is told that it will not be done."""
        ...


class Client(Protocol):
    """A policy."""

    def arrived(self, demand: Demand) -> None:
        """Somebody wants this call made."""
        ...

    def began(self, demand: Demand, headers: Mapping[str, str]) -> None:
        """The provider accepted; the first token is here."""
        ...

    def answered(self, demand: Demand, answer: Answer) -> None:
        """The answer is complete."""
        ...

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        """The provider said no, or failed."""
        ...
