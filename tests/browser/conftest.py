"""Chromium, servers with 0, 10 and 1,000 runs, and a page that notices every fault of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .server import Server, running

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src/quarterdeck/api/webui/dist/index.html"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container may have 64 MB of shared memory
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MS = 60_000
"""How long to wait for what must come: a bound for what hangs, with room for a slow machine."""
expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    if not BUILT.is_file():
        pytest.skip("the page has not been built: run `make page`")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages whose console errors fail the test, unless the test says that it `expects_errors`."""
    contexts: list[Any] = []
    faults: list[str] = []

    def open_one(
        address: str, *, width: int = 1280, theme: str = "light", expects_errors: bool = False, **options: Any
    ) -> Page:
        height = 800 if width > 500 else 844
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if not expects_errors:
            page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


def _served(tmp: Path, count: int) -> Iterator[Server]:
    with running(tmp / "data", tmp / "server.log") as server:
        if count:
            server.send_fleet(count)
        yield server


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _served(tmp_path_factory.mktemp("empty"), 0)


@pytest.fixture(scope="session")
def ten_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _served(tmp_path_factory.mktemp("ten"), 10)


@pytest.fixture(scope="session")
def thousand_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _served(tmp_path_factory.mktemp("thousand"), 1000)


@pytest.fixture(scope="session")
def moved_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With one agent that got a worse prompt, and the alert that fires for it."""
    tmp = tmp_path_factory.mktemp("moved")
    with running(tmp / "data", tmp / "server.log") as server:
        server.send_moved()
        yield server


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """For a test that changes what the server holds."""
    yield from _served(tmp_path, 0)
