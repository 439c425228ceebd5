"""What every engine that keeps amounts must do, whoever's memory the buckets are in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.control.admit.charge import CONCURRENCY, INPUT, OUTPUT, Charge, Limits
from quarterdeck.control.admit.engine import ACCOUNT, Engine, Short
from quarterdeck.control.admit.feedback import Window

Make = Callable[..., Engine]


def level(engine: Engine, now: float, dimension: str, scope: str = ACCOUNT) -> float:
    return next(one.level for one in engine.state(now) if (one.scope, one.dimension) == (scope, dimension))


def test_a_minute_fits_at_once_and_then_refills_evenly(make: Make) -> None:
    engine = make(Limits(requests=60))
    got = [engine.reserve(0.0, Charge(requests=1.0)) for _ in range(61)]
    granted = [one for one in got if isinstance(one, int)]
    assert len(granted) == 59  # a full bucket keeps a guard of a quarter of a second
    short = got[-1]
    assert isinstance(short, Short)
    assert (short.scope, short.dimension) == (ACCOUNT, "requests")
    assert 0 < short.wait_s <= 1.0
    assert isinstance(engine.reserve(short.wait_s + 1e-6, Charge(requests=1.0)), int)


def test_all_dimensions_or_none(make: Make) -> None:
    engine = make(Limits(requests=60, input=1000, output=100))
    before = level(engine, 0.0, "input")
    assert isinstance(engine.reserve(0.0, Charge(1.0, 500.0, 101.0)), Short)
    assert level(engine, 0.0, "input") == before
    assert engine.held() == 0


def test_settling_gives_back_the_difference_and_may_leave_a_debt(make: Make) -> None:
    engine = make(Limits(total=6_000))
    hold = engine.reserve(0.0, Charge(total=4_000.0))
    assert isinstance(hold, int)
    assert engine.settle(0.0, hold, Charge(total=1_000.0))
    assert level(engine, 0.0, "total") == pytest.approx(4_975)
    hold = engine.reserve(0.0, Charge(total=1_000.0))
    assert isinstance(hold, int)
    engine.settle(0.0, hold, Charge(total=9_000.0))
    assert level(engine, 0.0, "total") == pytest.approx(-4_025)


def test_a_hold_is_settled_once(make: Make) -> None:
    engine = make(Limits(total=6_000))
    hold = engine.reserve(0.0, Charge(total=4_000.0))
    assert isinstance(hold, int)
    assert engine.settle(0.0, hold, Charge())
    assert not engine.settle(0.0, hold, Charge())
    assert level(engine, 0.0, "total") <= 6_000


def test_concurrency_returns_only_by_settling(make: Make) -> None:
    engine = make(Limits(concurrency=1))
    hold = engine.reserve(0.0, Charge(concurrency=1.0))
    assert isinstance(hold, int)
    short = engine.reserve(10_000.0, Charge(concurrency=1.0))
    assert isinstance(short, Short)
    assert short.wait_s == float("inf")
    engine.settle(10_000.0, hold, Charge())
    assert isinstance(engine.reserve(10_000.0, Charge(concurrency=1.0)), int)


def test_what_is_larger_than_a_bucket_is_never(make: Make) -> None:
    engine = make(Limits(input=1_000))
    short = engine.reserve(0.0, Charge(input=1_001.0))
    assert isinstance(short, Short)
    assert short.never
    assert engine.too_large(Charge(input=1_001.0)) is not None
    assert engine.too_large(Charge(input=1_000.0)) is None
    assert isinstance(engine.reserve(0.0, Charge(input=1_000.0)), int)  # exactly full is not too large


def test_a_lease_ends_by_itself_and_is_charged_as_reserved(make: Make) -> None:
    engine = make(Limits(total=6_000, concurrency=2), lease_s=10.0)
    silent, alive = (engine.reserve(0.0, Charge(total=1_000.0, concurrency=1.0)) for _ in range(2))
    assert isinstance(silent, int)
    assert isinstance(alive, int)
    assert engine.renew(9.0, alive)
    assert list(engine.expire(10.5)) == [silent]
    assert engine.held() == 1
    assert level(engine, 10.5, "concurrency") == 1.0
    assert level(engine, 10.5, "total") == pytest.approx(min(5_975, 3_975 + 1_050))
    assert list(engine.expire(19.5)) == [alive]
    assert not engine.renew(20.0, alive)


def test_a_share_holds_back_its_own_and_nobody_else(make: Make) -> None:
    engine = make(
        Limits(concurrency=10), shares={"tenant:*": Limits(concurrency=1), "tenant:big": Limits(concurrency=3)}
    )
    assert isinstance(engine.reserve(0.0, Charge(concurrency=1.0), ("tenant:a",)), int)
    short = engine.reserve(0.0, Charge(concurrency=1.0), ("tenant:a",))
    assert isinstance(short, Short)
    assert short.scope == "tenant:a"
    assert level(engine, 0.0, "concurrency") == 9.0  # nothing was taken from the account
    for _ in range(3):
        assert isinstance(engine.reserve(0.0, Charge(concurrency=1.0), ("tenant:big", "task:unlimited")), int)


def test_the_providers_word_bounds_the_level_from_both_sides(make: Make) -> None:
    engine = make(Limits(input=6_000))
    hold = engine.reserve(0.0, Charge(input=1_000.0))
    assert isinstance(hold, int)
    engine.observe(0.0, hold, [Window(INPUT, 6_000, 2_000)])  # somebody else took 3,000
    assert level(engine, 0.0, "input") <= 2_000
    engine.observe(0.0, hold, [Window(INPUT, 6_000, 5_900)])  # and here we thought too little of it
    assert 4_900 <= level(engine, 0.0, "input") <= 5_900


def test_a_told_limit_is_tracked_but_never_above_the_configured_one(make: Make) -> None:
    engine = make(Limits(input=6_000))
    engine.observe(0.0, None, [Window(INPUT, 3_000, 3_000)])
    assert next(one.limit for one in engine.state(0.0)) == 3_000
    engine.observe(0.0, None, [Window(INPUT, 60_000, 60_000)])
    assert next(one.limit for one in engine.state(0.0)) == 6_000


def test_an_unlimited_dimension_becomes_limited_when_the_provider_says_so(make: Make) -> None:
    engine = make(Limits())
    hold = engine.reserve(0.0, Charge(input=50_000.0))
    assert isinstance(hold, int)
    engine.observe(0.0, hold, [Window(INPUT, 6_000, 1_000)])
    assert isinstance(engine.reserve(0.0, Charge(input=2_000.0)), Short)


def test_a_refusal_without_numbers_empties_what_it_may_mean(make: Make) -> None:
    engine = make(Limits(input=6_000, output=600))
    assert isinstance(engine.reserve(0.0, Charge(input=5_000.0, output=10.0)), int)
    engine.drained(0.0, ())
    assert level(engine, 0.0, "input") <= 0
    assert level(engine, 0.0, "output") > 500


def test_what_streams_is_not_refilled_twice(make: Make) -> None:
    """The provider's bucket cannot be fuller than full: what is held there and not yet taken leaves no room to refill."""
    engine = make(Limits(output=600), streamed=(OUTPUT,))
    assert isinstance(engine.reserve(0.0, Charge(output=400.0)), int)
    assert level(engine, 1_000.0, "output") <= 200


