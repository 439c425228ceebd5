"""One ledger for several processes, in a real Redis: nothing is taken twice, whoever is killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.control.admit import Admission
from quarterdeck.control.admit.charge import INPUT, Charge, Limits
from quarterdeck.control.admit.engine import Short
from quarterdeck.control.admit.feedback import Window
from quarterdeck.control.admit.leased import LeasedLedger
from quarterdeck.control.admit.slices import SLICE_SHARE
from quarterdeck.errors import AdmissionRefused, BadInput
from quarterdeck.light import shared_amounts
from quarterdeck.store.redis.amounts import LEASE_S

from .engines import LONG_UP, Server, server

pytestmark = pytest.mark.services

LIMITS = Limits(input=6_000, concurrency=4)
ONE = Charge(input=100.0, concurrency=1.0)


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server that a test may kill."""
    with server() as one:
        yield one


def fleet(redis: Server, limits: Limits, n: int, **more: Any) -> list[LeasedLedger]:
    account = uuid4().hex
    return [redis.engine(limits, account=account, process=f"p{k}", **more) for k in range(n)]


def test_processes_share_one_bucket(redis_server: Server) -> None:
    engines = fleet(redis_server, Limits(input=6_000), 3)
    got = [engines[k % 3].reserve(0.0, Charge(input=100.0)) for k in range(90)]
    granted = sum(isinstance(one, int) for one in got)
    assert 55 <= granted <= 59  # 5,975 there; what one has leased, another cannot have


def test_what_nobody_uses_goes_back(redis_server: Server) -> None:
    one, other = fleet(redis_server, Limits(input=6_000), 2)
    hold = one.reserve(0.0, Charge(input=5_000.0))
    assert isinstance(hold, int)
    one.settle(0.0, hold, Charge())
    assert isinstance(other.reserve(0.0, Charge(input=5_000.0)), Short)
    for second in (1.0, 2.0):
        one.expire(second)
    assert isinstance(other.reserve(2.0, Charge(input=5_000.0)), int)


def test_most_calls_ask_nobody(redis_server: Server) -> None:
    (engine,) = fleet(redis_server, Limits(input=6_000_000), 1)
    asked = 0
    lease = engine._amounts.lease

    def counted(*given: Any) -> Any:
        nonlocal asked
        asked += 1
        return lease(*given)

    engine._amounts.lease = counted
    for _ in range(1_000):
        hold = engine.reserve(0.0, Charge(input=1_000.0))
        assert isinstance(hold, int)
        engine.settle(0.0, hold, Charge(input=900.0))
    assert asked <= 1_000 * 900 / (6_000_000 * SLICE_SHARE) + 1


def test_a_lost_process_frees_its_concurrency_and_no_tokens(redis_server: Server) -> None:
    lost, alive = fleet(redis_server, LIMITS, 2)
    for _ in range(4):
        assert isinstance(lost.reserve(0.0, ONE), int)
    short = alive.reserve(0.0, ONE)
    assert isinstance(short, Short)
    assert (short.dimension, short.wait_s) == ("concurrency", 0.1)  # another's call may end: come again
    assert isinstance(alive.reserve(LEASE_S - 0.1, ONE), Short)
    now = LEASE_S + 0.1
    assert isinstance(alive.reserve(now, ONE), int)
    total = next(one for one in alive.state(now) if one.dimension == "input")
    assert total.level <= 5_975 - 100  # refilled, not given back


def test_a_large_call_is_not_passed_for_ever(redis_server: Server) -> None:
    """One process wants 3,000, others take 100 as soon as there are 100."""
    large, small = fleet(redis_server, Limits(input=6_000), 2)
    while isinstance(small.reserve(0.0, Charge(input=100.0)), int):
        pass
    now = 0.0
    for _ in range(600):
        now += 0.1
        if isinstance(large.reserve(now, Charge(input=3_000.0)), int):
            break
        small.reserve(now, Charge(input=100.0))
    assert now == pytest.approx(30, abs=2)
    assert any(isinstance(small.reserve(now + k / 10, Charge(input=100.0)), int) for k in range(30))


def test_the_providers_word_counts_for_all(redis_server: Server) -> None:
    one, other = fleet(redis_server, Limits(input=6_000), 2)
    hold = one.reserve(0.0, Charge(input=100.0))
    assert isinstance(hold, int)
    one.observe(0.1, hold, [Window(INPUT, 3_000, 50)])
    assert isinstance(other.reserve(0.1, Charge(input=200.0)), Short)
    assert next(d.limit for d in other.state(0.1)) == 3_000


def test_parts_that_processes_measured_are_one_limit(redis_server: Server) -> None:
    one, other = fleet(redis_server, Limits(), 2)
    one.set_limit(0.0, INPUT, 1_000.0)
    other.set_limit(0.0, INPUT, 2_000.0)
    assert next(d.limit for d in other.state(0.0)) == 3_000


