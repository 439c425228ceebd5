"""Each view at 0, 10 and 1,000 runs, light and dark, wide and narrow: looks, accessibility, no fault, no side scroll.

The pictures go to artifacts/screenshots/, for somebody to look at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from .conftest import ROOT, OpenPage
from .server import Server

pytestmark = pytest.mark.browser

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "artifacts/screenshots"

READY = {
    "fleet": "main h1",
    "signals": ".streams tbody tr, .nothing",
    "signal": ".chart-box",
    "alerts": ".inbox, .nothing",
    "alert": ".findings",
    "fleet-unfolded": ".small-signal .chart-box",
    "fleet-brushed": ".contrast-panel table, .contrast-panel .nothing",
    "runs": ".run-item, .nothing",
    "tree": ".tree-row",
    "timeline": "canvas.lanes",
    "graph": ".graph-box",
    "conversation": ".message",
    "limits": ".limits h1",
    "health": ".health-columns",
    "settings": "fieldset",
}


def addresses(server: Server) -> dict[str, str]:
    """The views that a server with these runs has."""
    found = {"fleet": "/", "signals": "/fleet/signals", "alerts": "/alerts"}
    found |= {"runs": "/runs", "limits": "/limits", "health": "/health", "settings": "/settings"}
    runs = server.get("runs", limit=1)["items"]
    if runs:
        run = f"/runs/{runs[0]['run_id']}"
        found |= {"tree": run} | {view: f"{run}?view={view}" for view in ("timeline", "graph", "conversation")}
    return found


def serious_faults(page: Page) -> list[str]:
    """Rules of axe that the page breaks, as far as they are serious or critical."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `make page`")
    page.evaluate(AXE.read_text())
    violations = page.evaluate("axe.run(document).then(result => result.violations)")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in violations
        if one["impact"] in {"serious", "critical"}
    ]


TALLEST = 2600


def picture(page: Page, name: str, *, whole: bool = False) -> Path:
    """`whole`: the view to its end, not only what a window shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    size = page.viewport_size
    if whole and size is not None:
        height = page.evaluate("document.querySelector('main').scrollHeight") + 60
        page.set_viewport_size({"width": size["width"], "height": min(TALLEST, max(height, size["height"]))})
        page.screenshot(path=path)
        page.set_viewport_size(size)
    else:
        page.screenshot(path=path)
    return path


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["empty", "ten", "thousand"])
def test_every_view_is_sound(
    size: str, theme: str, width: int, request: pytest.FixtureRequest, open_page: OpenPage
) -> None:
    server: Server = request.getfixturevalue(f"{size}_server")
    views = addresses(server)
    page = open_page(server.api, theme=theme, width=width)
    for view, address in views.items():
        page.goto(server.api + address)
        expect(page.locator(READY[view]).first).to_be_visible()
        expect(page.locator(".awaiting")).to_have_count(0)
        picture(page, f"{view}-{size}-{theme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{view} scrolls sideways"
        assert serious_faults(page) == [], view


def watched(server: Server) -> dict[str, str]:
    """The views of what moved."""
    alert = server.get("alerts", state="firing")["items"][0]
    row = quote("agent=support-agent prompt_version=v7 model=gpt-5-mini")
    now = datetime.now(UTC)
    brush = "~".join((now - timedelta(minutes=minutes)).isoformat() for minutes in (16, 6))
    return {
        "fleet": "/?promise=open",
        "fleet-unfolded": f"/?row={row}&open={row}",
        "fleet-brushed": f"/?sel={quote(brush)}",
        "signals": "/fleet/signals",
        "signal": f"/fleet/signals/{alert['findings'][0]['stream_id']}",
        "alerts": "/alerts",
        "alert": f"/alerts/{alert['alert_id']}",
    }


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_of_what_moved_is_sound(theme: str, width: int, moved_server: Server, open_page: OpenPage) -> None:
    page = open_page(moved_server.api, theme=theme, width=width)
    for view, address in watched(moved_server).items():
        page.goto(moved_server.api + address)
        expect(page.locator(READY[view]).first).to_be_visible()
        if view == "fleet":
            expect(page.locator(".cohorts .evidence").first).to_be_visible()
        expect(page.locator(".awaiting")).to_have_count(0)
        picture(page, f"{view}-moved-{theme}-{width}", whole=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{view} scrolls sideways"
        assert serious_faults(page) == [], view


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_panels_and_dialogs_are_accessible(theme: str, ten_server: Server, open_page: OpenPage) -> None:
    run_id = ten_server.get("runs", limit=1)["items"][0]["run_id"]
    span_id = ten_server.get(f"runs/{run_id}/spans")["items"][1]["span_id"]
    page = open_page(f"{ten_server.api}/runs/{run_id}?span={span_id}", theme=theme)
    expect(page.locator(".span-panel h2")).to_be_visible()
    assert serious_faults(page) == []
    picture(page, f"span-panel-ten-{theme}-1280")
    page.goto(f"{ten_server.api}/runs/{run_id}?span={span_id}&diff=open")
    expect(page.locator(".context-diff, .span-panel h2").first).to_be_visible()
    page.get_by_text("copy, download").click()
    assert serious_faults(page) == []
    picture(page, f"span-diff-ten-{theme}-1280")
    page.goto(f"{ten_server.api}/runs?peek={run_id}")
    page.get_by_text("columns").first.click()
    expect(page.locator(".peek h2")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    assert serious_faults(page) == []
    picture(page, f"palette-ten-{theme}-1280")
