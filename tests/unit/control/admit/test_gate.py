"""A gate's decisions: who may start, who waits, who is told no and why, and what failures do."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.control.admit import (
    Ask,
    Feedback,
    Gate,
    Granted,
    Limits,
    Policy,
    Price,
    Queued,
    Refused,
    Usage,
    find_meter,
)
from quarterdeck.control.admit.ask import Decision
from quarterdeck.control.admit.gate import LEARNING_MAX


def gate(meter: str = "anthropic", *, policy: Policy | None = None, shares: dict[str, Limits] | None = None, **limits: float) -> Gate:  # fmt: skip
    return Gate(find_meter(meter), Limits(**limits), 0.0, policy=policy, shares=shares, chance=lambda: 0.5)


def granted(decision: Decision) -> Granted:
    assert isinstance(decision, Granted), decision
    return decision


def refused(decision: Decision) -> Refused:
    assert isinstance(decision, Refused), decision
    return decision


def queued(decision: Decision) -> Queued:
    assert isinstance(decision, Queued), decision
    return decision


def test_room_is_granted_and_a_full_account_waits_for_refill() -> None:
    one = gate(requests=60)
    for _ in range(59):
        granted(one.ask(0.0, Ask("m", 1)))
    waits = queued(one.ask(0.0, Ask("m", 1)))
    assert waits.reason == "no_room"
    assert waits.starts_in_s is not None
    assert one.pump(waits.starts_in_s - 0.01) == []
    [start] = one.pump(one.next_wake() or 0.0)
    assert (start.ticket, granted(start).reason) == (waits.ticket, "waited")


def test_settling_wakes_who_waits() -> None:
    one = gate(concurrency=1)
    first = granted(one.ask(0.0, Ask("m", 10)))
    second = queued(one.ask(0.0, Ask("m", 10)))
    one.settle(5.0, first.ticket, Usage(10, 5))
    [start] = one.pump(5.0)
    assert start.ticket == second.ticket
    assert granted(start).waited_s == 5.0


def test_a_large_call_is_not_starved_by_small_ones() -> None:
    """Who is first in order and does not fit keeps its place: nobody passes it."""
    one = gate(input=6_000)
    granted(one.ask(0.0, Ask("m", 5_500)))
    large = queued(one.ask(0.0, Ask("m", 5_000, tenant="large")))
    started: list[int] = []
    now = 0.0
    while large.ticket not in started and now < 200:
        now += 1.0
        one.ask(now, Ask("m", 90, tenant=f"small{int(now) % 5}"))
        started += [start.ticket for start in one.pump(now)]
    assert now < 120  # a bucket's worth of others at most, then its own


def test_a_deadline_that_cannot_be_met_is_refused_at_once_with_the_time() -> None:
    one = gate(input=6_000)
    granted(one.ask(0.0, Ask("m", 5_900)))
    no = refused(one.ask(0.0, Ask("m", 3_000, deadline_at=10.0)))
    assert no.reason == "deadline"
    assert no.starts_in_s == pytest.approx(29.25, abs=0.5)
    assert isinstance(one.ask(0.0, Ask("m", 3_000, deadline_at=60.0)), Queued)


def test_who_waits_past_its_deadline_is_told() -> None:
    one = gate(concurrency=1)
    granted(one.ask(0.0, Ask("m", 1)))
    late = queued(one.ask(0.0, Ask("m", 1, deadline_at=5.0)))
    assert one.next_wake() is not None
    one.pump(0.0)
    assert one.next_wake() == 5.0
    [no] = one.pump(5.0)
    assert (no.ticket, refused(no).reason) == (late.ticket, "deadline")


def test_the_queue_is_bounded_in_time() -> None:
    one = gate(policy=Policy(queue_s=60.0), input=6_000)
    granted(one.ask(0.0, Ask("m", 5_900)))
    answers = [one.ask(0.0 + at / 10, Ask("m", 3_000)) for at in range(6)]
    assert isinstance(answers[0], Queued)
    assert refused(answers[-1]).reason == "queue_full"


def test_what_can_never_fit_is_refused_even_while_others_wait() -> None:
    one = gate(input=6_000)
    granted(one.ask(0.0, Ask("m", 5_900)))
    queued(one.ask(0.0, Ask("m", 3_000)))
    no = refused(one.ask(0.0, Ask("m", 6_001)))
    assert no.reason == "too_large"
    assert "6,001 of input" in no.detail


def test_a_task_cannot_take_more_than_its_share() -> None:
    """47 workers of one task, four at a time; another task passes them."""
    one = gate(shares={"task:*": Limits(concurrency=4)}, concurrency=20)
    answers = [one.ask(0.0, Ask("m", 10, task="fan-out")) for _ in range(47)]
    assert sum(isinstance(answer, Granted) for answer in answers) == 4
    assert {answer.reason for answer in answers if isinstance(answer, Queued)} <= {"share_full", "behind_others"}
    one.pump(0.0)
    granted(one.ask(0.0, Ask("m", 10, task="other")))
    first = next(answer for answer in answers if isinstance(answer, Granted))
    one.settle(1.0, first.ticket, Usage(10, 1))
    assert len(one.pump(1.0)) == 1


def test_outputs_are_learned_and_reserved_at_their_quantile() -> None:
    one = gate(output=60_000)
    assert granted(one.ask(0.0, Ask("m", 10, max_tokens=8_000))).charge.output == 8_000
    for at in range(200):
        start = granted(one.ask(float(at), Ask("m", 10, max_tokens=8_000)))
        one.settle(float(at), start.ticket, Usage(10, 100 + at % 100))
    assert 185 <= granted(one.ask(300.0, Ask("m", 10, max_tokens=8_000))).charge.output <= 200


def test_max_tokens_is_cut_only_where_nothing_is_given_back() -> None:
    for meter, cut in (("openai", True), ("azure", False), ("anthropic", False)):
        one = gate(meter, requests=100_000)
        for at in range(400):
            start = granted(one.ask(float(at), Ask("m", 10, max_tokens=4_096)))
            one.settle(float(at), start.ticket, Usage(10, 100))
        sent = granted(one.ask(500.0, Ask("m", 10, max_tokens=4_096))).max_tokens
        assert sent is not None
        assert (sent < 110) == cut
        assert granted(one.ask(500.0, Ask("m", 10, max_tokens=50))).max_tokens == 50  # never raised


def test_few_calls_are_out_while_a_cap_is_being_learned() -> None:
    one = gate("openai", total=10_000_000)
    answers = [one.ask(0.0, Ask("m", 10, max_tokens=4_096)) for _ in range(50)]
    assert sum(isinstance(answer, Granted) for answer in answers) == LEARNING_MAX


def test_cut_answers_are_counted_and_raise_the_cap() -> None:
    one = gate("openai", requests=100_000)
    for at in range(200):
        start = granted(one.ask(float(at), Ask("m", 10, max_tokens=4_096)))
        one.settle(float(at), start.ticket, Usage(10, 100))
    before = granted(one.ask(300.0, Ask("m", 10, max_tokens=4_096)))
    for at in range(10):
        start = granted(one.ask(301.0 + at, Ask("m", 10, max_tokens=4_096)))
        one.settle(301.0 + at, start.ticket, Usage(10, start.max_tokens or 0), truncated=True)
    assert one.cut_answers == 10
    assert (granted(one.ask(400.0, Ask("m", 10, max_tokens=4_096))).max_tokens or 0) > 1.5 * (before.max_tokens or 0)


# ---------------------------------------------------------------- failures


def test_a_refusal_by_rate_holds_the_queue_back_not_the_circuit() -> None:
    one = gate(requests=600)
    start = granted(one.ask(0.0, Ask("m", 1)))
    advice = one.fail(0.0, start.ticket, Feedback("rate", retry_after_s=3.0))
    assert advice.again
    assert 3.0 <= (advice.after_s or 0.0) <= 4.5
    assert queued(one.ask(0.0, Ask("m", 1))).reason == "paused"
    one.pump(0.0)
    assert one.next_wake() == 3.0
    assert one.pump(2.9) == []
    assert all(breaker.state == "closed" for breaker in one.health.breakers.values())
    one.pump(one.next_wake() or 0.0)


def test_an_outage_opens_the_circuit_and_one_probe_at_a_time_tries_it() -> None:
    one = gate(requests=6_000)
    for _ in range(5):
        one.fail(0.0, granted(one.ask(0.0, Ask("m", 1))).ticket, Feedback("server"))
    waiting = [queued(one.ask(0.0, Ask("m", 1))) for _ in range(20)]
    assert {one_waits.reason for one_waits in waiting} <= {"circuit_open", "behind_others"}
    attempts, now = 0, 0.0
    one.pump(now)
    while now < 60.0:
        now = one.next_wake() or 60.0
        for start in one.pump(now):
            attempts += 1
            one.fail(now, granted(start).ticket, Feedback("server"))
    assert attempts <= 16
    [probe] = one.pump(now + 10.0)
    one.settle(now + 10.1, probe.ticket, Usage(1, 1))
    assert 1 <= len(one.pump(now + 10.1)) <= 3  # they return a few at a time


def test_a_fallback_does_not_wait_for_the_circuit() -> None:
    one = gate(requests=6_000)
    for _ in range(5):
        one.fail(0.0, granted(one.ask(0.0, Ask("m", 1))).ticket, Feedback("server"))
    assert refused(one.ask(0.0, Ask("m", 1, has_fallback=True))).reason == "circuit_open"


def test_a_spend_cap_closes_the_account_and_is_not_retried() -> None:
    one = gate(requests=600)
    start, waits = granted(one.ask(0.0, Ask("m", 1))), []
    advice = one.fail(0.0, start.ticket, Feedback("rate", terminal="spend cap"))
    assert not advice.again
    waits.append(one.ask(1.0, Ask("m", 1)))
    assert refused(waits[0]).reason == "spend_cap"


def test_retries_have_one_budget() -> None:
    one = gate(requests=60_000)
    allowed = 0
    for _ in range(1_000):
        start = granted(one.ask(0.0, Ask("m", 1)))
        allowed += one.fail(0.0, start.ticket, Feedback("timeout")).again
        one.health.breakers["server"].succeeded(0.0)  # of no interest here
    assert allowed <= 0.1 * 1_000 + 10


def test_what_no_retry_mends_costs_none() -> None:
    one = gate(requests=600)
    saved = one.retries.saved
    assert not one.fail(0.0, granted(one.ask(0.0, Ask("m", 1))).ticket, Feedback("client")).again
    assert one.retries.saved == pytest.approx(saved + 0.1)


def test_late_first_tokens_halve_what_is_out_and_give_it_back() -> None:
    one = gate(requests=60_000)
    seen = one.health.first_tokens
    for _ in range(100):
        seen.seen(0.5)
    for _ in range(60):
        seen.seen(5.0)
    assert 0.25 <= seen.share <= 0.5
    for _ in range(60):
        seen.seen(0.5)
    assert seen.share == 1.0


# ---------------------------------------------------------------- money

PRICES = {"m": Price(1_000_000.0, 1_000_000.0)}  # a dollar a token


def test_a_days_money_ends_and_its_last_part_is_for_the_first_lane() -> None:
    one = gate(policy=Policy(prices=PRICES), cost_usd=100)
    start = granted(one.ask(0.0, Ask("m", 70, max_tokens=10, lane=1)))
    one.settle(0.0, start.ticket, Usage(70, 10))
    no = refused(one.ask(0.0, Ask("m", 5, max_tokens=5, lane=1)))
    assert (no.reason, no.starts_in_s) == ("budget", 86_400.0)
    start = granted(one.ask(0.0, Ask("m", 10, max_tokens=10, lane=0)))
    one.settle(0.0, start.ticket, Usage(10, 10))
    assert refused(one.ask(0.0, Ask("m", 1, max_tokens=1, lane=0))).reason == "budget"
    granted(one.ask(86_400.0, Ask("m", 1, max_tokens=1, lane=0)))


def test_a_tenants_money_is_its_own() -> None:
    one = gate(policy=Policy(prices=PRICES), shares={"tenant:poor": Limits(cost_usd=10)})
    assert refused(one.ask(0.0, Ask("m", 10, max_tokens=5, tenant="poor"))).reason == "budget"
    start = granted(one.ask(0.0, Ask("m", 5, max_tokens=5, tenant="poor")))
    one.settle(0.0, start.ticket, Usage(5, 5))
    assert refused(one.ask(0.0, Ask("m", 1, max_tokens=1, tenant="poor"))).reason == "budget"
    granted(one.ask(0.0, Ask("m", 500, max_tokens=5, tenant="rich")))


def test_an_hours_cost_opens_its_breaker_until_the_hour_is_over() -> None:
    one = gate(policy=Policy(prices=PRICES, cost_usd_per_hour=50))
    start = granted(one.ask(0.0, Ask("m", 30, max_tokens=30)))
    one.settle(10.0, start.ticket, Usage(30, 30))
    assert refused(one.ask(11.0, Ask("m", 1))).reason == "budget"
    granted(one.ask(3_611.0, Ask("m", 1)))


# ---------------------------------------------------------------- ends


def test_a_lost_holder_strands_nothing() -> None:
    one = gate(policy=Policy(lease_s=10.0), concurrency=1)
    granted(one.ask(0.0, Ask("m", 1)))
    waits = queued(one.ask(0.0, Ask("m", 1)))
    [start] = one.pump(10.1)
    assert start.ticket == waits.ticket
    assert one.shed["lease_expired"] == 1
    assert one.little.in_flight == 1


def test_who_is_cancelled_leaves_no_trace() -> None:
    one = gate(concurrency=1)
    first = granted(one.ask(0.0, Ask("m", 1)))
    waits = queued(one.ask(0.0, Ask("m", 1)))
    one.cancel(1.0, waits.ticket)
    one.cancel(1.0, first.ticket)
    assert one.pump(1.0) == []
    granted(one.ask(1.0, Ask("m", 1)))
    assert one.waiters.calls == 0


def test_usage_that_was_not_reported_is_charged_as_reserved() -> None:
    one = gate(input=6_000)
    start = granted(one.ask(0.0, Ask("m", 3_000)))
    assert one.settle(0.0, start.ticket, None)
    assert next(state.level for state in one.engine.state(0.0) if state.dimension == "input") == pytest.approx(2_975)
    assert one.answers == 0


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}, Usage(10, 5, 4)),
        ({"input_tokens": 6, "output_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 1}, Usage(10, 5, 3, 1)),
        ({"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}}, Usage(10, 5, 4)),
        ({"inputTokens": 10, "outputTokens": 5}, Usage(10, 5)),
        ({"promptTokenCount": 10, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "cachedContentTokenCount": 4}, Usage(10, 5, 4)),
    ],
)  # fmt: skip
def test_usage_of_every_provider_is_understood(usage: Any, expected: Usage) -> None:
    from quarterdeck.control.admit.need import read_usage

    assert read_usage(usage) == expected


def test_the_law_of_little_holds_on_what_is_measured() -> None:
    one = gate(requests=600_000)
    now, out = 0.0, []
    while now < 200.0:
        now += 0.1
        for at, ticket in [entry for entry in out if entry[0] <= now]:
            out.remove((at, ticket))
            one.settle(at, ticket, Usage(1, 1))
        out.append((now + 2.0, granted(one.ask(now, Ask("m", 1))).ticket))
    assert one.little.last is not None
    assert one.little.last.gap < 0.05
    assert one.little.last.in_flight == pytest.approx(20, rel=0.05)


def test_who_waits_is_told_no_when_a_limit_falls_below_its_size() -> None:
    one = gate("anthropic", input=6_000)
    first = granted(one.ask(0.0, Ask("m", 5_900)))
    large = queued(one.ask(0.0, Ask("m", 5_000)))
    told = find_meter("anthropic").feedback(200, {"anthropic-ratelimit-input-tokens-limit": "3000"}, None, 0.0)
    one.observe(0.1, first.ticket, told)
    [no] = one.pump(60.0)
    assert (no.ticket, refused(no).reason) == (large.ticket, "too_large")
    assert one.pump(61.0) == []


def test_who_waits_is_told_no_when_the_days_money_is_spent_meanwhile() -> None:
    one = gate(policy=Policy(prices=PRICES), cost_usd=100, concurrency=1)
    first = granted(one.ask(0.0, Ask("m", 50, max_tokens=10, lane=0)))
    waits = queued(one.ask(0.0, Ask("m", 20, max_tokens=10, lane=0)))
    one.settle(1.0, first.ticket, Usage(50, 50))
    [no] = one.pump(1.0)
    assert (no.ticket, refused(no).reason) == (waits.ticket, "budget")