def test_money_is_whole_again_at_midnight(make: Make) -> None:
    engine = make(Limits(cost_usd=5.0))
    hold = engine.reserve(0.0, Charge(cost_usd=5.0))
    assert isinstance(hold, int)
    engine.settle(1.0, hold, Charge(cost_usd=4.0))
    short = engine.reserve(3_600.0, Charge(cost_usd=2.0))
    assert isinstance(short, Short)
    assert short.wait_s == pytest.approx(86_400 - 3_600)
    assert isinstance(engine.reserve(86_400.0, Charge(cost_usd=2.0)), int)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "settle", "refund", "expire"]),
        st.floats(0, 20),
        st.floats(0, 900),
        st.floats(0, 900),
        st.sampled_from(["tenant:a", "tenant:b"]),
    ),
    max_size=60,
)


@settings(max_examples=60)
@given(STEPS)
def test_nothing_is_created_or_lost(make: Make, steps: list[tuple[str, float, float, float, str]]) -> None:
    """Whatever happens, in whichever order: in any stretch no more was charged than a bucket and its refill allow."""
    engine = make(Limits(input=1_000, concurrency=5), shares={"tenant:*": Limits(input=600)}, lease_s=30.0)
    now, taken = 0.0, 0.0
    out: dict[int, Charge] = {}
    for kind, passed, amount, real, scope in steps:
        now += passed
        if kind == "reserve":
            charge = Charge(input=amount, concurrency=1.0)
            got = engine.reserve(now, charge, (scope,))
            if isinstance(got, int):
                out[got] = charge
                taken += amount
        elif kind == "expire":
            for hold in engine.expire(now):
                del out[hold]
        elif out:
            hold, charge = out.popitem()
            final = Charge(input=min(real, charge.input)) if kind == "settle" else Charge()
            if engine.settle(now, hold, final):
                taken += final.input - charge.input
        assert taken <= 1_000 + now * 1_000 / 60 + 1e-6
        assert engine.held() == len(out)
        assert level(engine, now, "concurrency") == 5 - len(out)
        assert all(one.level <= one.capacity + 1e-9 for one in engine.state(now))


def test_dimensions_have_their_place() -> None:
    assert Charge._fields[CONCURRENCY] == "concurrency"
