"""The few protocols by which rooms that do not know each other meet. A composition root connects them.

Refuses: anything that two rooms of one layer could settle through the store.
"""

from __future__ import annotations

from typing import Protocol

from quarterdeck.model.signals import Keys


class Breaker(Protocol):
    """Whoever can hold back new calls: admission."""

    def stop(self, project: str, where: Keys, reason: str, until_ns: int) -> bool:
        """Ask that runs of `where` get no further calls until then; answers whether they will not. Must not block."""
        ...


class SpanSink(Protocol):
    """Where a room's own spans go: in by the same door as everybody's, so that a call is counted once."""

    def send(self, project: str, request: bytes) -> None:
        """Take an OTLP trace request (protobuf). Answers at once; what it cannot take it counts. From one thread."""
        ...
