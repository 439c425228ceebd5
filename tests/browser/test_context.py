"""The context view: who used each call's window, what was cut and what that cost, what the agent's own budget said."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .long_runs import cutting_run
from .server import Server, running, until
from .test_shapes import picture, serious_faults

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server with one run whose window was cut, and that run's id."""
    tmp = tmp_path_factory.mktemp("context")
    with running(tmp / "data", tmp / "server.log") as server:
        headers = {"content-type": "application/json"}
        body = cutting_run(1, now_ns=time.time_ns())
        httpx.post(f"{server.otlp_http}/v1/traces", content=body, headers=headers, timeout=60).raise_for_status()
        until(lambda: server.count() == 1, "the run to be readable")
        yield server, str(server.get("runs", limit=1)["items"][0]["run_id"])


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_windows_are_drawn_by_call(theme: str, width: int, clerk: tuple[Server, str], open_page: OpenPage) -> None:
    server, run_id = clerk
    page = open_page(f"{server.api}/runs/{run_id}?view=context", theme=theme, width=width)
    rows = page.locator(".window-row")
    expect(rows).to_have_count(10)
    expect(page.locator(".context-view .in-words")).to_contain_text("cut or rewritten before 1 call, which cost $")
    expect(rows.nth(6)).to_contain_text("3 masked")
    expect(rows.nth(6)).to_contain_text("tokens read anew")
    expect(rows.nth(6)).to_contain_text("over the soft mark of 70 %")
    expect(rows.nth(5)).to_contain_text(re.compile(r"\d+ % of usable, \d+ % of whole"))
    expect(page.get_by_text("No call named something that had been superseded.")).to_be_visible()
    expect(rows.nth(5)).to_contain_text("read from the provider's cache")
    expect(rows.nth(5).locator(".window-bar title")).to_contain_text("tool results")
    picture(page, f"context-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious_faults(page) == []


def test_a_call_opens_what_is_behind_it_and_keys_move(clerk: tuple[Server, str], open_page: OpenPage) -> None:
    server, run_id = clerk
    page = open_page(f"{server.api}/runs/{run_id}")
    expect(page.get_by_role("treeitem").first).to_be_visible()
    page.keyboard.press("5")
    rows = page.locator(".window-row")
    rows.nth(6).get_by_role("button").click()
    expect(page.locator(".span-panel h2")).to_contain_text("chat gpt-4o")
    expect(rows.nth(6)).to_have_class(re.compile("is-selected"))
    page.keyboard.press("k")
    expect(rows.nth(5)).to_have_class(re.compile("is-selected"))
    page.go_back()
    expect(page.locator(".window-row")).to_have_count(0)
