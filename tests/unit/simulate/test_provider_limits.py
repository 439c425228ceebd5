"""The simulated provider keeps each provider's rule, in its words; the meters of admission read them rightly."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from quarterdeck.control.admit import find_meter
from quarterdeck.errors import BadInput
from quarterdeck.testing import FakeClock, Scenario, SimulatedProvider, Spell, Turn

TEXT = "word " * 79  # 99 tokens
METERS = {
    "openai": {"requests": 1_000, "total": 3_000},
    "azure": {"requests": 6_000, "total": 3_000},
    "anthropic": {"requests": 3, "input": 100_000, "output": 100_000},
    "bedrock_runtime": {"requests": 1_000, "total": 3_000},
    "bedrock_mantle": {"input": 1_000, "output": 100_000},
    "gemini": {"requests": 3, "input": 100_000},
    "generic": {"requests": 3, "total": 100_000},
}
BODY = {"model": "m", "max_tokens": 900, "messages": [{"role": "user", "content": "hi"}]}


def provider(meter: str, clock: FakeClock, **more: Any) -> SimulatedProvider:
    return SimulatedProvider([Scenario([Turn(TEXT)])], clock=clock, meter=meter, limits=METERS[meter], **more)


def ask(made: SimulatedProvider, path: str = "/v1/messages") -> httpx.Response:
    """Over the application, so that headers are seen."""
    import asyncio

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=made.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://provider") as client:
            return await client.post(path, json=BODY)

    return asyncio.run(call())


@pytest.mark.parametrize("meter", METERS)
def test_it_lets_in_refuses_and_lets_in_again(meter: str) -> None:
    clock = FakeClock()
    made = provider(meter, clock)
    found = [ask(made) for _ in range(60)]
    refused = [at for at, answer in enumerate(found) if answer.status_code == 429]
    assert 3 <= refused[0] <= 31
    assert {answer.status_code for answer in found[: refused[0]]} == {200}
    feedback = find_meter(meter).feedback(429, found[-1].headers, found[-1].content, clock.now_ns() / 1e9)
    assert (feedback.kind, feedback.terminal) == ("rate", None)
    assert (feedback.retry_after_s is not None) == (not meter.startswith("bedrock")), "Bedrock does not say when"
    clock.advance(120.0)
    assert ask(made).status_code == 200


@pytest.mark.parametrize("meter", ["openai", "azure", "anthropic"])
def test_headers_are_read_back_as_they_stand(meter: str) -> None:
    clock = FakeClock()
    answer = ask(provider(meter, clock))
    windows = find_meter(meter).feedback(200, answer.headers, None, clock.now_ns() / 1e9).windows
    assert sorted(window.limit for window in windows) == sorted(METERS[meter].values())
    for window in windows:
        assert window.remaining is not None
        assert window.limit is not None
        assert window.reset_s is not None
        assert 0 <= window.remaining <= window.limit
        assert 0 <= window.reset_s <= 62


@pytest.mark.parametrize("meter", ["bedrock_runtime", "bedrock_mantle", "gemini"])
def test_who_tells_nothing_tells_nothing(meter: str) -> None:
    answer = ask(provider(meter, FakeClock()))
    assert [name for name in answer.headers if "ratelimit" in name or "retry" in name] == []


@pytest.mark.parametrize(
    ("meter", "why", "terminal"),
    [
        ("openai", "spend_cap", "spend cap"),
        ("openai", "daily_quota", "daily quota"),
        ("anthropic", "spend_cap", "spend cap"),
        ("gemini", "daily_quota", "daily quota"),
    ],
)
def test_a_closed_account_is_read_as_closed(meter: str, why: Any, terminal: str) -> None:
    clock = FakeClock()
    made = provider(meter, clock)
    assert made.quota is not None
    made.quota.close(why)
    answer = ask(made)
    assert answer.status_code == 429
    assert find_meter(meter).feedback(429, answer.headers, answer.content, clock.now_ns() / 1e9).terminal == terminal


def test_spells_move_the_limit_take_a_share_and_fail() -> None:
    clock = FakeClock()
    spells = [Spell(10, 20, limit=0.5), Spell(30, 40, status=529)]
    made = provider("anthropic", clock, spells=spells)
    assert ask(made).headers["anthropic-ratelimit-input-tokens-limit"] == "100000"
    clock.advance(12.0)
    assert ask(made).headers["anthropic-ratelimit-input-tokens-limit"] == "50000"
    clock.advance(20.0)
    failed = ask(made)
    assert (failed.status_code, failed.json()["error"]["type"]) == (529, "overloaded_error")
    clock.advance(10.0)
    assert ask(made).status_code == 200


def test_the_same_requests_at_the_same_times_meet_the_same_limits() -> None:
    def play() -> list[tuple[int, dict[str, str]]]:
        clock = FakeClock()
        made = provider("openai", clock)
        found = []
        for _ in range(12):
            answer = ask(made)
            found.append((answer.status_code, {n: v for n, v in answer.headers.items() if "ratelimit" in n}))
            clock.advance(1.7)
        return found

    assert play() == play()


@pytest.mark.parametrize(
    "wrong",
    [
        {"meter": "nobody"},
        {"meter": "openai", "limits": {"input": 5}},
        {"meter": "openai", "limits": {"total": 0}},
        {"limits": {"total": 5}},
    ],
)
def test_a_rule_that_there_is_not_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"expected|limits|need"):
        SimulatedProvider(**wrong)
