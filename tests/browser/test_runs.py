"""Runs: facets in the URL, keyboard, order, live tail, virtual rows."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from .agents import Plan, fleet
from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def test_facets_filter_and_stand_in_the_url(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs")
    counted = ten_server.get("run-facets", names="agent")["facets"]["agent"]
    wanted = next(one for one in counted if one["value"] == "support-agent")
    line = page.locator(".facets label", has_text="support-agent")
    expect(line.locator(".facet-count")).to_have_text(str(wanted["count"]))
    line.get_by_role("checkbox").check()
    expect(page).to_have_url(re.compile("agent=support-agent"))
    expect(page.locator(".run-item")).to_have_count(wanted["count"])
    page.get_by_role("button", name="Remove filter agent support-agent").click()
    expect(page.locator(".run-item")).to_have_count(10)
    page.go_back()
    expect(page.locator(".run-item")).to_have_count(wanted["count"])


def test_the_keyboard_walks_opens_and_returns(ten_server: Server, open_page: OpenPage) -> None:
    runs = ten_server.get("runs", limit=3)["items"]
    page = open_page(f"{ten_server.api}/runs")
    expect(page.locator(".run-item")).to_have_count(10)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.locator(".run-item[aria-selected=true]")).to_contain_text(runs[1]["agent"])
    expect(page.locator(".peek")).to_contain_text(runs[1]["run_id"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/runs/{runs[1]['run_id']}"))
    page.go_back()
    expect(page.locator(".peek")).to_contain_text(runs[1]["run_id"])
    page.keyboard.press("Escape")
    expect(page.locator(".peek")).to_have_count(0)


def test_search_finds_a_run_by_its_id(ten_server: Server, open_page: OpenPage) -> None:
    wanted = ten_server.get("runs", limit=5)["items"][4]
    page = open_page(f"{ten_server.api}/runs")
    expect(page.locator(".run-item")).to_have_count(10)
    page.keyboard.press("/")
    page.keyboard.type(wanted["run_id"][:12])
    expect(page.locator(".run-item")).to_have_count(1)
    expect(page).to_have_url(re.compile(f"q={wanted['run_id'][:12]}"))


def test_columns_sort(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs")
    heading = page.get_by_role("columnheader", name="tokens")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    first = ten_server.get("runs", sort="tokens_total", limit=1)["items"][0]
    expect(page.locator(".run-item").first.locator("a")).to_have_attribute("title", first["run_id"])
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")


def test_columns_are_chosen_and_stand_in_the_link(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs", width=1600)
    expect(page.locator(".run-item")).to_have_count(10)
    page.get_by_text("columns", exact=True).click()
    page.get_by_role("checkbox", name="texts").click()
    page.get_by_role("checkbox", name="spans").click()
    heads = page.get_by_role("columnheader")
    expect(heads.filter(has_text="texts")).to_be_visible()
    expect(heads.filter(has_text="spans")).to_have_count(0)
    expect(page.locator(".run-item").first).to_contain_text("not decided yet")
    page.reload()
    expect(heads.filter(has_text="texts")).to_be_visible()
    page.get_by_text("columns", exact=True).click()
    page.get_by_role("button", name="the usual ones").click()
    expect(heads.filter(has_text="texts")).to_have_count(0)
    assert "cols=" not in page.url


def test_a_view_is_saved_found_again_and_forgotten(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs?status=error&sort=-started_at")
    expect(page.locator(".run-item")).to_have_count(3)
    page.get_by_text("views", exact=True).click()
    page.get_by_label("Name of the view").fill("failed, oldest first")
    page.get_by_role("button", name="save").click()
    page.goto(f"{ten_server.api}/runs")
    expect(page.locator(".run-item")).to_have_count(10)
    page.get_by_text("views", exact=True).click()
    page.get_by_role("link", name="failed, oldest first").click()
    expect(page).to_have_url(re.compile("status=error&sort=-started_at"))
    expect(page.locator(".run-item")).to_have_count(3)
    page.get_by_role("button", name="Forget view failed, oldest first").click()
    expect(page.get_by_role("link", name="failed, oldest first")).to_have_count(0)


def test_health_says_which_texts_stay_and_tries_another_policy(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/health")
    expect(page.get_by_text("Always kept: error")).to_be_visible()
    page.get_by_text("What would another policy keep?").click()
    page.get_by_label("mode").select_option("all")
    page.get_by_role("button", name="try on the last 24 hours").click()
    expect(page.get_by_text("Every text is kept.")).to_be_visible()


def test_a_thousand_rows_are_few_elements(thousand_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{thousand_server.api}/runs")
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "101")
    for pages in range(2, 5):
        grid.evaluate("list => list.scrollTo(0, list.scrollHeight)")
        expect(grid).to_have_attribute("aria-rowcount", str(pages * 100 + 1))
    assert page.locator(".run-item").count() < 80


def test_the_tail_waits_while_paused_and_takes_in_when_live(fresh_server: Server, open_page: OpenPage) -> None:
    now = time.time_ns()
    fresh_server.send(fleet(5, now_ns=now))
    page = open_page(f"{fresh_server.api}/runs")
    expect(page.locator(".run-item")).to_have_count(5)
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("tail=off"))
    fresh_server.send([Plan(number=100 + i, started_ns=now + i, agent="late-agent") for i in range(3)])
    page.get_by_role("button", name="3 new").click()
    expect(page.locator(".run-item")).to_have_count(8)
    expect(page.locator(".run-item").first).to_contain_text("late-agent")
    fresh_server.send([Plan(number=200, started_ns=now + 10, agent="latest-agent")])
    expect(page.locator(".run-item").first).to_contain_text("latest-agent")


def test_the_palette_finds_an_agent(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/health")
    expect(page.locator(".health-columns")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("billing")
    expect(page.get_by_role("option", name="agent billing-agent")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/runs.*agent=billing-agent"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("show these keys")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
