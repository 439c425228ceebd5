"""What one process has of one shared bucket: a slice leased and not yet spent, what its calls hold, and how the bucket stood.

Pure. Refuses: speaking to whoever keeps the bucket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterdeck.control.admit.buckets import DAY_S, MINUTE_S, Buckets
from quarterdeck.control.admit.charge import CONCURRENCY, COST, DIMENSIONS, PER_MINUTE, Limits
from quarterdeck.model.amounts import Report, Standing, Vector

SLICE_SHARE = 0.01
"""Of a bucket, leased at a time beyond what a call needs: at the full rate that is a word with the keeper every 0.6 s."""
_N = len(DIMENSIONS)


class Slice:
    """`purse`: leased and unspent, negative when a call took more than it held. `seen`: the bucket as far as we may reach it."""

    def __init__(
        self, scope: str, limits: Limits, now: float, burst_s: Mapping[int, float], streamed: Sequence[int]
    ) -> None:
        self.scope = scope
        self.limits = limits
        self.seen = Buckets(limits, now, burst_s=burst_s, streamed=streamed)
        self.purse = [0.0] * _N
        self.standing: Standing | None = None
        self.measured: list[float | None] = [None] * _N
        self.touched = True
        self._burst_s = tuple(burst_s.get(i, MINUTE_S) for i in range(_N))
        self._streamed = tuple(streamed)
        self._spent_usd = 0.0
        self._day = now // DAY_S
        self._alone_at: float | None = None
        self._alone = [0.0] * _N

    def fits(self, charge: Sequence[float]) -> bool:
        """True when what was leased is enough."""
        purse = self.purse
        return all(charge[i] <= purse[i] or charge[i] <= 0.0 for i in self.seen.dims)

    def take(self, charge: Sequence[float]) -> None:
        """Hold `charge` out of the purse."""
        self.touched = True
        for i in self.seen.dims:
            self.purse[i] -= charge[i]
        self.seen.take(charge)

    def settle(self, now: float, charge: Sequence[float], final: Sequence[float]) -> None:
        """End a hold of `charge` with what was really taken."""
        self._turn_day(now)
        self.seen.refill(now)
        for i in self.seen.dims:
            self.purse[i] += charge[i] - final[i]
        self._spent_usd += final[COST]
        self.seen.settle(charge, final)

    def _turn_day(self, now: float) -> None:
        if now // DAY_S > self._day:
            self._day, self._spent_usd = now // DAY_S, 0.0

    def want(self, charge: Sequence[float]) -> Vector:
        """How much to ask for when `charge` does not fit: what calls of the next moments will need as well."""
        capacity = self.seen.capacity
        spare = [capacity[i] * SLICE_SHARE if i in self.seen.dims else 0.0 for i in range(_N)]
        return tuple(max(charge[i], spare[i]) for i in range(_N))

    def report(self, now: float, *, give: bool) -> Report:
        """What to say to the keeper. `give`: all that is unspent goes back; a debt does in any case."""
        self._turn_day(now)
        kept = tuple(0.0 if give or one < 0 else one for one in self.purse)
        held = self.seen.held
        used = [0.0] * _N
        used[CONCURRENCY] = kept[CONCURRENCY] + held[CONCURRENCY]
        used[COST] = kept[COST] + held[COST] + self._spent_usd
        return Report(
            self.scope,
            tuple(self.limits.of(i) for i in range(_N)),
            tuple(self.measured),
            self._burst_s,
            self._streamed,
            self.standing is not None,
            tuple(self.purse[i] - kept[i] - self._alone[i] for i in range(_N)),
            kept,
            tuple(held),
            tuple(used),
        )

    def reached(self, now: float, report: Report, standing: Standing, granted: Vector | None) -> None:
        """The keeper has answered `report`."""
        self.standing = standing
        self._alone_at = None
        self._alone = [0.0] * _N
        self.seen.refill(now)
        for i, limit in enumerate(standing.limits):
            if limit is not None and limit != self.seen.limits.of(i):
                self.seen.set_limit(i, limit)
        self.seen.limits = Limits(**dict(zip(DIMENSIONS, standing.limits, strict=True)))
        for i in range(_N):
            self.purse[i] = report.purse[i] + (granted[i] if granted is not None else 0.0)
            self.seen.level[i] = standing.level[i] + self.purse[i]
        self.touched = granted is not None

    def lost(self, report: Report) -> None:
        """No answer: what we gave back may or may not have arrived, so it is not ours any more; a debt stays."""
        self.purse = [min(one, kept) for one, kept in zip(self.purse, report.purse, strict=True)]

    def go_alone(self, now: float) -> None:
        """The keeper cannot be reached and the choice is to go on: this process's part of every limit refills here."""
        share = 1.0 / (self.standing.processes if self.standing is not None else 1)
        passed = now - self._alone_at if self._alone_at is not None else 0.0
        self._alone_at = now
        for i in self.seen.dims:
            more = 0.0
            if i in PER_MINUTE:
                room = self.seen.full[i] * share - self.purse[i]
                more = min(self.seen.rate[i] * share * passed, max(room, 0.0))
                self._alone[i] += more
            elif i == CONCURRENCY:
                more = max(self.seen.capacity[i] * share - self.seen.held[i] - self.purse[i], 0.0)
            else:
                more = max(self.seen.capacity[i] * share - self._spent_usd - self.seen.held[i] - self.purse[i], 0.0)
            self.purse[i] += more

    @property
    def idle(self) -> bool:
        """True when nothing is held or kept, so that it may be forgotten."""
        return not any(self.seen.held) and not any(self.purse) and not self.touched
