"""Who waits, and who is next: lanes, then tenants by what they have had, then deadlines.

Lanes are strict with a floor share. Among tenants the smallest counter goes first (VTC: Sheng and others, "Fairness in
serving large language models", OSDI 2024): it grows by what was reserved, is corrected at settlement, and is lifted when
its tenant comes back from idle. Every operation is O(log n). Refuses: knowing amounts of room; the gate asks the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from quarterdeck.control.admit.call import Call, cost_of
from quarterdeck.control.admit.charge import Charge

FLOOR_SHARE = 0.05
_OWED_MAX = 50.0
"""A lane is owed at most this many of the call at its head: what was not asked for long ago is no claim."""
_STALE_MAX = 64
_TENANTS_MAX = 100_000


class _Tenant:
    """A tenant in a lane. `counter`: what it has had; `version`: which of its entries in the heap is the true one."""

    __slots__ = ("calls", "counter", "heap", "name", "version")

    def __init__(self, name: str) -> None:
        self.name = name
        self.counter = 0.0
        self.version = 0
        self.heap: list[tuple[float, int, Call]] = []
        self.calls = 0


class _Lane:
    """The tenants of one lane by counter, and what the lane is owed of its floor share."""

    __slots__ = ("active", "calls", "floor", "last", "order", "owed", "pushes", "queued", "tenants")

    def __init__(self, floor: float) -> None:
        self.floor = floor
        self.owed = 0.0
        self.pushes = 0
        self.active = 0
        self.calls = 0
        self.last: _Tenant | None = None
        self.order: list[tuple[float, int, _Tenant]] = []
        self.tenants: dict[str, _Tenant] = {}
        self.queued = [0.0] * len(Charge._fields)

    def add(self, charge: Charge, sign: float) -> None:
        """More waits, or less. Written out: it is on the way of every call."""
        queued = self.queued
        queued[0] += sign * charge[0]
        queued[1] += sign * charge[1]
        queued[2] += sign * charge[2]
        queued[3] += sign * charge[3]
        queued[4] += sign * charge[4]

    def push(self, tenant: _Tenant) -> None:
        self.pushes += 1
        tenant.version = self.pushes
        heappush(self.order, (tenant.counter, tenant.version, tenant))
        if len(self.order) > 4 * len(self.tenants) + _STALE_MAX:
            self.order = [entry for entry in self.order if entry[2].version == entry[1] and entry[2].calls]
            heapify(self.order)

    def first(self) -> Call | None:
        """The next in order, left where it is."""
        order = self.order
        while order:
            _, version, tenant = order[0]
            if version == tenant.version and tenant.calls:
                heap = tenant.heap
                while heap and heap[0][2].gone:
                    heappop(heap)
                if heap:
                    return heap[0][2]
            heappop(order)
        return None

    def smallest(self) -> float:
        """The counter of whoever is next, or was: not a high-water mark, which a large reservation leaves behind."""
        order = self.order
        while order and (order[0][1] != order[0][2].version or not order[0][2].calls):
            heappop(order)
        if order:
            return order[0][0]
        return self.last.counter if self.last is not None else 0.0


class Waiters:
    """All who wait for one account. `floors`: the floor share of each lane, highest lane first; `weights`: by tenant.

    `renew` is called with a head that may be next for its lane's floor share, to plan it by what is known now.
    """

    def __init__(
        self,
        floors: tuple[float, ...],
        weights: Mapping[str, float] | None = None,
        renew: Callable[[Call], None] | None = None,
    ) -> None:
        self._renew = renew
        self._lanes = [_Lane(floor) for floor in floors]
        self._weights = dict(weights or {})
        self._seq = 0
        self._parked: dict[str, list[tuple[float, int, Call]]] = {}
        self.calls = 0

    def add(self, call: Call) -> None:
        """Let it wait in its place."""
        lane = self._lanes[call.ask.lane]
        tenant = self._tenant(lane, call.ask.tenant)
        self._seq += 1
        heappush(tenant.heap, (call.due, self._seq, call))
        tenant.calls += 1
        lane.calls += 1
        self.calls += 1
        lane.add(call.charge, 1.0)
        if tenant.calls == 1:  # back from idle: it may not ask for what it did not want before
            lane.active += 1
            tenant.counter = max(tenant.counter, lane.smallest())
            lane.push(tenant)

    def _tenant(self, lane: _Lane, name: str) -> _Tenant:
        tenant = lane.tenants.get(name)
        if tenant is None:
            if len(lane.tenants) >= _TENANTS_MAX:
                lane.tenants = {key: one for key, one in lane.tenants.items() if one.calls}
            tenant = lane.tenants[name] = _Tenant(name)
            tenant.counter = lane.smallest()
        return tenant

    def next(self) -> Call | None:
        """Who is next, left in its place: the highest lane, unless a lower one is owed its floor share."""
        if not self.calls:
            return None
        found: Call | None = None
        owed_most = 0.0
        strict = True
        for lane in self._lanes:
            if not lane.calls:
                continue
            head = lane.first()
            if head is None:
                continue
            if strict:
                found, strict = head, False
            elif lane.owed > owed_most:
                if self._renew is not None:
                    self._renew(head)
                if lane.owed >= head.cost:
                    found, owed_most = head, lane.owed
        return found

    def take(self, call: Call) -> None:
        """It starts: out of the queue, its tenant charged, and the other lanes that wait owed their share of it."""
        self._remove(call)
        self._lanes[call.ask.lane].last = self._lanes[call.ask.lane].tenants[call.ask.tenant]
        for at, lane in enumerate(self._lanes):
            if at == call.ask.lane:
                lane.owed = max(lane.owed - call.cost, 0.0)
            elif lane.calls:
                lane.owed = min(lane.owed + lane.floor * call.cost, _OWED_MAX * call.cost)
        self.charge(call.ask.lane, call.ask.tenant, call.cost)

    def charge(self, lane_at: int, tenant_name: str, cost: float) -> None:
        """Add to what a tenant has had; negative to correct it."""
        if not cost:
            return
        lane = self._lanes[lane_at]
        tenant = self._tenant(lane, tenant_name)
        tenant.counter += cost / self._weights.get(tenant_name, 1.0)
        if tenant.calls:
            lane.push(tenant)

    def replan(self, call: Call, charge: Charge) -> None:
        """It needs another amount than was thought when it came."""
        lane = self._lanes[call.ask.lane]
        lane.add(call.charge, -1.0)
        lane.add(charge, 1.0)
        call.charge = charge
        call.cost = cost_of(charge)

    def cancel(self, call: Call) -> None:
        """It does not want to wait any longer."""
        if not call.gone:
            call.gone = True
            if not call.parked:
                self._remove(call)

    def _remove(self, call: Call) -> None:
        lane = self._lanes[call.ask.lane]
        tenant = lane.tenants[call.ask.tenant]
        if tenant.heap and tenant.heap[0][2] is call:
            heappop(tenant.heap)
        tenant.calls -= 1
        if not tenant.calls:
            lane.active -= 1
        lane.calls -= 1
        self.calls -= 1
        if lane.calls:
            lane.add(call.charge, -1.0)
        else:
            lane.queued = [0.0] * len(lane.queued)
            lane.owed = 0.0

    def park(self, call: Call, scope: str) -> None:
        """Its share of `scope` is used up: it steps aside, so that others of its tenant pass."""
        self._remove(call)
        call.parked = True
        self._seq += 1
        heappush(self._parked.setdefault(scope, []), (call.due, self._seq, call))

    def unpark(self, scope: str) -> bool:
        """The share of `scope` has room: the first that stepped aside is back in its place. False when there is none."""
        heap = self._parked.get(scope)
        while heap:
            _, _, call = heappop(heap)
            if not heap:
                del self._parked[scope]
            if not call.gone:
                call.parked = False
                self.add(call)
                return True
        return False

    def parked(self) -> Iterator[tuple[str, Call]]:
        """(scope, first that stepped aside) for every scope that holds someone back."""
        for scope, heap in list(self._parked.items()):
            while heap and heap[0][2].gone:
                heappop(heap)
            if heap:
                yield scope, heap[0][2]
            else:
                del self._parked[scope]

    def ahead(self, lane_at: int, tenant_name: str, charge: Charge) -> list[float]:
        """What will probably start before a call that came now, by dimension: higher lanes, and its own lane's fair share."""
        lane = self._lanes[lane_at]
        tenant = lane.tenants.get(tenant_name)
        mine = tenant.calls if tenant is not None else 0
        active = lane.active + (0 if mine else 1)
        share = min((mine + 1) * active / lane.calls, 1.0) if lane.calls else 0.0
        found = [amount * share for amount in lane.queued]
        for higher in self._lanes[:lane_at]:
            found = [amount + more for amount, more in zip(found, higher.queued, strict=True)]
        return [amount + own for amount, own in zip(found, charge, strict=True)]

    def waiting(self) -> list[tuple[int, str, int]]:
        """(lane, tenant, calls) of every tenant that waits."""
        return [
            (at, tenant.name, tenant.calls)
            for at, lane in enumerate(self._lanes)
            for tenant in lane.tenants.values()
            if tenant.calls
        ]

    def parked_calls(self) -> dict[str, int]:
        """Calls that stepped aside, by the scope whose share is used up."""
        found = {scope: sum(not entry[2].gone for entry in heap) for scope, heap in self._parked.items()}
        return {scope: calls for scope, calls in found.items() if calls}

    def queued(self, lane: int) -> tuple[int, Charge]:
        """(calls, amounts) that wait in a lane, without those that a share holds back."""
        return self._lanes[lane].calls, Charge(*self._lanes[lane].queued)

    def counters(self) -> dict[tuple[int, str], float]:
        """What each tenant has had, by lane and name."""
        return {(at, name): one.counter for at, lane in enumerate(self._lanes) for name, one in lane.tenants.items()}
