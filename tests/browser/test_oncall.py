"""On call on the page alone: from an injected regression over a probe to an incident, its closing and its post-mortem."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .agents import HOSTILE_WORDS
from .conftest import OpenPage
from .server import Server, running, until
from .test_shapes import picture, serious_faults

pytestmark = pytest.mark.browser

SETTINGS = """
[[probes.targets]]
name = "support"

[probes.targets.candidate]
kind = "command"
argv = [{python!r}, "-c", "import sys; sys.stdin.read(); sys.exit(1)"]

[probes.targets.baseline]
kind = "command"
argv = [{python!r}, "-c", "import sys; print(len(sys.stdin.read()))"]
"""
"""Two real programs: the new version always fails, the old one answers."""


@pytest.fixture
def probing_server(tmp_path: Path) -> Iterator[Server]:
    """With a target to probe, and the alert of a worse prompt."""
    settings = tmp_path / "quarterdeck.toml"
    settings.write_text(SETTINGS.format(python=sys.executable))
    with running(tmp_path / "data", tmp_path / "server.log", QUARTERDECK_CONFIG=str(settings)) as server:
        server.send_moved()
        yield server


def sound(page: Page, name: str) -> None:
    """No serious fault of accessibility, nothing to scroll sideways; a picture for somebody to look at."""
    assert serious_faults(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    picture(page, f"oncall-{name}", whole=True)


def fill(page: Page, form: str, send: str, **values: str) -> None:
    """Types into the labelled fields of a form, chooses in its lists, and sends it."""
    panel = page.get_by_role("form", name=form, exact=True)
    for name, value in values.items():
        field = panel.get_by_label(name.replace("_", " "), exact=name == "by").first
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    panel.get_by_role("button", name=send).click()


def test_the_walk_from_the_alert_to_the_post_mortem(probing_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{probing_server.api}/alerts")
    page.evaluate("localStorage.setItem('quarterdeck.by', 'ada')")
    line = page.locator(".alert-line").first
    expect(line).to_contain_text("First:")
    sound(page, "inbox")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".acts")).to_be_visible()
    probe(page)
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    fill(page, "Forecast", "Say so", How_probable="90")
    expect(page.get_by_role("form", name="Forecast")).to_have_count(0)
    page.keyboard.press("i")
    page.get_by_role("form", name="Open an incident").get_by_role("button", name="Open the incident").click()
    expect(page).to_have_url(re.compile("/incidents/"))
    graded(page)
    known(page)
    closed(page)
    incident = probing_server.get("incidents")["items"][0]
    assert incident["state"] == "closed"
    assert incident["to_close"] == []
    assert {one["source"] for one in incident["fields"].values()} >= {"runs", "not_applicable"}


def probe(page: Page) -> None:
    page.keyboard.press("p")
    fill(page, "Probe", "Run the probe", Or_this_input="Where is my order?")
    expect(page.locator(".probe").first).to_contain_text("It is a regression")
    expect(page.locator(".probe").first).to_contain_text("0 of")
    expect(page.locator(".probe").first).to_contain_text("at most 2 %")
    sound(page, "probe")


def graded(page: Page) -> None:
    facts = page.get_by_role("form", name="Facts")
    preview = facts.get_by_role("status")
    expect(preview).to_contain_text("sev-")
    before = preview.inner_text()
    facts.get_by_label("Of", exact=True).select_option("legal")
    facts.get_by_label("To one affected").select_option("serious")
    expect(preview).not_to_have_text(before)
    sound(page, "incident-open")
    facts.get_by_role("button", name="Record the grade").click()
    expect(page.locator(".state-line .sev")).to_contain_text("sev-")


def known(page: Page) -> None:
    """The walk, the fields that no run tells, the cause, an action."""
    for step in ("retrieval", "generation", "routing", "upstream"):
        finding = "cause" if step == "generation" else "ruled_out"
        fill(page, "Triage step", "Record the step", Step=step, It_is=finding, Evidence=f"looked at {step} of ten runs")
        row = page.locator(".walk li").filter(has_text=step).first
        expect(row).to_contain_text("looked at")
    missing = page.locator(".six > div").filter(has_text="missing")
    while missing.count() > 0:
        left = missing.count()
        fill(page, "Field", "Record the field", Then="not_applicable", Value="no such part in this agent")
        expect(missing).to_have_count(left - 1)
    fill(page, "Cause", "Record the cause", What_it_was="prompt v7 tells the model to stop early")
    fill(page, "Action", "Add the action", What_is_to_be_done="roll back v7", Owner="ada", until="2030-01-01")
    expect(page.locator(".cards").filter(has_text="roll back v7")).to_be_visible()


def closed(page: Page) -> None:
    fill(page, "How it was contained", "It is contained", How_it_was_contained="v7 was rolled back")
    expect(page.locator(".state-line strong").first).to_contain_text("contained")
    expect(page.get_by_text("Nothing is missing")).to_be_visible()
    fill(page, "Close the incident", "Close the incident")
    expect(page.locator(".state-line")).to_contain_text("closed")
    page.get_by_role("button", name="Read the post-mortem").click()
    expect(page.locator('[data-document="postmortem"]')).to_contain_text("prompt v7 tells the model to stop early")
    sound(page, "incident-closed")


def test_each_way_of_closing_states_its_price_or_why_not(probing_server: Server, open_page: OpenPage) -> None:
    alert_id = probing_server.get("alerts", state="firing")["items"][0]["alert_id"]
    page = open_page(f"{probing_server.api}/alerts?at={alert_id}", width=390, theme="dark")
    expect(page.locator(".alert-line.selected")).to_be_visible()
    page.keyboard.press("d")
    ways = page.locator(".way")
    expect(ways).to_have_count(6)
    expect(ways.filter(has_text="A wobble of the model").get_by_role("radio")).to_be_disabled()
    expect(ways.filter(has_text="A wobble of the model")).to_contain_text("Not as it is")
    expect(ways.filter(has_text="An accepted change")).to_contain_text("Price:")
    sound(page, "choices-narrow-dark")
    ways.filter(has_text="An accepted change").get_by_role("radio").check()
    fill(page, "Close this alert", "Close the alert", Why="the release notes of v7 announce it", by="ada")
    until(lambda: probing_server.get(f"alerts/{alert_id}")["state"] == "resolved", "the alert to be closed")
    page.goto(f"{probing_server.api}/alerts/{alert_id}")
    expect(page.locator(".events").first).to_contain_text("An accepted change")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/incidents", "/mutes", "/handover"])
def test_what_stands_inside_alerts_is_sound(
    path: str, width: int, theme: str, moved_server: Server, open_page: OpenPage
) -> None:
    page = open_page(moved_server.api + path, width=width, theme=theme)
    expect(page.locator(".tabs [aria-current]")).to_have_count(1)
    expect(page.locator(".in-words")).not_to_be_empty()
    expect(page.locator(".awaiting")).to_have_count(0)
    sound(page, f"{path[1:]}-{width}-{theme}")


def test_hostile_words_of_people_are_inert(fresh_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{fresh_server.api}/incidents")
    page.locator("main").focus()
    page.keyboard.press("n")
    fill(page, "Open an incident", "Open the incident", What_happened=HOSTILE_WORDS[:280], by="ada")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    fill(page, "Note for the timeline", "Add the note", Note=HOSTILE_WORDS[:280])
    expect(page.locator(".events")).to_contain_text("<script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img").count() == 0


def test_a_mute_is_made_and_ended(fresh_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{fresh_server.api}/mutes")
    page.locator("main").focus()
    page.keyboard.press("m")
    fill(
        page,
        "Mute",
        "Mute it",
        Signal="failing",
        Slice="agent=support-agent",
        Why="the provider is being moved",
        by="ada",
    )
    row = page.get_by_role("list", name="Mutes").get_by_role("listitem")
    expect(row).to_contain_text("failing of support-agent")
    expect(row).to_contain_text("left")
    row.get_by_role("button", name="End it").click()
    expect(row).to_contain_text("ended")
