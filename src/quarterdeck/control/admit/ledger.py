"""The ledger of one account in this process: reserve, settle, expire, and listen to the provider.

Pure: the time is an argument, nothing waits here. All dimensions are taken at once, on every level, or none is.
Refuses: an order among callers; that is the gate's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from quarterdeck.control.admit.buckets import Buckets
from quarterdeck.control.admit.charge import CONCURRENCY, DIMENSIONS, Charge, Limits
from quarterdeck.control.admit.engine import ACCOUNT, HERE, DimensionState, Keeping, Short
from quarterdeck.control.admit.feedback import Window
from quarterdeck.control.admit.others import OthersShare

LEASE_S = 600.0
SCOPES_MAX = 100_000
"""Scopes with buckets of their own. Beyond it those that are full, and so remember nothing, are let go."""
_DRAINED_BELOW = 0.5
"""A refusal that names no dimension is laid to those under half; a bucket that is nearly full was not the reason."""


class _Hold:
    """What one call holds. `taken_before`: what the account had taken in all when this hold began."""

    __slots__ = ("at", "charge", "lease_until", "path", "taken_before")

    def __init__(
        self, charge: Charge, path: tuple[Buckets, ...], at: float, lease_until: float, taken: list[float]
    ) -> None:
        self.charge = charge
        self.path = path
        self.at = at
        self.lease_until = lease_until
        self.taken_before = taken


class Ledger:
    """Buckets of an account and of its shares. An `Engine`.

    `limits`: the account's own; a limit that the provider tells is tracked, and never above a configured one.
    `shares`: limits by scope, as `tenant:acme`, or `tenant:*` for every tenant that has none of its own; kinds are
    tenant, task and node.
    """

    def __init__(
        self,
        limits: Limits,
        now: float,
        *,
        burst_s: Mapping[int, float] | None = None,
        streamed: Sequence[int] = (),
        shares: Mapping[str, Limits] | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._configured = limits
        self._root = Buckets(limits, now, burst_s=burst_s, streamed=streamed)
        self._alone = (self._root,)
        self._shares = dict(shares or {})
        self._scopes: dict[str, Buckets] = {}
        self._lease_s = lease_s
        self._holds: dict[int, _Hold] = {}
        self._leases: deque[int] = deque()
        self._last = 0
        self._taken = [0.0] * len(DIMENSIONS)
        self._others = [OthersShare() for _ in DIMENSIONS]

    def reserve(self, now: float, charge: Charge, scopes: Sequence[str] = ()) -> int | Short:
        root = self._root
        root.refill(now)
        path: tuple[Buckets, ...] = self._alone
        if scopes and self._shares:
            for scope in scopes:
                share = self._scope(now, scope)
                if share is not None:
                    lacking = share.lacks(charge)
                    if lacking >= 0:
                        return _short(scope, share, lacking, charge)
                    path += (share,)
        lacking = root.lacks(charge)
        if lacking >= 0:
            return _short(ACCOUNT, root, lacking, charge)
        for buckets in path:
            buckets.take(charge)
        taken = self._taken
        hold = self._last = self._last + 1
        self._holds[hold] = _Hold(charge, path, now, now + self._lease_s, taken[:])
        self._leases.append(hold)
        for i in root.dims:
            taken[i] += charge[i]
        return hold

    def _scope(self, now: float, scope: str) -> Buckets | None:
        buckets = self._scopes.get(scope)
        if buckets is None:
            limits = self._shares.get(scope) or self._shares.get(scope.partition(":")[0] + ":*")
            if limits is None:
                return None
            if len(self._scopes) >= SCOPES_MAX:
                self._forget_full(now)
            buckets = self._scopes[scope] = Buckets(limits, now)
        buckets.refill(now)
        return buckets

    def _forget_full(self, now: float) -> None:
        for scope, buckets in list(self._scopes.items()):
            buckets.refill(now)
            if all(buckets.level[i] >= buckets.capacity[i] for i in buckets.dims):
                del self._scopes[scope]

    def too_large(self, charge: Charge, scopes: Sequence[str] = ()) -> Short | None:
        never = self._root.never(charge)
        if never >= 0:
            return Short(ACCOUNT, DIMENSIONS[never], float("inf"), never=True)
        for scope in scopes if self._shares else ():
            share = self._scopes.get(scope)
            never = share.never(charge) if share is not None else -1
            if never >= 0:
                return Short(scope, DIMENSIONS[never], float("inf"), never=True)
        return None

    def settle(self, now: float, hold: int, final: Charge) -> bool:
        holds, leases = self._holds, self._leases
        held = holds.pop(hold, None)
        if held is None:
            return False
        while leases and leases[0] not in holds:  # what was settled needs no lease any more
            leases.popleft()
        charge = held.charge
        for buckets in held.path:
            buckets.refill(now)
            buckets.settle(charge, final)
        taken = self._taken
        for i in self._root.dims:
            taken[i] += final[i] - charge[i]
        return True

    def renew(self, now: float, hold: int) -> bool:
        held = self._holds.get(hold)
        if held is None:
            return False
        held.lease_until = now + self._lease_s
        return True

    def expire(self, now: float) -> Sequence[int]:
        ended = []
        leases = self._leases
        while leases:
            held = self._holds.get(leases[0])
            if held is not None and held.at + self._lease_s > now:
                break
            hold = leases.popleft()
            if held is None:
                continue
            if held.lease_until > now:  # renewed: looked at again when that lease would end
                held.at = held.lease_until - self._lease_s
                leases.append(hold)
            else:
                self.settle(now, hold, held.charge._replace(concurrency=0.0))
                ended.append(hold)
        return ended

    def observe(self, now: float, hold: int | None, windows: Sequence[Window]) -> None:
        if not windows:
            return
        held = self._holds.get(hold) if hold is not None else None
        self._root.refill(now)
        for window in windows:
            if window.limit is not None:
                self._track(window.dimension, window.limit)
            if window.remaining is not None and window.dimension in self._root.dims:
                self._bound(now, held, window)

    def _track(self, dimension: int, told: float) -> None:
        configured = self._configured.of(dimension)
        limit = told if configured is None else min(told, configured)
        if self._root.limits.of(dimension) != limit:
            self._set(dimension, limit)

    def _set(self, dimension: int, limit: float) -> None:
        self._root.set_limit(dimension, limit)
        named = {name: self._root.limits.of(i) for i, name in enumerate(DIMENSIONS)}
        self._root.limits = Limits(**{**named, DIMENSIONS[dimension]: limit})

    def _bound(self, now: float, held: _Hold | None, window: Window) -> None:
        """Put our level between what the provider's word allows; see the design note, rule 6."""
        i, root = window.dimension, self._root
        assert window.remaining is not None
        high = window.remaining
        if held is not None and root.level[i] > high:
            # Somebody else took of it. As if the word was given when the call came in: what we took since is not in it. A level
            # below the word agrees with it already: in a burst, what was taken since would be counted twice.
            since = self._taken[i] - held.taken_before[i] - held.charge[i]
            high = min(high, window.remaining - since + root.rate[i] * (now - held.at))
        tracked = window.limit is None or root.limits.of(i) == window.limit
        # What is held may be seen or not, and may have been given back there before we hear of it: all of it is left out.
        low = min(window.remaining - root.held[i], high) if tracked else -root.capacity[i]
        root.bound(i, low, high)
        if i not in root.streamed and tracked:
            others = self._others[i]
            others.seen(now, window.remaining, self._taken[i], root.rate[i], root.capacity[i])
            root.drain[i] = others.drain(root.rate[i])

    def drained(self, now: float, dimensions: Sequence[int]) -> None:
        root = self._root
        root.refill(now)
        named = [i for i in dimensions if i in root.dims]
        if not named:
            filled = {i: root.level[i] / root.capacity[i] for i in root.dims if root.rate[i]}
            named = [i for i, share in filled.items() if share < _DRAINED_BELOW or share == min(filled.values())]
        for i in named:
            root.bound(i, -root.capacity[i], 0.0)

    def set_limit(self, now: float, dimension: int, limit: float) -> None:
        self._root.refill(now)
        self._set(dimension, limit)

    def wait_s(self, now: float, charge: Charge, scopes: Sequence[str] = ()) -> float:
        self._root.refill(now)
        longest = self._root.wait_s(charge)
        for scope in scopes if self._shares else ():
            share = self._scope(now, scope)
            if share is not None:
                longest = max(longest, share.wait_s(charge))
        return longest

    def state(self, now: float) -> Sequence[DimensionState]:
        self._root.refill(now)
        found = list(_states(ACCOUNT, self._root))
        for scope, buckets in self._scopes.items():
            buckets.refill(now)
            found.extend(_states(scope, buckets))
        return found

    def held(self) -> int:
        return len(self._holds)

    def due(self) -> float | None:
        return None

    def keeping(self) -> Keeping:
        return HERE


_ONLY_SETTLING = Short(ACCOUNT, DIMENSIONS[CONCURRENCY], float("inf"))


def _short(scope: str, buckets: Buckets, lacking: int, charge: Charge) -> Short:
    if charge[lacking] > buckets.capacity[lacking]:
        return Short(scope, DIMENSIONS[lacking], float("inf"), never=True)
    if lacking == CONCURRENCY and scope == ACCOUNT:
        return _ONLY_SETTLING
    return Short(scope, DIMENSIONS[lacking], buckets.wait_s(charge))


def _states(scope: str, buckets: Buckets) -> list[DimensionState]:
    return [
        DimensionState(
            scope,
            DIMENSIONS[i],
            buckets.limits.of(i) or 0.0,
            buckets.capacity[i],
            buckets.level[i],
            buckets.held[i],
            None if i == CONCURRENCY else buckets.full_in_s(i),
        )
        for i in buckets.dims
    ]
