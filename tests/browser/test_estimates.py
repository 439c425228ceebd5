"""Promised against spent: in words, as a fan by call, in the list; whether promises held; a task before it is begun; approvals."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from .agents import SECOND, Plan, fleet
from .conftest import OpenPage
from .long_runs import cutting_run
from .server import Server, running, until
from .test_shapes import picture, serious_faults

pytestmark = pytest.mark.browser

RUNS = 120
"""Enough that nine in ten can be judged."""


def greedy(now_ns: int) -> Plan:
    """A run of a known agent that takes far more than any before it."""
    return Plan(number=9_999, started_ns=now_ns - 10 * SECOND, turns=14, agent="support-agent", prompt_version="v6")


@pytest.fixture(scope="module")
def promised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a history of three agents, and then one run that takes far more than was promised."""
    tmp = tmp_path_factory.mktemp("promised")
    with running(tmp / "data", tmp / "server.log") as server:
        now_ns = time.time_ns()
        server.send(fleet(RUNS, now_ns=now_ns - 60 * SECOND))
        until(lambda: promised_runs(server) == RUNS, "every run to have its promise")
        server.send([greedy(now_ns)])
        until(lambda: promised_runs(server) == RUNS + 1, "the last run to have its promise")
        yield server


def promised_runs(server: Server) -> int:
    return int(server.get("run-facets", names="agent", has="estimated")["total"])


def greedy_run(server: Server) -> str:
    return str(server.get("runs", sort="tokens_total", limit=1)["items"][0]["run_id"])


