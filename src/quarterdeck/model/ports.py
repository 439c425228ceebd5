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
