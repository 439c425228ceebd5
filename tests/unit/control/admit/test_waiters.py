"""Order among those who wait: lanes with floors, tenants by what they have had, deadlines, and who steps aside."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.control.admit.ask import Ask
from quarterdeck.control.admit.call import Call
from quarterdeck.control.admit.charge import Charge
from quarterdeck.control.admit.need import Need
from quarterdeck.control.admit.plan import Plan
from quarterdeck.control.admit.waiters import Waiters

PLAN = Plan(Need(1, 1, 1), 1, False)


def call(ticket: int, *, lane: int = 0, tenant: str = "a", tokens: float = 100.0, due: float = 0.0) -> Call:
    made = Call(ticket, Ask("m", tokens, lane=lane, tenant=tenant), PLAN, Charge(input=tokens), 0.0)
    made.due = due
    return made


def served(waiters: Waiters, n: int) -> list[Call]:
    found = []
    for _ in range(n):
        head = waiters.next()
        if head is None:
            break
        waiters.take(head)
        found.append(head)
    return found


def test_a_higher_lane_goes_first() -> None:
    waiters = Waiters((0.0, 0.0))
    for at in range(4):
        waiters.add(call(at, lane=1 - at % 2))
    assert [one.ask.lane for one in served(waiters, 4)] == [0, 0, 1, 1]


def test_a_lower_lane_gets_its_floor_share() -> None:
    waiters = Waiters((0.05, 0.05))
    for at in range(1_000):
        waiters.add(call(at, lane=at % 2))
    lanes = Counter(one.ask.lane for one in served(waiters, 400))
    assert 15 <= lanes[1] <= 25


def test_a_large_call_of_a_lower_lane_gets_its_floor_share_too() -> None:
    waiters = Waiters((0.05, 0.05))
    waiters.add(call(0, lane=1, tokens=5_000))
    for at in range(1, 2_000):
        waiters.add(call(at, lane=0))
    order = [one.ticket for one in served(waiters, 2_000)]
    assert order.index(0) <= 5_000 / (0.05 * 100) + 1


def test_backlogged_tenants_never_differ_by_more_than_one_call_each() -> None:
    """The bound of the virtual token counter, at every moment, whatever the sizes."""
    waiters = Waiters((0.0,))
    sizes = {f"t{at}": 10.0 * 100 ** (at / 9) for at in range(10)}
    for at in range(6_000):
        tenant = f"t{at % 10}"
        waiters.add(call(at, tenant=tenant, tokens=sizes[tenant]))
    had = dict.fromkeys(sizes, 0.0)
    for _ in range(500):
        [one] = served(waiters, 1)
        had[one.ask.tenant] += one.cost
        if min(waiters.counters().values()) > 0:
            assert max(had.values()) - min(had.values()) <= 2 * max(sizes.values())


def test_weights_share_by_weight() -> None:
    waiters = Waiters((0.0,), {"paying": 3.0})
    for at in range(2_000):
        waiters.add(call(at, tenant="paying" if at % 2 else "free"))
    tenants = Counter(one.ask.tenant for one in served(waiters, 400))
    assert 295 <= tenants["paying"] <= 305


def test_who_comes_back_from_idle_has_no_claim_on_the_past() -> None:
    waiters = Waiters((0.0,))
    for at in range(300):
        waiters.add(call(at, tenant="busy"))
    served(waiters, 200)
    for at in range(300, 400):
        waiters.add(call(at, tenant="back"))
    tenants = Counter(one.ask.tenant for one in served(waiters, 100))
    assert abs(tenants["back"] - tenants["busy"]) <= 2


def test_a_correction_at_settlement_moves_a_tenant_forward() -> None:
    waiters = Waiters((0.0,))
    for at in range(4):
        waiters.add(call(at, tenant="ab"[at % 2], tokens=100 if at % 2 else 150))
    first, second = served(waiters, 2)
    assert (first.ask.tenant, second.ask.tenant) == ("a", "b")
    waiters.charge(0, "a", -149.0)  # it used almost nothing
    head = waiters.next()
    assert head is not None
    assert head.ask.tenant == "a"


def test_inside_a_tenant_the_earliest_deadline_goes_first() -> None:
    waiters = Waiters((0.0,))
    for ticket, due in ((1, 30.0), (2, 10.0), (3, 20.0), (4, 10.0)):
        waiters.add(call(ticket, due=due))
    assert [one.ticket for one in served(waiters, 4)] == [2, 4, 3, 1]


def test_who_stepped_aside_comes_back_in_its_place() -> None:
    waiters = Waiters((0.0,))
    first, second = call(1, due=1.0), call(2, due=2.0)
    waiters.add(first)
    waiters.add(second)
    waiters.park(first, "task:x")
    assert waiters.next() is second
    assert waiters.parked_calls() == {"task:x": 1}
    assert waiters.unpark("task:x")
    assert waiters.next() is first
    assert not waiters.unpark("task:x")


def test_who_is_cancelled_while_aside_does_not_come_back() -> None:
    waiters = Waiters((0.0,))
    one = call(1)
    waiters.add(one)
    waiters.park(one, "task:x")
    waiters.cancel(one)
    assert not waiters.unpark("task:x")
    assert (waiters.calls, waiters.next()) == (0, None)


OPS = st.lists(st.tuples(st.sampled_from(["add", "take", "cancel", "park", "unpark", "settle"]), st.integers(0, 2), st.sampled_from("abc"), st.floats(1, 1e4)), max_size=80)  # fmt: skip


@given(OPS)
def test_everyone_who_waits_is_served_once(ops: list[tuple[str, int, str, float]]) -> None:
    waiters = Waiters((0.05, 0.05, 0.05))
    waiting: dict[int, Call] = {}
    aside: dict[int, Call] = {}
    for ticket, (kind, lane, tenant, tokens) in enumerate(ops):
        if kind == "add":
            waiting[ticket] = call(ticket, lane=lane, tenant=tenant, tokens=tokens, due=tokens)
            waiters.add(waiting[ticket])
        elif kind == "settle":
            waiters.charge(lane, tenant, -tokens)
        elif kind == "unpark":
            if waiters.unpark("task:x"):
                first = min(aside.values(), key=lambda one: one.due)
                waiting[first.ticket] = aside.pop(first.ticket)
        elif kind == "cancel" and waiting:
            waiters.cancel(waiting.pop(next(iter(waiting))))
        elif kind in ("take", "park"):
            head = waiters.next()
            assert (head is None) == (not waiting)
            if head is not None:
                del waiting[head.ticket]
                if kind == "take":
                    waiters.take(head)
                else:
                    aside[head.ticket] = head
                    waiters.park(head, "task:x")
        assert waiters.calls == len(waiting)
    while waiters.unpark("task:x"):
        pass
    assert sorted(one.ticket for one in served(waiters, 100)) == sorted([*waiting, *aside])
    assert all(abs(amount) < 1e-6 for lane in range(3) for amount in waiters.queued(lane)[1])