def sound(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious_faults(page) == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_run_says_what_was_promised_and_draws_it(
    theme: str, width: int, promised: Server, open_page: OpenPage
) -> None:
    page = open_page(f"{promised.api}/runs/{greedy_run(promised)}?view=promise", theme=theme, width=width)
    header = page.locator(".run-header")
    expect(header).to_contain_text(
        re.compile(r"Promised [\d.]+k tokens \(eight in ten such runs .*\), spent [\d.]+k tokens: more than 99 %")
    )
    expect(header).to_contain_text("Estimate: ")
    expect(page.locator(".fan-spent")).to_have_attribute("d", re.compile(r"^M.*L"))
    expect(page.locator(".fan-band")).to_have_count(1)
    expect(page.get_by_role("row", name="tokens").first).to_contain_text("over its promise")
    picture(page, f"promise-{theme}-{width}", whole=True)
    sound(page, width)


def test_quantity_and_call_stand_in_the_address(promised: Server, open_page: OpenPage) -> None:
    page = open_page(f"{promised.api}/runs/{greedy_run(promised)}")
    expect(page.get_by_role("treeitem").first).to_be_visible()
    page.get_by_role("button", name="call by call").click()
    page.get_by_role("button", name="model calls", exact=True).click()
    expect(page).to_have_url(re.compile("quantity=steps"))
    expect(page.locator(".promise-view .in-words")).to_contain_text("spent 14 model calls")
    fan = page.locator(".fan-box")
    fan.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(fan).to_have_attribute("aria-valuenow", "2")
    expect(page.locator(".span-panel h2")).to_contain_text("chat")
    page.reload()
    expect(page.locator(".fan-box")).to_have_attribute("aria-valuenow", "2")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_has_a_bar_and_finds_what_is_over(theme: str, promised: Server, open_page: OpenPage) -> None:
    page = open_page(f"{promised.api}/runs", theme=theme, width=1440)
    expect(page.get_by_role("columnheader", name="promised, spent")).to_be_visible()
    expect(page.locator(".promise-bar").first).to_have_attribute("aria-label", re.compile("promised .* spent "))
    page.get_by_role("checkbox", name="over its promise").check()
    expect(page).to_have_url(re.compile("has=over_budget"))
    over = int(promised.get("run-facets", names="agent", has="over_budget")["total"])
    expect(page.locator(".promise-cell .over")).to_have_count(over)
    picture(page, f"runs-promised-{theme}")
    sound(page, 1440)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_limits_say_whether_promises_held_and_estimate_a_task(
    theme: str, width: int, promised: Server, open_page: OpenPage
) -> None:
    page = open_page(f"{promised.api}/limits", theme=theme, width=width)
    kept = page.get_by_role("region", name="Promises kept")
    expect(kept.get_by_role("row", name="support-agent").first).to_contain_text("%")
    form = page.get_by_role("form", name="Estimate a task")
    form.get_by_label("agent").fill("support-agent")
    form.get_by_label("model").fill("gpt-5-mini")
    form.get_by_label("ceiling, tokens").fill("100000")
    form.get_by_role("button", name="Estimate").click()
    table = page.get_by_role("region", name="What the task would take")
    expect(table.get_by_role("row", name="tokens").first).to_contain_text(re.compile(r"in \d+ % of such runs"))
    expect(page.get_by_role("status").filter(has_text="confidence")).to_contain_text("eight in ten such runs")
    expect(page).to_have_url(re.compile("e_agent=support-agent.*e_budget_tokens=100000"))
    picture(page, f"estimates-{theme}-{width}", whole=True)
    sound(page, width)


def test_a_cold_estimate_says_that_it_is_a_guess(empty_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{empty_server.api}/limits?e_agent=nobody&e_model=gpt-5")
    expect(page.get_by_text("so this is a wide guess")).to_be_visible()
    expect(page.get_by_text("No run that was promised anything has ended")).to_be_visible()
    expect(page.get_by_text("No agent waits for a person.")).to_be_visible()


def test_bad_ceilings_are_answered_with_what_was_expected(empty_server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{empty_server.api}/limits?e_agent=a&e_budget_tokens=plenty", expects_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("budget_tokens")


def ask(server: Server, tool: str, why: str) -> str:
    numbers = {"quantity": "tokens_total", "q90": 140_000, "ceiling": 100_000, "spent": 62_000}
    question = {
        "tool": tool,
        "why": why,
        "agent": "clerk",
        "arguments": "order #W123\n129.90 USD <b>now</b>",
        **numbers,
    }
    answer = httpx.post(f"{server.api}/api/v1/approvals", json=question, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["approval_id"])


@pytest.mark.parametrize("width", [1280, 390])
def test_approvals_are_answered_by_keyboard(width: int, fresh_server: Server, open_page: OpenPage) -> None:
    first = ask(
        fresh_server,
        "refund_payment",
        "nine in ten of such tasks take up to 140,000 tokens, over the ceiling of 100,000",
    )
    second = ask(fresh_server, "delete_account", "it cannot be taken back")
    page = open_page(f"{fresh_server.api}/limits", width=width)
    expect(page.get_by_text("2 agents wait for a person")).to_be_visible()
    expect(page.locator(".approval").first).to_contain_text("refund_payment")
    expect(page.locator(".approval").first).to_contain_text("129.90 USD <b>now</b>")
    expect(page.locator(".approval").first).to_contain_text("ceiling 100k tokens; spent 62k tokens")
    page.keyboard.press("j")
    expect(page.locator(".approval[aria-current]")).to_contain_text("refund_payment")
    page.keyboard.press("j")
    page.keyboard.press("x")
    form = page.get_by_role("form", name="Refuse delete_account")
    expect(form.get_by_role("button", name="Refuse")).to_be_disabled()
    picture(page, f"approvals-{width}")
    sound(page, width)
    page.keyboard.type("not without a ticket")
    form.get_by_label("by").fill("ann")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 agent waits for a person")).to_be_visible()
    page.keyboard.press("y")
    expect(page.get_by_role("form", name="Approve refund_payment")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No agent waits for a person.")).to_be_visible()
    states = {
        one["approval_id"]: (one["state"], one["by"], one["reason"]) for one in fresh_server.get("approvals")["items"]
    }
    assert states == {first: ("approved", "ann", None), second: ("refused", "ann", "not without a ticket")}


def test_a_first_run_is_drawn_over_a_wide_guess(fresh_server: Server, open_page: OpenPage) -> None:
    headers = {"content-type": "application/json"}
    body = cutting_run(1, now_ns=time.time_ns())
    httpx.post(f"{fresh_server.otlp_http}/v1/traces", content=body, headers=headers, timeout=60).raise_for_status()
    until(lambda: promised_runs(fresh_server) == 1, "the run to have its promise")
    page = open_page(f"{fresh_server.api}/runs/{greedy_run(fresh_server)}?view=promise")
    expect(page.locator(".run-header")).to_contain_text("Cold: nothing of this agent or model was known")
    expect(page.locator(".fan-half")).to_have_count(1)
