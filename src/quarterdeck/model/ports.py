"""The few protocols by which rooms that do not know each other meet. A composition root connects them.

Refuses: anything that two rooms of one layer could settle through the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from quarterdeck.model.probes import ProbeCase, ProbeReply
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


class ProbeTarget(Protocol):
    """One side of a probe: runs a case once."""

    def ask(self, case: ProbeCase) -> ProbeReply:
        """Blocks, within its own time limit. Raises Unreachable, BadInput where nothing can be run at all."""
        ...


class Leave(Protocol):
    """Leave to make one call of a model, and the duty to say how it ended. A reservation of admission is one."""

    def settle(self, usage: Any = None, /) -> object:
        """The answer is complete; `usage` as the provider told it."""
        ...

    def fail(self, status: int | None, headers: Mapping[str, Any] | None = None, body: Any = None, /) -> object:
        """The provider refused or failed the call; `status` None: the connection was lost."""
        ...


class Admitter(Protocol):
    """Whoever keeps a ledger of a provider's limits: admission."""

    def leave(self, url: str, model: str, messages: Any, /) -> Leave | None:
        """Wait for room, within a limit of its own. None: there is no ledger for this provider. Raises AdmissionRefused."""
        ...
