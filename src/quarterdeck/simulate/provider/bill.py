"""What the simulated provider charges for: the truth that totals of traces are compared with."""

from __future__ import annotations

from typing import Literal, NamedTuple

Endpoint = Literal["chat.completions", "responses", "embeddings", "messages"]


class BilledCall(NamedTuple):
    """One answered request. `input` includes cache reads and writes, `output` includes reasoning."""

    response_id: str
    endpoint: Endpoint
    model: str
    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    stream: bool

    @property
    def total(self) -> int:
        """input + output."""
        return self.input + self.output
