"""What the page says when something is wrong: a silent server, an unknown run, a missing key, an unknown address."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .agents import fleet
from .conftest import OpenPage
from .server import Server, running

pytestmark = pytest.mark.browser


def test_health_shows_the_way_in(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/health")
    expect(page.get_by_role("heading", level=1)).to_contain_text("spans acknowledged")
    expect(page.locator(".health-columns")).to_contain_text(ten_server.otlp_http)
    health = ten_server.get("health")
    for limit in health["limits"]:
        expect(page.get_by_role("cell", name=limit["name"], exact=True)).to_be_visible()
    for producer in health["producers"]:
        expect(page.get_by_role("cell", name=producer["scope"], exact=True).first).to_be_visible()


def test_an_unknown_run_says_so_with_its_code(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/no-such-run", expects_errors=True)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("no-such-run")
    expect(alert.get_by_role("button", name="code not_found")).to_be_visible()


def test_an_unknown_address_leads_home(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/nowhere")
    expect(page.locator("main")).to_contain_text("Nothing stands at /nowhere")
    page.get_by_role("link", name="Go to Fleet").click()
    expect(page.locator(".in-words")).to_be_visible()


def test_a_silent_server_is_named(fresh_server: Server, open_page: OpenPage) -> None:
    fresh_server.send(fleet(2, now_ns=time.time_ns()))
    page = open_page(fresh_server.api, expects_errors=True)
    words = page.locator(".in-words")
    expect(words).to_be_visible()
    fresh_server.stop()
    expect(page.get_by_role("alert").first).to_contain_text("The server does not answer")
    expect(page.get_by_role("button", name="code server_silent").first).to_be_visible()
    expect(words).to_be_visible()


def test_a_key_is_asked_for_and_used(tmp_path: Path, open_page: OpenPage) -> None:
    command = [str(Path(sys.executable).parent / "quarterdeck"), "keys", "create", "page", "--json"]
    made = subprocess.run(
        [*command, "--data-dir", str(tmp_path / "data")], capture_output=True, check=True, text=True, timeout=300
    )
    secret = json.loads(made.stdout)["secret"]
    with running(tmp_path / "data", tmp_path / "server.log", QUARTERDECK_SERVE__REQUIRE_KEY="true") as server:
        page = open_page(server.api, expects_errors=True)
        page.get_by_label("Access key").fill(secret)
        page.get_by_role("button", name="Use this key in this tab").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("No run has arrived yet")
        assert secret not in page.url


def test_choices_are_kept_in_the_browser(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/settings")
    page.get_by_label("dark", exact=True).check()
    page.get_by_label("roomy (36 pixels)").check()
    page.goto(f"{ten_server.api}/runs")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    box = page.locator(".run-item").first.bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(36, abs=0.5)
