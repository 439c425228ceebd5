"""No token is created or lost, whatever callers, the provider and time do; short forms of the long stories in tests/sim."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.admission_load import burst, play, steady

from quarterdeck.control.admit import Ask, Feedback, Gate, Granted, Limits, Queued, Usage, find_meter
from quarterdeck.simulate.load.account import Spell

LIMITS = Limits(requests=1_000, input=60_000, output=6_000, concurrency=6)
SHARES = {"tenant:*": Limits(concurrency=4, input=40_000)}
KINDS = ("ask", "ask", "ask", "settle", "late", "unreported", "refund", "timeout", "refused", "cancel", "crash", "pump")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.floats(0, 40),
        st.integers(1, 9_000),
        st.integers(1, 2_000),
        st.integers(0, 2),
        st.sampled_from(["a", "b"]),
    ),
    max_size=70,
)


def held(gate: Gate, now: float) -> dict[tuple[str, str], float]:
    return {(one.scope, one.dimension): one.held for one in gate.engine.state(now)}


@settings(max_examples=150)
@given(STEPS)
def test_no_token_is_created_or_lost(steps: list[tuple[str, float, int, int, int, str]]) -> None:
    gate = Gate(find_meter("anthropic"), LIMITS, 0.0, shares=SHARES, chance=lambda: 0.5)
    now = 0.0
    out: dict[int, Granted] = {}
    tenants: dict[int, str] = {}
    waiting: set[int] = set()
    ended: list[int] = []

    def decided(found: list[object]) -> None:
        for one in found:
            ticket = one.ticket
            waiting.discard(ticket)
            if isinstance(one, Granted):
                out[ticket] = one

    for kind, passed, tokens, output, lane, tenant in steps:
        now += passed
        if kind == "ask":
            decision = gate.ask(now, Ask("m", float(tokens), float(output), lane=lane, tenant=tenant))
            tenants[decision.ticket] = tenant
            if isinstance(decision, Queued):
                waiting.add(decision.ticket)
            decided([decision] if isinstance(decision, Granted) else [])
        elif kind == "cancel" and waiting:
            gate.cancel(now, waiting.pop())
        elif kind == "crash":  # nobody ever comes back for what is out: leases end by themselves
            now += 700.0
            out.clear()
        elif kind == "late" and ended:
            assert not gate.settle(now, ended[-1], Usage(1e6, 1e6))
        elif out and kind in ("settle", "unreported", "refund", "timeout", "refused"):
            ticket, _ = out.popitem()
            ended.append(ticket)
            if kind == "settle":
                gate.settle(now, ticket, Usage(float(tokens), float(output)))
            elif kind == "unreported":
                gate.settle(now, ticket, None)
            elif kind == "refund":
                gate.refund(now, ticket)
            else:
                gate.fail(now, ticket, Feedback("timeout" if kind == "timeout" else "rate", retry_after_s=1.0))
        decided(list(gate.pump(now)))
        for ticket in [one for one in out if one not in gate._out]:  # a lease has ended meanwhile
            del out[ticket]
        sums = held(gate, now)
        for at, name in enumerate(("requests", "input", "output", "total", "concurrency")):
            if ("", name) in sums:
                assert sums["", name] == pytest.approx(sum(one.charge[at] for one in out.values()), abs=1e-6)
        assert gate.engine.held() == gate.little.in_flight == len(out)
        assert all(one.level <= one.capacity + 1e-9 for one in gate.engine.state(now))
        concurrency = next(one for one in gate.engine.state(now) if (one.scope, one.dimension) == ("", "concurrency"))
        assert concurrency.level == 6 - len(out)
        assert len(waiting) == gate.waiters.calls + sum(gate.waiters.parked_calls().values())
    for ticket in waiting:
        gate.cancel(now, ticket)
    gate.pump(now + 700.0)
    end = now + 100_000.0
    gate.pump(end)
    assert gate.engine.held() == gate.waiters.calls == gate.little.in_flight == 0
    assert all(abs(value) < 1e-6 for value in held(gate, end).values())
    assert all(one.full_in_s == 0 for one in gate.engine.state(end) if one.dimension != "concurrency")


def test_one_tenants_fan_out_is_no_others_refusal() -> None:
    jobs = (
        steady(2, 20, tenant="small") + burst(47, 2.0, tenant="big", task="t") + burst(47, 6.0, tenant="big", task="u")
    )
    story = play(jobs, max_tokens=512)
    assert story.report.rejections == 0
    assert all(one.answered is not None for one in story.calls)
    assert story.lowest["input"] >= 0


def test_the_first_lane_passes_a_flood() -> None:
    first = steady(2, 20, lane="interactive", tenant="a")
    story = play(first + steady(20, 20, lane="batch", tenant="b", seed=2), max_tokens=512)
    alone = play(first, max_tokens=512)
    assert story.p95(lambda one: one.lane == "interactive") < 1.1 * alone.p95(lambda one: True)
    assert all(one.answered is not None for one in story.calls)


def test_few_attempts_are_wasted_on_an_outage() -> None:
    story = play(steady(4, 60), spells=[Spell(15, 25, status=503)])
    assert story.report.sent <= 1.1 * len(story.calls)
    assert all(one.answered is not None for one in story.calls)