def test_closed_waits_and_open_takes_its_part(mortal: Server) -> None:
    closed, opened = fleet(mortal, LIMITS, 1, fail="closed")[0], fleet(mortal, LIMITS, 1, fail="open")[0]
    other = mortal.engine(LIMITS, account=opened._amounts._prefix.partition("{")[2].partition("}")[0], process="other")
    for engine in (closed, other, opened):
        assert isinstance(engine.reserve(0.0, ONE), int)
    mortal.down()
    assert isinstance(closed.reserve(2.0, Charge(input=3_000.0)), Short)
    assert closed.keeping().lost_since == 2.0
    assert closed.keeping().fail == "closed"
    taken, now = 0.0, 2.0
    while now < 62.0:
        if isinstance(hold := opened.reserve(now, ONE), int):
            taken += 100
            opened.settle(now, hold, ONE._replace(concurrency=0.0))
        now += 0.1
    assert opened.keeping().lost_since is not None
    assert 2_500 <= taken <= 3_000 + 2 * 6_000 * SLICE_SHARE  # half of the limit: there were two processes
    mortal.up()
    opened.expire(now + 2)
    assert opened.keeping().lost_since is None
    assert closed.held() == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve"] * 6 + ["settle"] * 3 + ["tick"] * 2 + ["kill", "restart"]),
        st.integers(0, 2),
        st.floats(0, 3),
        st.floats(1, 1_500),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_no_overshoot_beyond_the_leased_slices(
    redis_server: Server, steps: list[tuple[str, int, float, float]]
) -> None:
    """Three processes; processes die, and the server loses all that it knew. `restart` empties it and tells that it is young."""
    born = {"at": -LONG_UP, "run": "0"}
    account = uuid4().hex

    def clock(now: float) -> dict[str, Any]:
        return {"now": now, "uptime": now - born["at"], "run": born["run"]}

    def start(name: str) -> LeasedLedger:
        return redis_server.engine(LIMITS, account=account, process=name, clock=clock)

    engines = [start(f"p{k}") for k in range(3)]
    out: list[dict[int, Charge]] = [{}, {}, {}]
    now = taken = allowed = 0.0
    for at, (kind, k, passed, amount) in enumerate(steps):
        now += passed
        if kind == "reserve":
            charge = Charge(input=amount, concurrency=1.0)
            if isinstance(hold := engines[k].reserve(now, charge), int):
                out[k][hold] = charge
                taken += amount
        elif kind == "settle" and out[k]:
            hold, charge = out[k].popitem()
            engines[k].settle(now, hold, Charge(input=charge.input / 2))
            taken -= charge.input / 2
        elif kind == "tick":
            for engine in engines:
                engine.expire(now)
        elif kind == "kill":  # its calls die with it; what they took stays taken
            engines[k], out[k] = start(f"again{at}"), {}
        elif kind == "restart":
            allowed += sum(max(one._root.purse[INPUT], 0.0) for one in engines)
            redis_server_forget(engines[0])
            born["at"], born["run"] = now, str(at)
        assert taken <= 6_000 + now * 100 + allowed + 1e-6
        assert sum(map(len, out)) <= 4 + (4 if allowed else 0)


def redis_server_forget(engine: LeasedLedger) -> None:
    amounts = engine._amounts
    for key in amounts._client.keys(amounts._prefix + "*"):
        amounts._client.delete(key)


def test_a_server_killed_and_started_again_gives_nothing_twice(mortal: Server) -> None:
    """The real server's own clock, age and name: it comes back empty, and so does the bucket."""
    one, other = fleet(mortal, LIMITS, 2, uptime=None)
    start, _ = one._amounts._client.time()
    taken = sum(isinstance(one.reserve(float(start), Charge(input=100.0)), int) for _ in range(80))
    mortal.down()
    assert isinstance(other.reserve(start + 1.0, Charge(input=100.0)), Short)
    mortal.up()
    one.expire(start + 3.0)
    again = sum(isinstance(engine.reserve(start + 3.0, Charge(input=100.0)), int) for engine in (one, other) * 40)
    seconds = float(one._amounts._client.info("server")["uptime_in_seconds"]) + 1
    assert again * 100 <= seconds * 100 + 2 * 6_000 * SLICE_SHARE
    assert taken * 100 <= 6_000


def test_admission_shares_a_ledger(redis_server: Server) -> None:
    """The library's own door, threads, clock and all."""
    shared = shared_amounts(redis_server.url, uuid4().hex)
    one, other = (Admission(meter="openai", limits={"concurrency": 1}, shared=shared) for _ in range(2))
    try:
        # A server this young may have forgotten: it listens for three seconds before it lets calls begin.
        with one.admit(model="m", tokens_input=10, max_tokens=10) as grant:
            with pytest.raises(AdmissionRefused), other.admit(model="m", tokens_input=10, deadline_s=0.3):
                pass
            grant.settle({"prompt_tokens": 10, "completion_tokens": 3})
        one.pump()
        with other.admit(model="m", tokens_input=10, max_tokens=10) as grant:
            grant.settle({"prompt_tokens": 10, "completion_tokens": 3})
        (status,) = other.status()
        assert status.keeping.place.startswith("unix://")
        assert status.keeping.lost_since is None
    finally:
        one.close()
        other.close()


@pytest.mark.parametrize(
    ("url", "name"), [("http://localhost", "a"), ("localhost:6379", "a"), ("redis://localhost", "")]
)
def test_a_wrong_address_is_told_at_once(url: str, name: str) -> None:
    with pytest.raises(BadInput):
        shared_amounts(url, name)
