"""`Admission` for a process: event loops, threads, cancellation, fallbacks, tasks, and what is told of wrong input."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import quarterdeck as qd
from quarterdeck.clock import FakeClock
from quarterdeck.errors import AdmissionRefused, BadInput


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def one_at_a_time(clock: FakeClock) -> Iterator[qd.Admission]:
    admission = qd.Admission(limits={"concurrency": 1}, clock=clock, pump_thread=False)
    yield admission
    admission.close()


def level(admission: qd.Admission, dimension: str) -> float:
    return next(one.level for one in admission.status()[0].dimensions if one.dimension == dimension)


@in_a_loop
async def test_waiting_calls_start_when_others_settle(one_at_a_time: qd.Admission) -> None:
    order = []

    async def one(name: str) -> None:
        async with one_at_a_time.admit(model="m", tokens_input=10) as grant:
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")
            grant.settle({"input_tokens": 10, "output_tokens": 1})

    await asyncio.gather(one("a"), one("b"), one("c"))
    assert order == ["a in", "a out", "b in", "b out", "c in", "c out"]


@in_a_loop
async def test_who_is_cancelled_while_waiting_leaves_the_queue(one_at_a_time: qd.Admission) -> None:
    first = await one_at_a_time.admit(model="m", tokens_input=1)
    waiting = asyncio.ensure_future(_hold(one_at_a_time))
    await asyncio.sleep(0)
    assert sum(lane.calls for lane in one_at_a_time.status()[0].lanes) == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sum(lane.calls for lane in one_at_a_time.status()[0].lanes) == 0
    first.settle({"input_tokens": 1, "output_tokens": 1})
    assert one_at_a_time.status()[0].in_flight == 0


@in_a_loop
async def test_who_is_cancelled_in_the_moment_of_its_grant_strands_nothing(one_at_a_time: qd.Admission) -> None:
    first = await one_at_a_time.admit(model="m", tokens_input=1)
    waiting = asyncio.ensure_future(_hold(one_at_a_time))
    await asyncio.sleep(0)
    first.refund()  # grants the other one, whose event loop has not heard of it yet
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert one_at_a_time.status()[0].in_flight == 0
    assert level(one_at_a_time, "concurrency") == 1.0


async def _hold(admission: qd.Admission) -> None:
    async with admission.admit(model="m", tokens_input=1):
        await asyncio.Event().wait()


def test_threads_share_one_ledger() -> None:
    """Forty threads, four at a time: never more are in, and all get through."""
    admission = qd.Admission(limits={"concurrency": 4})
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(25):
            with admission.admit(model="m", tokens_input=5, max_tokens=5) as grant:
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                grant.settle({"prompt_tokens": 5, "completion_tokens": 5})

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    admission.close()
    assert 1 <= most <= 4
    assert admission.status()[0].answers == 1_000
    assert level(admission, "concurrency") == 4.0


def test_time_wakes_who_waits_for_refill() -> None:
    """On the real clock, by the thread of the alarm: no call of ours makes room."""
    admission = qd.Admission(limits={"input": 60_000})
    admission.admit(model="m", tokens_input=59_000).wait().settle(None)
    with admission.admit(model="m", tokens_input=900) as grant:
        assert grant.waited_s > 0
        assert grant.reason == "waited"
    admission.close()


@in_a_loop
async def test_a_call_that_was_left_without_a_word_is_charged_as_reserved(clock: FakeClock) -> None:
    admission = qd.Admission(limits={"input": 6_000}, clock=clock, pump_thread=False)
    async with admission.admit(model="m", tokens_input=1_000):
        pass
    assert level(admission, "input") == pytest.approx(4_975)


class ApiError(Exception):
    """As the official SDKs raise: a status, a response with headers, a body."""

    def __init__(self, status: int, headers: dict[str, str], body: Any) -> None:
        super().__init__(str(status))
        self.status_code = status
        self.response = type("Response", (), {"headers": headers})()
        self.body = body


def test_an_sdks_error_is_taken_as_what_the_provider_said(clock: FakeClock) -> None:
    admission = qd.Admission(meter="openai", limits={"total": 600_000}, clock=clock, pump_thread=False)
    with pytest.raises(ApiError), admission.admit(model="m", tokens_input=10, max_tokens=10):
        raise ApiError(429, {"retry-after": "4"}, {"error": {"code": "rate_limit_exceeded"}})
    status = admission.status()[0]
    assert (status.blocked, status.refused_by_provider, status.in_flight) == ("paused", 1, 0)


def test_our_own_error_gives_everything_back(clock: FakeClock) -> None:
    admission = qd.Admission(limits={"input": 6_000}, clock=clock, pump_thread=False)
    with pytest.raises(ZeroDivisionError), admission.admit(model="m", tokens_input=1_000):
        raise ZeroDivisionError
    assert level(admission, "input") == pytest.approx(5_975)


def test_a_reservation_ends_once(one_at_a_time: qd.Admission) -> None:
    grant = one_at_a_time.admit(model="m", tokens_input=1).wait()
    assert grant.settle({"input_tokens": 1, "output_tokens": 1})
    assert not grant.settle({"input_tokens": 1, "output_tokens": 1})
    assert not grant.refund()
    assert not grant.fail(500).again


def test_usage_without_counts_is_told_and_the_reservation_stays(one_at_a_time: qd.Admission) -> None:
    grant = one_at_a_time.admit(model="m", tokens_input=1).wait()
    with pytest.raises(BadInput, match="no token counts"):
        grant.settle({"tokens": 5})
    assert grant.settle({"input_tokens": 1, "output_tokens": 1})


def test_a_refusal_says_why_and_when(clock: FakeClock) -> None:
    admission = qd.Admission(limits={"input": 6_000}, clock=clock, pump_thread=False)
    admission.admit(model="m", tokens_input=5_900).wait()
    with pytest.raises(AdmissionRefused, match="deadline") as told:
        admission.admit(model="m", tokens_input=3_000, deadline_s=5).wait()
    assert told.value.reason == "deadline"
    assert told.value.starts_in_s == pytest.approx(29.25, abs=0.5)
    assert told.value.retry_after_s == told.value.starts_in_s


def test_the_next_of_the_chain_is_tried_and_the_last_is_local(clock: FakeClock) -> None:
    admission = qd.Admission(
        {"claude-*": {"meter": "anthropic", "limits": {"input": 1_000}}, "local/*": {}}, clock=clock, pump_thread=False
    )
    grant = admission.admit(model="claude-x", tokens_input=2_000, fallback=["local/llama"]).wait()
    assert (grant.model, grant.account) == ("local/llama", "local/*")


def test_fallbacks_have_a_budget(clock: FakeClock) -> None:
    admission = qd.Admission({"a": {"limits": {"input": 10}}, "b": {}}, clock=clock, pump_thread=False)
    fell = 0
    for _ in range(100):
        try:
            admission.admit(model="a", tokens_input=20, fallback=["b"]).wait().settle(None)
            fell += 1
        except AdmissionRefused:
            pass
    assert 20 <= fell <= 22


def test_the_calls_of_a_task_keep_its_lane(one_at_a_time: qd.Admission) -> None:
    one_at_a_time.task("t1", lane="batch", tenant="acme")
    grant = one_at_a_time.admit(model="m", tokens_input=1, task="t1", lane="interactive").wait()
    assert (grant.lane, grant.tenant) == ("batch", "acme")
    grant.refund()
    one_at_a_time.task_done("t1")
    assert one_at_a_time.admit(model="m", tokens_input=1, task="t1", lane="interactive").wait().lane == "interactive"


def test_the_size_of_prompts_is_learned_from_usage(clock: FakeClock) -> None:
    admission = qd.Admission(limits={"input": 10_000_000}, clock=clock, pump_thread=False)
    messages = [{"role": "user", "content": "x" * 6_000}]
    first = admission.admit(model="m", messages=messages).wait()
    assert first.charge.input == pytest.approx(1_507, abs=5)
    first.settle({"input_tokens": 3_000, "output_tokens": 5})
    assert admission.admit(model="m", messages=messages).wait().charge.input == pytest.approx(3_000, abs=10)


def test_headers_tell_the_limit_that_nobody_gave(clock: FakeClock) -> None:
    admission = qd.Admission(meter="anthropic", clock=clock, pump_thread=False)
    grant = admission.admit(model="m", tokens_input=100).wait()
    told = grant.observe(
        {"anthropic-ratelimit-input-tokens-limit": "6000", "anthropic-ratelimit-input-tokens-remaining": "500"}
    )
    assert told.windows[0].remaining == 500
    assert level(admission, "input") <= 500


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"meter": "no_such"}, "unknown meter"),
        ({"limits": {"tokens": 5}}, "unknown limit tokens; expected some of requests"),
        ({"limits": {"input": 0}}, "above 0"),
        ({"limits": {"input": "many"}}, "above 0"),
        ({"shares": {"acme": {"input": 5}}}, "tenant:NAME"),
        ({"policy": {"quantile": 2}}, "quantile must be between"),
        ({"policy": {"quantil": 0.9}}, "unknown policy quantil"),
        ({"policy": {"lanes": ["a", "a"]}}, "each once"),
        ({"accounts": {}}, "no accounts"),
        ({"accounts": {"*": {"limit": {}}}}, "unknown limit; expected meter"),
    ],
)
def test_wrong_settings_are_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        qd.Admission(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": "m"}, "messages or tokens_input"),
        ({"model": "m", "tokens_input": -1}, "tokens_input must be"),
        ({"model": "m", "tokens_input": 1, "max_tokens": 0}, "max_tokens must be"),
        ({"model": "m", "tokens_input": 1, "deadline_s": 0}, "deadline_s must be"),
        ({"model": "m", "tokens_input": 1, "lane": "fast"}, "unknown lane 'fast'; expected one of interactive"),
    ],
)
def test_wrong_arguments_are_told_at_once(one_at_a_time: qd.Admission, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        one_at_a_time.admit(**arguments)


def test_an_unknown_model_is_told_the_accounts() -> None:
    with pytest.raises(BadInput, match=r"no account for model 'gpt'; there are claude-\*"):
        qd.Admission({"claude-*": {}}).admit(model="gpt", tokens_input=1)


def test_an_admission_is_used_once(one_at_a_time: qd.Admission) -> None:
    pending = one_at_a_time.admit(model="m", tokens_input=1)
    pending.wait().refund()
    with pytest.raises(BadInput, match="used already"):
        pending.wait()
