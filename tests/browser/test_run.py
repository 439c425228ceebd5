"""Run: the sentence, four views of one selection, contexts, keys, hostile content, large trees."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time

import pytest
from playwright.sync_api import Page, expect

from .agents import EMOJI, HOSTILE, HOSTILE_WORDS, Plan
from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def failed_run(server: Server) -> str:
    return str(server.get("runs", status="error", limit=1)["items"][0]["run_id"])


def only_run(server: Server, plan: Plan) -> str:
    server.send([plan])
    return str(server.get("runs", limit=1)["items"][0]["run_id"])


def test_the_sentence_says_calls_time_and_ending(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    words = page.locator(".in-words")
    expect(words).to_contain_text("made 2 model calls and 1 tool call in 5.1 s")
    expect(words).to_contain_text("failed:")


def test_keys_move_through_the_tree(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    rows = page.get_by_role("treeitem")
    expect(rows).to_have_count(4)
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(4)
    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("]")
    expect(rows.nth(2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("[")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".span-panel")).to_have_count(0)


def test_e_goes_to_the_error_and_the_panel_says_why(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    expect(page.get_by_role("treeitem")).to_have_count(4)
    page.keyboard.press("e")
    page.keyboard.press("e")
    panel = page.locator(".span-panel")
    expect(panel).to_contain_text("execute_tool find_order")
    expect(panel).to_contain_text("the order service did not answer")


def test_search_marks_and_jumps(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    expect(page.get_by_role("treeitem")).to_have_count(4)
    page.keyboard.press("/")
    page.keyboard.type("find_order")
    expect(page.locator(".search")).to_contain_text("1 match")
    expect(page.locator(".tree-row.hit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".span-panel h2")).to_contain_text("execute_tool find_order")


def test_the_four_views_share_one_selection(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    expect(page.get_by_role("treeitem")).to_have_count(4)
    page.get_by_role("treeitem").nth(3).click()
    chosen = re.search(r"span=(\w+)", page.url)
    assert chosen
    page.keyboard.press("2")
    expect(page.locator("canvas.lanes")).to_be_visible()
    page.keyboard.press("3")
    expect(page.locator(".graph-selected")).to_have_count(1)
    page.keyboard.press("4")
    expect(page.locator(".call-selected")).to_have_count(1)
    assert f"span={chosen[1]}" in page.url
    page.keyboard.press("1")
    expect(page.get_by_role("treeitem").nth(3)).to_have_attribute("aria-selected", "true")


def drawn(page: Page) -> str:
    return str(page.locator("canvas.lanes").evaluate("canvas => canvas.toDataURL()"))


def test_the_timeline_zooms_pans_and_selects(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}?view=timeline")
    canvas = page.locator("canvas.lanes")
    expect(page.locator(".run-tools")).to_contain_text("4 spans")
    box = canvas.bounding_box()
    assert box is not None
    changed = "before => document.querySelector('canvas.lanes').toDataURL() !== before"
    whole = drawn(page)
    page.mouse.move(box["x"] + 600, box["y"] + 60)
    page.mouse.wheel(0, -400)
    page.wait_for_function(changed, arg=whole)
    near = drawn(page)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_function(changed, arg=near)
    page.keyboard.press("0")
    canvas.click(position={"x": 40, "y": 24 + 22 + 11})
    expect(page.locator(".span-panel h2")).to_contain_text("chat")


def test_a_span_can_be_copied_as_curl_and_downloaded(ten_server: Server, open_page: OpenPage) -> None:
    run_id = failed_run(ten_server)
    page = open_page(f"{ten_server.api}/runs/{run_id}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("treeitem").nth(1).click()
    panel = page.locator(".span-panel")
    panel.get_by_role("button", name="copy as curl").click()
    expect(panel.get_by_role("button", name="copied")).to_be_visible()
    command = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert command[0] == "curl"
    answered = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    with page.expect_download() as saved:
        panel.get_by_role("button", name="download JSON").click()
    document = json.loads(saved.value.path().read_text())
    assert document["span_id"] == answered["span_id"]
    assert document["raw"]["attributes"]["gen_ai.operation.name"] == "chat"
    panel.get_by_text("Raw, as received").click()
    expect(panel.get_by_text("gen_ai.operation.name").first).to_be_visible()


def test_the_graph_opens_what_a_box_stands_for(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}?view=graph")
    boxes = page.locator(".graph-box")
    expect(boxes).to_have_count(3)
    boxes.filter(has_text="find_order").click()
    expect(page.locator(".span-panel")).to_contain_text("the order service did not answer")
    boxes.first.focus()
    page.keyboard.press("Enter")
    expect(boxes.first).to_have_attribute("aria-pressed", "true")


def test_the_strip_says_what_fills_the_context_and_opens_the_call(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    strip = page.get_by_role("slider", name="Model call")
    expect(strip).to_have_attribute("aria-valuemax", "2")
    expect(page.locator(".context-line")).to_contain_text("Context of 2 model calls in tokens")
    strip.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".context-line")).to_contain_text("call 2")
    expect(page.locator(".span-panel h2")).to_contain_text("chat")


def test_two_calls_are_compared_message_by_message(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}")
    strip = page.get_by_role("slider", name="Model call")
    expect(strip).to_have_attribute("aria-valuemax", "2")
    strip.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_text("What changed in the context since the call before").click()
    changes = page.locator(".context-diff")
    expect(changes.locator(".in-words")).to_contain_text("kept")
    expect(changes.locator(".change-added")).not_to_have_count(0)
    assert "diff=open" in page.url
    page.reload()
    expect(page.locator(".context-diff .in-words")).to_contain_text("are the same")


def test_a_run_can_be_taken_along(ten_server: Server, open_page: OpenPage) -> None:
    run_id = failed_run(ten_server)
    page = open_page(f"{ten_server.api}/runs/{run_id}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("copy, download").click()
    page.get_by_role("button", name="copy as SQL").click()
    expect(page.get_by_role("button", name="copied")).to_be_visible()
    assert f"run_id = '{run_id}'" in page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as saved:
        page.get_by_role("button", name="download JSON").click()
    document = json.loads(saved.value.path().read_text())
    assert (document["run"]["run_id"], document["outline"]["spans"]) == (run_id, 4)


def test_the_conversation_shows_each_message_once(ten_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{ten_server.api}/runs/{failed_run(ten_server)}?view=conversation")
    expect(page.locator(".call")).to_have_count(2)
    expect(page.locator(".call").nth(1)).to_contain_text("3 earlier messages resent")
    expect(page.get_by_text("Where is my order?")).to_have_count(1)
    expect(page.get_by_text("You help the customers of a shop.")).to_have_count(1)


def test_a_hostile_prompt_is_only_text(fresh_server: Server, open_page: OpenPage) -> None:
    plan = Plan(number=1, started_ns=time.time_ns() - 10**10, agent=f"{HOSTILE_WORDS} \u202eevil", ask=HOSTILE)
    run_id = only_run(fresh_server, plan)
    page = open_page(fresh_server.api)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address in ("/", "/runs", f"/runs/{run_id}", f"/runs/{run_id}?view=conversation"):
        page.goto(fresh_server.api + address)
        expect(page.locator("main")).to_contain_text("onerror=")
        assert page.evaluate("window.pwned") is None
        assert page.locator("main img, main script, main b").count() == 0
    user = page.locator(".message-user").first
    text = user.locator("pre").inner_text()
    assert text.startswith(HOSTILE_WORDS)
    assert EMOJI in text
    assert len(text) < 1300
    user.get_by_role("button", name="show all").click()
    expect(user.get_by_text("the JSON download has all")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert [url for url in asked if not url.startswith(fresh_server.api)] == []


def test_a_run_of_thousands_of_spans_is_few_elements(fresh_server: Server, open_page: OpenPage) -> None:
    run_id = only_run(fresh_server, Plan(number=1, started_ns=time.time_ns() - 10**13, turns=700, captures=False))
    page = open_page(f"{fresh_server.api}/runs/{run_id}")
    expect(page.locator(".run-tools")).to_contain_text("1,400 spans, no error")
    assert page.get_by_role("treeitem").count() < 120
    page.keyboard.press("End")
    expect(page.get_by_role("treeitem").last).to_have_attribute("aria-selected", "true")
    assert page.get_by_role("treeitem").count() < 120
