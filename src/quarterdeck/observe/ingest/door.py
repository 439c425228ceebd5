"""What both doors (HTTP and gRPC) share: who is sending, what is asked of the sink, what the sink answers.

A door reads bytes, finds the project, hands the bytes to the sink and waits: its answer is the commit.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple, Protocol

from quarterdeck.observe.ingest.decode import Encoding, Signal


class Receipt(NamedTuple):
    """What became of one request: spans (or log records) kept, refused, and a summary of why ("" when nothing was)."""

    kept: int
    refused: int
    summary: str


class SpanSink(Protocol):
    """Where accepted bytes go."""

    def submit(
        self, project: str, body: bytes, encoding: Encoding, signal: Signal = "traces"
    ) -> asyncio.Future[Receipt]:
        """Take one request; the future is done when its spans (or the GenAI events among its logs) are durable.

        Raises Overloaded or RateLimited at once; the future raises BadInput or StoreFailed.
        """
        ...

    def count_unstored(self, signal: str, items: int) -> None:
        """Count metrics that were accepted and not stored."""
        ...


class Authenticator(Protocol):
    """Who may send."""

    def project_of(self, secret: str | None, remote: str) -> str:
        """The project of this key (or the default project where none is needed). Raises Unauthenticated, Forbidden."""
        ...


def secret_from(authorization: str | None, api_key: str | None) -> str | None:
    """The secret in `Authorization: Bearer …` or `x-api-key`."""
    if authorization and authorization.lower().startswith("bearer "):
        return authorization[7:].strip()
    return api_key or None
