"""The buckets of one account or share: a level for each limited dimension, refilled with time.

A mirror of the provider's token bucket: the level grows by limit / 60 a second up to the bucket's size, a settlement
may take it below zero. Refuses: asking the time, and deciding for whom it fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterdeck.control.admit.charge import COST, DIMENSIONS, PER_MINUTE, Limits

DAY_S = 86_400.0
MINUTE_S = 60.0
NEVER = float("inf")
GUARD_S = 0.25
"""A full bucket is taken to be this much of its refill short: the provider's begins to refill when a call arrives, not when it
leaves here, and calls overtake each other on the way."""
_SLACK = 1e-9  # of a bucket: sums of floats must not refuse what fits exactly


class Buckets:
    """One level per limited dimension. `burst_s`: seconds of the limit that a bucket holds, a minute if not said.

    `streamed` dimensions are charged by the provider while an answer runs: what is held there is not yet taken from
    its bucket, so this mirror is full at size − held. `drain`: what others are seen to take of the refill, a second.
    """

    __slots__ = (
        "_at",
        "_burst_s",
        "_day_end",
        "capacity",
        "dims",
        "drain",
        "full",
        "held",
        "level",
        "limits",
        "rate",
        "streamed",
    )

    def __init__(
        self,
        limits: Limits,
        now: float,
        *,
        burst_s: Mapping[int, float] | None = None,
        streamed: Sequence[int] = (),
    ) -> None:
        self._burst_s = dict(burst_s or {})
        self._at = now
        self._day_end = (now // DAY_S + 1) * DAY_S
        self.limits = limits
        self.streamed = frozenset(streamed)
        self.level = [0.0] * len(DIMENSIONS)
        self.rate = [0.0] * len(DIMENSIONS)
        self.capacity = [NEVER] * len(DIMENSIONS)
        self.full = [NEVER] * len(DIMENSIONS)
        self.drain = [0.0] * len(DIMENSIONS)
        self.held = [0.0] * len(DIMENSIONS)
        self.dims: tuple[int, ...] = ()
        for dimension in range(len(DIMENSIONS)):
            limit = limits.of(dimension)
            if limit is not None:
                self.set_limit(dimension, limit)
                self.level[dimension] = self.full[dimension]

    def set_limit(self, dimension: int, limit: float) -> None:
        """Track a new limit (per minute, at once or per day). What is held or owed stays held or owed."""
        if dimension not in self.dims:
            self.dims = tuple(sorted((*self.dims, dimension)))
            self.level[dimension] = limit - self.held[dimension]
            self.capacity[dimension] = limit
        if dimension in PER_MINUTE:
            self.rate[dimension] = limit / MINUTE_S
            size = max(limit / MINUTE_S * self._burst_s.get(dimension, MINUTE_S), 1.0)
            self.capacity[dimension] = size
            self.full[dimension] = max(size - self.rate[dimension] * GUARD_S, size / 2)
            self.level[dimension] = min(self.level[dimension], size)
        else:
            self.level[dimension] += limit - self.capacity[dimension]
            self.capacity[dimension] = self.full[dimension] = limit

    def refill(self, now: float) -> None:
        """Bring every level to `now`; a time that goes back changes nothing."""
        passed = now - self._at
        if passed <= 0.0:
            return
        self._at = now
        level, rate = self.level, self.rate
        for i in self.dims:
            if rate[i]:
                full = self.full[i] - self.held[i] if i in self.streamed else self.full[i]
                if level[i] < full:
                    risen = level[i] + (rate[i] - self.drain[i]) * passed
                    level[i] = risen if risen < full else full
        if now >= self._day_end:
            self._day_end = (now // DAY_S + 1) * DAY_S
            if COST in self.dims:
                level[COST] = self.capacity[COST] - self.held[COST]

    def lacks(self, charge: Sequence[float]) -> int:
        """The first dimension in which `charge` does not fit now; −1 when all of it fits."""
        level = self.level
        for i in self.dims:
            wanted = charge[i]
            if wanted > level[i] and wanted > 0.0:
                # What is larger than "full" may go when nothing is missing; sums of floats may be off by a little.
                if level[i] + self.capacity[i] * _SLACK >= min(wanted, self.full[i]) and wanted <= self.capacity[i]:
                    continue
                return i
        return -1

    def never(self, charge: Sequence[float]) -> int:
        """The first dimension in which `charge` is larger than the bucket; −1 when it can fit some day."""
        for i in self.dims:
            if charge[i] > self.capacity[i] * (1 + _SLACK):
                return i
        return -1

    def take(self, charge: Sequence[float]) -> None:
        """Hold `charge` in every dimension."""
        level, held = self.level, self.held
        for i in self.dims:
            amount = charge[i]
            level[i] -= amount
            held[i] += amount

    def settle(self, charge: Sequence[float], final: Sequence[float]) -> None:
        """End a hold of `charge` with what was really taken."""
        level, held, capacity, streamed = self.level, self.held, self.capacity, self.streamed
        for i in self.dims:
            amount = charge[i]
            held[i] -= amount
            risen = level[i] + amount - final[i]
            full = capacity[i] - held[i] if i in streamed else capacity[i]
            level[i] = risen if risen < full else full

    def bound(self, dimension: int, low: float, high: float) -> float:
        """Put a level between two measured bounds; answers by how much it changed."""
        before = self.level[dimension]
        self.level[dimension] = min(max(before, low), high)
        return self.level[dimension] - before

    def wait_s(self, charge: Sequence[float]) -> float:
        """Seconds until `charge` fits, if nothing else is taken or settled; inf when only a settlement can help."""
        longest = 0.0
        for i in self.dims:
            wanted = self.full[i] if self.full[i] < charge[i] <= self.capacity[i] else charge[i]
            short = wanted - self.level[i]
            if short > self.capacity[i] * _SLACK and charge[i] > 0.0:
                longest = max(longest, self._seconds(i, short))
        return longest

    def _seconds(self, i: int, short: float) -> float:
        if i == COST:
            return max(self._day_end - self._at, 0.0)
        return short / (self.rate[i] - self.drain[i]) if self.rate[i] else NEVER

    def full_in_s(self, dimension: int) -> float | None:
        """Seconds until a bucket is full if nothing more is taken; None for a dimension that only settling fills."""
        short = self.full[dimension] - self.level[dimension]
        if short <= 0:
            return 0.0
        return short / self.rate[dimension] if self.rate[dimension] else None
