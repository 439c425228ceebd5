"""An engine for many processes: buckets kept elsewhere, of which this process leases slices and decides inside them alone.

Most calls fit what was leased; the keeper is asked when they do not, and once a second. When it cannot be reached, `closed`
lets calls wait and `open` goes on with this process's part of every limit. Refuses: more than was leased, unless open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Literal

from quarterdeck.control.admit.buckets import NEVER
from quarterdeck.control.admit.charge import DIMENSIONS, Charge, Limits
from quarterdeck.control.admit.engine import ACCOUNT, DimensionState, Keeping, Short
from quarterdeck.control.admit.feedback import Window
from quarterdeck.control.admit.ledger import LEASE_S
from quarterdeck.control.admit.slices import Slice
from quarterdeck.model.amounts import Leased, Report, SharedAmounts, Vector, Word

Fail = Literal["open", "closed"]
SYNC_S = 1.0
HEAR_S = 0.25
"""The provider's word is passed on this often, and at once when it tells another limit or less than we believe in."""
AGAIN_S = 1.0
"""After a failure the keeper is left alone for so long: a fleet that waits for time limits helps nobody."""


class _Hold:
    __slots__ = ("at", "before", "charge", "lease_until", "own", "path")

    def __init__(self, charge: Charge, path: tuple[Slice, ...], at: float, before: Vector | None, *, own: bool) -> None:
        self.charge = charge
        self.path = path
        self.at = self.lease_until = at
        self.before = before
        self.own = own


