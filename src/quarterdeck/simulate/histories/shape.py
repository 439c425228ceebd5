"""What a reader of recorded files hands on: spans ready to send, and what the file says they add up to.

The facts are taken from the recording, not from the spans made of it, so that one can be checked against the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans


class TokenFacts(NamedTuple):
    """Token counts as recorded for one model call; None = not reported. `input` includes cache reads and writes."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class SpanFacts(NamedTuple):
    """What the recording says about one span. `run_id` is None where the recording names no run, `is_root`: no parent.

    `trace_id` and `span_id` are lower-case hex; `cost_usd` is the reported cost in US dollars, None = not reported.
    """

    trace_id: str
    span_id: str
    run_id: str | None
    is_root: bool = False
    model_call: bool = False
    tool_call: bool = False
    tokens: TokenFacts = TokenFacts()
    cost_usd: float | None = None


class Piece(NamedTuple):
    """A block of spans with their facts, one fact per span; the unit that is batched for sending."""

    resource_spans: ResourceSpans
    facts: tuple[SpanFacts, ...]
    source: str


@dataclass(frozen=True, slots=True)
class History:
    """One recording that was recognised: where it lies, which shape it has, how it is read."""

    path: Path
    kind: str
    read: Callable[[], Iterator[Piece]]
