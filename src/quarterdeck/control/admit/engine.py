"""What a gate asks of whoever keeps the buckets: the seam between deciding order and keeping amounts.

The ledger of one process is one engine; another may keep its buckets elsewhere for many processes. One contract suite
runs on all (tests/engine_contract). Refuses: order, lanes, retries; those are the gate's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from quarterdeck.control.admit.charge import Charge
from quarterdeck.control.admit.feedback import Window

ACCOUNT = ""
"""The scope of the provider account itself; others are `tenant:NAME`, `task:NAME`, `node:NAME`."""


class Short(NamedTuple):
    """Why nothing was taken: the scope and dimension that lack room, and when time alone would give it.

    `never`: the charge is larger than the bucket. `wait_s` is inf when only a settlement can help.
    """

    scope: str
    dimension: str
    wait_s: float
    never: bool = False


class DimensionState(NamedTuple):
    """One dimension of a scope now. `limit` as configured or told (per minute, at once, per day); `full_in_s` may be unknown."""

    scope: str
    dimension: str
    limit: float
    capacity: float
    level: float
    held: float
    full_in_s: float | None


class Keeping(NamedTuple):
    """Where the buckets are kept. `processes`: that share them; `fail`: what happens when the keeper cannot be reached;
    `lost_since`: seconds since the epoch from when it could not, None when it can."""

    place: str = "this process"
    processes: int = 1
    fail: str | None = None
    lost_since: float | None = None


HERE = Keeping()


class Engine(Protocol):
    """Keeps amounts. `now` is in seconds since the epoch and never goes back. Hold ids are positive and unique."""

    def reserve(self, now: float, charge: Charge, scopes: Sequence[str] = ()) -> int | Short:
        """Take `charge` from the account and every scope, or nothing: a hold id, or what was short."""
        ...

    def too_large(self, charge: Charge, scopes: Sequence[str] = ()) -> Short | None:
        """What of `charge` is larger than a bucket can ever hold; None when it can fit some day."""
        ...

    def settle(self, now: float, hold: int, final: Charge) -> bool:
        """End a hold with what was really taken; False when it is not known (ended before, or expired)."""
        ...

    def renew(self, now: float, hold: int) -> bool:
        """The caller is alive: the lease begins again. False when the hold is not known."""
        ...

    def expire(self, now: float) -> Sequence[int]:
        """End every hold whose lease is over, charged as reserved; answers their ids."""
        ...

    def observe(self, now: float, hold: int | None, windows: Sequence[Window]) -> None:
        """Take the provider's own word: limits and what remains. `hold`: whose answer carried it."""
        ...

    def drained(self, now: float, dimensions: Sequence[int]) -> None:
        """The provider refused: in these dimensions it has about nothing left."""
        ...

    def set_limit(self, now: float, dimension: int, limit: float) -> None:
        """Track a limit that was measured."""
        ...

    def wait_s(self, now: float, charge: Charge, scopes: Sequence[str] = ()) -> float:
        """Seconds until `charge` would fit if nothing else happened; 0 now, inf when only a settlement can help."""
        ...

    def state(self, now: float) -> Sequence[DimensionState]:
        """Every dimension of the account, then of scopes in use."""
        ...

    def held(self) -> int:
        """How many holds there are."""
        ...

    def due(self) -> float | None:
        """When `expire` wants to be called although nothing happens; None: it need not be."""
        ...

    def keeping(self) -> Keeping:
        """Where the buckets are kept, and whether they can be reached."""
        ...