class LeasedLedger:
    """An `Engine` over amounts that processes share; limits, shares and leases as in `Ledger`."""

    def __init__(
        self,
        amounts: SharedAmounts,
        limits: Limits,
        now: float,
        *,
        burst_s: Mapping[int, float] | None = None,
        streamed: Sequence[int] = (),
        shares: Mapping[str, Limits] | None = None,
        lease_s: float = LEASE_S,
        fail: Fail = "closed",
    ) -> None:
        self._amounts = amounts
        self._shares = dict(shares or {})
        self._lease_s = lease_s
        self._fail = fail
        self._root = Slice(ACCOUNT, limits, now, burst_s or {}, streamed)
        self._slices: dict[str, Slice] = {ACCOUNT: self._root}
        self._holds: dict[int, _Hold] = {}
        self._leases: deque[int] = deque()
        self._last = 0
        self._again_at = self._sync_at = now
        self._heard_at = now - HEAR_S
        self._words: dict[int, tuple[float, _Hold | None, Window]] = {}
        self._lost_since: float | None = None

    # ------------------------------------------------------------ taking

    def reserve(self, now: float, charge: Charge, scopes: Sequence[str] = ()) -> int | Short:
        path = self._path(now, scopes)
        before = self._root.standing.taken if self._root.standing is not None else None
        leased = not all(one.fits(charge) for one in path)
        if leased:
            short = self._lease(now, charge, path)
            if short is not None:
                return short
        for one in path:
            one.take(charge)
        hold = self._last = self._last + 1
        held = self._holds[hold] = _Hold(charge, path, now, before, own=leased)
        held.lease_until = now + self._lease_s
        self._leases.append(hold)
        return hold

    def _path(self, now: float, scopes: Sequence[str]) -> tuple[Slice, ...]:
        found: tuple[Slice, ...] = (self._root,)
        for scope in scopes if self._shares else ():
            one = self._slice(now, scope)
            if one is not None:
                found += (one,)
        return found

    def _slice(self, now: float, scope: str) -> Slice | None:
        one = self._slices.get(scope)
        if one is None:
            limits = self._shares.get(scope) or self._shares.get(scope.partition(":")[0] + ":*")
            if limits is None:
                return None
            one = self._slices[scope] = Slice(scope, limits, now, {}, ())
        return one

    def _lease(self, now: float, charge: Charge, path: tuple[Slice, ...]) -> Short | None:
        never = next((short for one in path if (short := _too_large(one, charge)) is not None), None)
        if never is not None:
            return never
        if self._lost_since is not None:  # ask whether it is back before anything is given away
            self._sync(now, give=False)
        if now >= self._again_at:
            self._tell(now)
            reports = [one.report(now, give=True) for one in path]
            answer = self._amounts.lease(now, reports, charge, [one.want(charge) for one in path])
            if self._arrived(now, path, reports, answer) and answer is not None:
                if answer.lack is None:
                    return None
                bucket, dimension, wait_s, never_fits = answer.lack
                return Short(path[bucket].scope, DIMENSIONS[dimension], wait_s, never_fits)
        return self._without_keeper(now, charge, path)

    def _without_keeper(self, now: float, charge: Charge, path: tuple[Slice, ...]) -> Short | None:
        if self._fail == "open":
            for one in self._slices.values():
                one.go_alone(now)
            short = next((one for one in path if not one.fits(charge)), None)
            if short is None:
                return None
            lacking = next(i for i in short.seen.dims if charge[i] > short.purse[i])
            return Short(short.scope, DIMENSIONS[lacking], AGAIN_S / 4)
        lacking = next((i for i in self._root.seen.dims if charge[i] > self._root.purse[i]), 0)
        return Short(ACCOUNT, DIMENSIONS[lacking], max(self._again_at - now, AGAIN_S / 4))

    def _arrived(self, now: float, path: Sequence[Slice], reports: Sequence[Report], answer: Leased | None) -> bool:
        if answer is None:
            self._again_at = now + AGAIN_S
            self._lost_since = now if self._lost_since is None else self._lost_since
            for one, report in zip(path, reports, strict=True):
                one.lost(report)
            return False
        self._lost_since = None
        for k, one in enumerate(path):
            granted = answer.granted[k] if answer.granted is not None else None
            one.reached(now, reports[k], answer.standings[k], granted)
        return True

    def too_large(self, charge: Charge, scopes: Sequence[str] = ()) -> Short | None:
        found = _too_large(self._root, charge)
        for scope in scopes if self._shares and found is None else ():
            one = self._slices.get(scope)
            found = found or (_too_large(one, charge) if one is not None else None)
        return found

    # ------------------------------------------------------------ ending

    def settle(self, now: float, hold: int, final: Charge) -> bool:
        held = self._holds.pop(hold, None)
        if held is None:
            return False
        while self._leases and self._leases[0] not in self._holds:
            self._leases.popleft()
        for one in held.path:
            one.settle(now, held.charge, final)
        return True

    def renew(self, now: float, hold: int) -> bool:
        held = self._holds.get(hold)
        if held is None:
            return False
        held.lease_until = now + self._lease_s
        return True

    def expire(self, now: float) -> Sequence[int]:
        ended = []
        for hold in list(self._leases) if self._lease_is_over(now) else ():
            held = self._holds.get(hold)
            if held is not None and held.lease_until <= now:
                self.settle(now, hold, held.charge._replace(concurrency=0.0))
                ended.append(hold)
        if now >= self._sync_at:
            self._sync(now, give=False)
        return ended

    def _lease_is_over(self, now: float) -> bool:
        held = self._holds.get(self._leases[0]) if self._leases else None
        return held is not None and held.at + self._lease_s <= now

    def _sync(self, now: float, *, give: bool) -> None:
        """Say what we have; slices that no call touched since the last time go back."""
        self._sync_at = now + SYNC_S
        if now < self._again_at:
            return
        self._tell(now)
        slices = list(self._slices.values())
        reports = [one.report(now, give=give or not one.touched) for one in slices]
        self._arrived(now, slices, reports, self._amounts.sync(now, reports))
        self._slices = {one.scope: one for one in slices if one is self._root or not one.idle}

    def due(self) -> float | None:
        return self._sync_at

    # ------------------------------------------------------------ hearing

    def observe(self, now: float, hold: int | None, windows: Sequence[Window]) -> None:
        held = self._holds.get(hold) if hold is not None else None
        root, urgent = self._root, False
        for window in windows:
            i = window.dimension
            self._words[i] = now, held, window
            told = window.limit is not None and window.limit != root.seen.limits.of(i)
            less = window.remaining is not None and i in root.seen.dims and window.remaining < root.seen.level[i]
            urgent = urgent or told or less
        if self._words and (urgent or now - self._heard_at >= HEAR_S):
            self._tell(now)

    def _tell(self, now: float, drained: Sequence[int] | None = None) -> None:
        """Pass on the provider's word. The newest of each dimension is enough."""
        if (not self._words and drained is None) or now < self._again_at:
            return
        words = [_word(now, *said) for said in self._words.values()]
        self._words.clear()
        self._heard_at = now
        report = self._root.report(now, give=True)
        self._arrived(now, (self._root,), (report,), self._amounts.hear(now, report, words, drained))

    def drained(self, now: float, dimensions: Sequence[int]) -> None:
        self._tell(now, dimensions)

    def set_limit(self, now: float, dimension: int, limit: float) -> None:
        """What one process measures is its part; the parts of all are the limit."""
        self._root.measured[dimension] = limit
        self._sync(now, give=False)

    # ------------------------------------------------------------ looking

    def wait_s(self, now: float, charge: Charge, scopes: Sequence[str] = ()) -> float:
        longest = 0.0
        for one in self._path(now, scopes):
            one.seen.refill(now)
            longest = max(longest, one.seen.wait_s(charge))
        if longest == NEVER and self._others:
            return HEAR_S
        return longest

    @property
    def _others(self) -> bool:
        return self._root.standing is not None and self._root.standing.processes > 1

    def state(self, now: float) -> Sequence[DimensionState]:
        self._sync(now, give=True)
        return [found for one in self._slices.values() for found in _states(now, one)]

    def held(self) -> int:
        return len(self._holds)

    def keeping(self) -> Keeping:
        standing = self._root.standing
        return Keeping(
            self._amounts.place,
            standing.processes if standing is not None else 1,
            self._fail,
            self._lost_since,
        )


def _too_large(one: Slice, charge: Charge) -> Short | None:
    never = one.seen.never(charge)
    return None if never < 0 else Short(one.scope, DIMENSIONS[never], NEVER, never=True)


def _word(now: float, at: float, held: _Hold | None, window: Window) -> Word:
    i = window.dimension
    if held is None or held.before is None:
        return Word(i, window.limit, window.remaining, now - at, None, 0.0)
    return Word(i, window.limit, window.remaining, now - held.at, held.before[i], held.charge[i] if held.own else 0.0)


def _states(now: float, one: Slice) -> list[DimensionState]:
    one.seen.refill(now)
    held = one.standing.held if one.standing is not None else one.seen.held
    return [
        DimensionState(
            one.scope,
            DIMENSIONS[i],
            one.seen.limits.of(i) or one.seen.capacity[i],
            one.seen.capacity[i],
            one.seen.level[i],
            held[i],
            one.seen.full_in_s(i),
        )
        for i in one.seen.dims
    ]
