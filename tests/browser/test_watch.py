"""What moved: from the fleet over the alert to a run by keys alone, signals over time, contrast of a range, closing an alert."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .agents import HOSTILE_NAME
from .conftest import OpenPage
from .server import Server, until

pytestmark = pytest.mark.browser

STILL = 0.02
"""Sum of layout shifts of a view that does not move while it loads; a tenth is what browsers still call good."""
SHIFTS = """
() => new Promise(done => {
  let sum = 0;
  const seen = new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
  });
  seen.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})
"""


def firing(server: Server) -> dict[str, object]:
    found: dict[str, object] = server.get("alerts", state="firing")["items"][0]
    return found


def test_keys_alone_lead_from_the_fleet_to_an_exemplar_run(moved_server: Server, open_page: OpenPage) -> None:
    page = open_page(moved_server.api)
    expect(page.get_by_role("link", name="open alert")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/alerts/"))
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text("support-agent")
    expect(title).to_contain_text("v7")
    expect(page.locator(".exemplar-head.selected")).to_contain_text("most typical")
    page.keyboard.press("j")
    chosen = page.locator(".exemplar-head.selected")
    expect(chosen).not_to_contain_text("most typical")
    run_id = chosen.get_attribute("data-id")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/runs/{run_id}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("support-agent")
    page.go_back()
    expect(chosen).to_have_attribute("data-id", str(run_id))


def test_the_rail_counts_what_fires_and_the_inbox_says_it_in_a_line(moved_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{moved_server.api}/health")
    count = len(moved_server.get("alerts", state="firing")["items"])
    expect(page.locator(".rail-count")).to_contain_text(str(count))
    page.keyboard.press("g")
    page.keyboard.press("a")
    line = page.locator(".alert-line").first
    expect(line).to_contain_text("support-agent in prod with prompt v7")
    expect(line).to_contain_text(re.compile(r"→ .*\d+ runs"))
    expect(line).to_contain_text("fires since")
    expect(line.get_by_role("img")).to_have_attribute("aria-label", re.compile("over a threshold of"))
    page.keyboard.press("j")
    expect(line).to_have_attribute("aria-current", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/alerts/{firing(moved_server)['alert_id']}"))


def test_cohorts_carry_evidence_and_unfold_to_signals_over_time(moved_server: Server, open_page: OpenPage) -> None:
    page = open_page(moved_server.api)
    row = page.locator("table.cohorts tbody tr").filter(has_text="support-agent").filter(has_text="v7").first
    expect(row.get_by_role("img", name=re.compile("over a threshold"))).to_be_visible()
    expect(row.locator(".moved-signals")).to_contain_text("▲")
    row.get_by_role("button", name=re.compile("Signals of support-agent v7")).click()
    charts = page.locator(".small-signal .chart-box")
    expect(charts).to_have_count(4)
    expect(page.locator(".small-signal").first).to_contain_text("Failing runs")
    expect(charts.first).to_have_attribute("aria-label", re.compile("deploys prompt_version v7"))
    page.reload()
    expect(charts).to_have_count(4)
    page.get_by_role("button", name="What is different about these runs").click()
    panel = page.get_by_role("region", name="Contrast", exact=True)
    expect(panel).to_contain_text("support-agent, v7")
    page.go_back()
    expect(panel).to_have_count(0)


def test_a_signal_is_found_and_its_range_compared_by_keys(moved_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{moved_server.api}/fleet/signals")
    page.get_by_role("group", name="state").get_by_role("button", name="reached").click()
    expect(page).to_have_url(re.compile("state=reached"))
    page.get_by_role("combobox", name="Signal").select_option("failing")
    rows = page.locator("table.streams tbody tr")
    expect(rows).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Failing runs of support-agent in prod with prompt v7")
    expect(page.locator(".in-words")).to_contain_text(re.compile(r"\(.* to .*, \d+ runs\) against"))
    chart = page.locator(".chart-box").first
    chart.focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    expect(chart.locator(".chart-said")).to_contain_text("chosen, Enter compares it")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sel="))
    panel = page.get_by_role("region", name="Contrast", exact=True)
    expect(panel.locator("table.contrast, .nothing").first).to_be_visible()
    chart.focus()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_an_alert_is_closed_with_a_reason(fresh_server: Server, open_page: OpenPage) -> None:
    alert_id = fresh_server.send_moved()
    page = open_page(f"{fresh_server.api}/alerts?at={alert_id}")
    expect(page.locator(".alert-line.selected")).to_be_visible()
    page.keyboard.press("c")
    form = page.get_by_role("form", name="Close this alert")
    expect(form.get_by_role("button", name="Close the alert")).to_be_disabled()
    form.locator(".way").filter(has_text="Real, and fixed").get_by_role("radio").check()
    form.get_by_label("Why?").fill("v7 was rolled back")
    form.get_by_label("by", exact=True).fill("ada")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f'[data-id="{alert_id}"]')).to_have_count(0)
    until(lambda: fresh_server.get(f"alerts/{alert_id}")["state"] == "resolved", "the alert to be resolved")
    page.goto(f"{fresh_server.api}/alerts/{alert_id}")
    expect(page.locator(".caveat")).to_contain_text("v7 was rolled back")
    expect(page.locator(".events")).to_contain_text("by ada")


def test_hostile_names_are_inert_in_every_view(moved_server: Server, open_page: OpenPage) -> None:
    alert = firing(moved_server)
    page = open_page(moved_server.api)
    expect(page.get_by_text(HOSTILE_NAME).first).to_be_visible()
    hostile = next(
        one for one in moved_server.get("signals", limit=500)["items"] if HOSTILE_NAME in one["cohort"].values()
    )
    for path in ("/fleet/signals", f"/fleet/signals/{hostile['stream_id']}", "/alerts", f"/alerts/{alert['alert_id']}"):
        page.goto(moved_server.api + path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        expect(page.locator(".awaiting")).to_have_count(0)
        assert page.evaluate("window.pwned") is None
        assert page.locator("main img").count() == 0
    page.goto(f"{moved_server.api}/fleet/signals/{hostile['stream_id']}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")


def test_a_signal_that_is_no_longer_watched_says_so(moved_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{moved_server.api}/fleet/signals/none-such", expects_errors=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("This signal is not watched any more")
    page.get_by_role("link", name="All signals").click()
    expect(page.locator("table.streams")).to_be_visible()


def still(page: Page) -> float:
    return float(page.evaluate(SHIFTS))


@pytest.mark.parametrize("view", ["/", "/fleet/signals", "/alerts", "signal", "alert"])
def test_nothing_shifts_while_loading(view: str, moved_server: Server, open_page: OpenPage) -> None:
    alert = moved_server.get(f"alerts/{firing(moved_server)['alert_id']}")
    named = {"signal": f"/fleet/signals/{alert['findings'][0]['stream_id']}", "alert": f"/alerts/{alert['alert_id']}"}
    page = open_page(moved_server.api + named.get(view, view))
    expect(page.locator(".in-words, .findings").first).to_be_visible()
    expect(page.locator(".awaiting")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert still(page) < STILL
