"""Fleet: empty installations teach, numbers carry their n, every number leads to its runs."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from .agents import fleet
from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def test_empty_teaches_and_turns_into_the_first_run(fresh_server: Server, open_page: OpenPage) -> None:
    page = open_page(fresh_server.api, permissions=["clipboard-read", "clipboard-write"])
    expect(page.get_by_role("heading", level=1)).to_have_text("No run has arrived yet")
    expect(page.locator("pre").first).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={fresh_server.otlp_http}")
    expect(page.locator(".listening")).to_contain_text("listening on")
    page.get_by_role("button", name="copy the variables").click()
    assert "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="LangGraph, LangChain").click()
    expect(page.get_by_text("LangChainInstrumentor().instrument()")).to_be_visible()

    fresh_server.send(fleet(1, now_ns=time.time_ns()))
    page.locator(".listening a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("support-agent")


def test_few_runs_are_not_judged(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(ten_server.api)
    expect(page.locator(".insufficient").first).to_contain_text(re.compile("too few to judge|more to see a change"))
    expect(page.locator(".whisker")).to_have_count(0)


def test_the_answer_in_words_comes_first(thousand_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{thousand_server.api}/?since=-24h")
    words = page.locator(".in-words").inner_text()
    assert re.search(r"\d", words), words
    assert page.locator("main p").first.inner_text() == words
    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.locator(".whisker").first).to_be_visible()


def test_the_count_of_a_cohort_leads_to_exactly_its_runs(thousand_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{thousand_server.api}/?since=-24h")
    row = page.locator("table.cohorts tbody tr").first
    link = row.locator("td.num a").first
    count = int(link.inner_text().replace(",", ""))
    names = row.locator("td.key").all_inner_texts()
    link.click()
    expect(page).to_have_url(re.compile("/runs"))
    address = page.url
    for name, value in zip(("agent", "prompt_version", "model"), names, strict=True):
        assert f"{name}={value}" in address
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(min(count, 100) + 1))
    query = {"agent": names[0], "prompt_version": names[1], "model": names[2], "since": "-24h", "names": "agent"}
    assert thousand_server.get("run-facets", **query)["total"] == count


def test_grouping_stands_in_the_url_and_back_works(thousand_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{thousand_server.api}/?since=-24h")
    groups = page.get_by_role("group", name="Group by")
    groups.get_by_role("button", name="model").click()
    expect(page).to_have_url(re.compile(r"by=agent%2Cprompt_version"))
    expect(page.locator("table.cohorts tbody tr")).to_have_count(6)
    page.reload()
    expect(page.locator("table.cohorts tbody tr")).to_have_count(6)
    page.go_back()
    expect(groups.get_by_role("button", name="model")).to_have_attribute("aria-pressed", "true")


def test_a_range_can_be_frozen(thousand_server: Server, open_page: OpenPage) -> None:
    page = open_page(thousand_server.api)
    page.locator(".range summary").click()
    page.get_by_role("button", name="last 6 h").click()
    expect(page).to_have_url(re.compile("since=-6h"))
    page.locator(".range summary").click()
    page.get_by_role("button", name="freeze at this moment").click()
    expect(page).to_have_url(re.compile(r"since=\d{4}-.*until=\d{4}-"))
    expect(page.locator(".range summary")).to_contain_text("frozen")


def test_brushing_the_chart_compares_the_range_with_the_rest(thousand_server: Server, open_page: OpenPage) -> None:
    page = open_page(thousand_server.api)
    box = page.locator(".chart .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 50, steps=5)
    page.mouse.up()
    panel = page.get_by_role("region", name="Contrast", exact=True)
    expect(panel.get_by_role("heading", level=2)).to_contain_text("What is different about")
    expect(panel.locator("table.contrast, .nothing").first).to_be_visible()
    expect(page).to_have_url(re.compile("sel="))
    panel.get_by_role("button", name="failed among these").click()
    expect(panel.locator("table.contrast")).to_contain_text("find_order")
    panel.get_by_role("button", name="Freeze the page at this range").click()
    expect(page).to_have_url(re.compile(r"since=\d{4}-.*until=\d{4}-"))
    page.go_back()
    expect(panel).to_be_visible()
