"""Limits: before the first call two lines to paste; then gauges, lanes and breakers of a real gateway under load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import expect

from quarterdeck.testing import SimulatedProvider

from .conftest import OpenPage
from .server import Server, running, until
from .test_shapes import picture, serious_faults

pytestmark = pytest.mark.browser

ACCOUNTS = {
    "gpt-5-mini": {"meter": "openai", "limits": {"requests": 600, "total": 6_000, "concurrency": 4}},
    "claude*": {"meter": "anthropic", "limits": {"input": 450_000, "output": 90_000}},
}
CALLS = 80


@dataclass
class Busy:
    """A server whose gateway has more calls than its account allows."""

    server: Server
    gateway: str


def call(gateway: str, tenant: str, lane: str) -> int:
    answer = httpx.post(
        f"{gateway}/openai/v1/chat/completions",
        json={"model": "gpt-5-mini", "max_tokens": 400, "messages": [{"role": "user", "content": "Say it."}]},
        headers={"authorization": "Bearer k", "x-quarterdeck-tenant": tenant, "x-quarterdeck-lane": lane},
        timeout=600,
    )
    return answer.status_code


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    tmp = tmp_path_factory.mktemp("limits")
    provider = SimulatedProvider(first_token_s=30.0)  # so that the queue stays while it is looked at
    with (
        provider as address,
        running(
            tmp / "data",
            tmp / "server.log",
            QUARTERDECK_GATEWAY__PORT="0",
            QUARTERDECK_GATEWAY__OPENAI_URL=address,
            QUARTERDECK_ADMISSION__ACCOUNTS=json.dumps(ACCOUNTS),
        ) as server,
    ):
        yield Busy(server, server.get("health")["endpoints"]["gateway"])


@pytest.fixture(scope="module")
def loaded(busy: Busy) -> Iterator[Busy]:
    pool = ThreadPoolExecutor(CALLS)
    for at in range(CALLS):
        pool.submit(call, busy.gateway, f"tenant-{at % 7}", ("interactive", "standard", "batch")[at % 3])
    until(
        lambda: sum(lane["calls"] for one in busy.server.get("limits")["items"] for lane in one["lanes"]) > 20,
        "a queue",
    )
    yield busy
    busy.server.stop()  # what waits is let go
    pool.shutdown(cancel_futures=True)


def test_without_a_gateway_the_view_says_how_to_start_one(empty_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{empty_server.api}/limits")
    expect(page.get_by_role("heading", level=1)).to_have_text("No gateway runs")
    expect(page.locator("pre").first).to_have_text("quarterdeck serve --gateway-port 4321")
    expect(page.locator("pre").last).to_contain_text("export OPENAI_BASE_URL=http://127.0.0.1:4321/openai/v1")
    assert serious_faults(page) == []


def test_before_the_first_call_the_two_lines_carry_this_servers_address(busy: Busy, open_page: OpenPage) -> None:
    page = open_page(busy.server.api)
    page.get_by_role("link", name="Limits").click()
    expect(page.locator(".listening")).to_contain_text(busy.gateway)
    expect(page.locator("pre").first).to_contain_text(f"export OPENAI_BASE_URL={busy.gateway}/openai/v1")
    expect(page.get_by_role("heading", name="gpt-5-mini")).to_be_visible()
    expect(page.locator(".gauge").first).to_contain_text("nothing used of 600")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_busy_account_is_drawn(theme: str, width: int, loaded: Busy, open_page: OpenPage) -> None:
    page = open_page(f"{loaded.server.api}/limits", theme=theme, width=width)
    expect(page.locator(".gauge").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("wait")
    lanes = page.get_by_role("region", name="Lanes of gpt-5-mini")
    expect(lanes.get_by_role("row", name="batch")).to_contain_text("tenant-")
    expect(page.locator(".health-columns").first).to_contain_text("first attempts")
    expect(page.locator(".breakers").first).to_contain_text("server: closed")
    picture(page, f"limits-busy-{theme}-{width}", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious_faults(page) == []
