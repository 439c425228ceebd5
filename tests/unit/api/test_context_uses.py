"""Who uses a window, what was cut since the call before and what that cost, and what an agent's own budget said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterdeck.api.run_views.cuts import Cuts, cuts_of
from quarterdeck.api.run_views.uses import told_of, uses_of, window_of
from quarterdeck.control.budget import ContextBudget, Segment
from quarterdeck.observe.canonical.context_diff import compare, pieces_of
from quarterdeck.observe.runs import PriceTable

API = "/api/v1"
Message = dict[str, Any]


def say(role: str, text: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def result(text: str) -> Message:
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "result": text}]}


START = [say("system", "s" * 4000), say("user", "u" * 1000)]
LONG = [*START, say("assistant", "a" * 200), result("r" * 3000), say("assistant", "b" * 200), result("q" * 2000)]


def cuts(before: list[Message], after: list[Message]) -> Cuts:
    a, b = pieces_of(before, None), pieces_of(after, None)
    return cuts_of(a, b, compare(a, b))


def test_growth_is_no_cut() -> None:
    assert cuts(START, LONG) == Cuts(0, 0, 0, 0, 0, 0)


def test_a_masked_result_is_told_from_a_rewritten_one_and_what_stands_behind_it_is_read_anew() -> None:
    masked = [*LONG[:3], result("masked: order 17"), *LONG[4:]]
    assert cuts(LONG, masked) == Cuts(1, 0, 0, 0, 3000 - 16, 2200)
    longer = [*LONG[:3], result("r" * 2900 + "x"), *LONG[4:]]
    assert cuts(LONG, longer)[:4] == (0, 0, 0, 1)


def test_messages_that_went_are_dropped_or_summed_up() -> None:
    dropped = [*START, *LONG[4:]]
    assert cuts(LONG, dropped) == Cuts(0, 0, 2, 0, 3200, 2200)
    summed = [*START, say("user", "earlier: an order was looked up"), *LONG[4:]]
    assert cuts(LONG, summed)[:4] == (0, 2, 0, 0)


def test_what_came_new_at_the_end_is_no_summary_of_what_went() -> None:
    assert cuts(LONG, [*START, *LONG[2:4], say("assistant", "done")])[:3] == (0, 0, 1)


def test_the_first_words_of_a_user_are_the_task() -> None:
    found = uses_of(pieces_of([*LONG, say("user", "more")], "[tools]"))
    assert found == {"tools": 7, "system": 4000, "task": 1000, "history": 404, "tool_results": 5000}


def test_a_window_is_what_the_agent_says_else_the_vendors_figure(raw) -> None:
    told = raw(1, 1, attributes={"quarterdeck.context.window": 40_000, "quarterdeck.context.effective": 30_000})
    assert window_of(told, "gpt-4o")[:2] == (40_000, 30_000)
    listed = raw(1, 1, attributes={"gen_ai.request.max_tokens": 800})
    assert window_of(listed, "gpt-4o") == (128_000, 83_200, 800, "table")
    assert window_of(raw(1, 1), "somebody's model") == (None, None, None, None)


def test_nonsense_in_a_plan_is_not_told(raw) -> None:
    assert (
        told_of(raw(1, 1, attributes={"quarterdeck.context.kept": "many", "quarterdeck.context.used.task": -1})) is None
    )
    odd = told_of(raw(1, 1, attributes={"quarterdeck.context.kept": True, "quarterdeck.context.masked": 2.0}))
    assert odd is not None
    assert odd.counts == {"masked": 2}


def test_the_plan_of_a_real_budget_is_read_as_it_was_made(raw) -> None:
    budget = ContextBudget("gpt-4o", window=2_000, reserve_output=200)
    segments = [
        Segment("s", "system", "You help. " * 40, pin=True),
        Segment("t", "task", "Count the orders.", pin=True),
    ]
    segments += [Segment(f"h{i}", "history", f"note {i}: " + "words " * 300, turn=i) for i in range(12)]
    plan = budget.fit(segments)
    span = raw(1, 1, attributes=plan.attributes())
    told = told_of(span)
    assert told is not None
    assert sum(told.used.values()) == plan.tokens
    forms = ("kept", "clipped", "masked", "summarised", "referenced")
    assert sum(told.counts[form] for form in forms) == len(plan.placed)
    assert told.counts["dropped"] == told.counts["cut"] > 0
    assert told.cut_reason
    assert window_of(span, "gpt-4o") == (128_000, 2_000, 200, "agent")


@pytest.fixture
def run(deck, raw) -> str:
    def call(span: int, messages: list[Message], **more: Any) -> Any:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 2600,
            "gen_ai.usage.cache_read.input_tokens": 0,
            "gen_ai.input.messages": json.dumps(messages),
        }
        return raw(1, span, 1, name="chat", attributes=attributes | more)

    plan = {f"quarterdeck.context.{key}": value for key, value in PLAN.items()}
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}
    spans = [raw(1, 1, attributes=agent, end_ns=0), call(2, LONG), call(4, [*START, *LONG[4:]], **plan)]
    return str(deck.take(spans)[0])


PLAN = {"window": 8_000, "effective": 5_200, "reserve_output": 500, "used.task": 300, "used.tool_result": 700,
        "kept": 3, "dropped": 2, "cut": 2, "cut_reason": "over the soft mark"}  # fmt: skip


def test_a_cut_is_priced_in_tokens(client, run) -> None:
    first, second = client.get(f"{API}/runs/{run}/context").json()["items"]
    assert first["cuts"] is None
    found = second["cuts"]
    again = 2200 * 2600 / 7200
    assert (found["dropped"], found["tokens_gone"], found["tokens_again"]) == (
        2,
        round(3200 * 2600 / 7200),
        round(again),
    )
    assert found["cost_usd"] is None  # this deck's API has no prices; the equivalents stand
    assert found["cost_equivalents"] == pytest.approx(again * 1.15)


def test_with_prices_the_cut_costs_dollars(deck, run) -> None:
    client = deck.client(token_rates=PriceTable.shipped().rates)
    found = client.get(f"{API}/runs/{run}/context").json()["items"][1]["cuts"]
    rates = PriceTable.shipped().rates("openai", "gpt-4o", 0)
    assert rates is not None
    assert found["cost_usd"] == pytest.approx(2200 * 2600 / 7200 * (rates.cache_write - rates.cache_read) * 1e-6)


def test_an_agents_own_plan_is_shown_as_it_said(client, run) -> None:
    first, second = client.get(f"{API}/runs/{run}/context").json()["items"]
    assert first["plan"] is None
    assert second["plan"]["counts"] == {"kept": 3, "dropped": 2, "cut": 2}
    assert second["plan"]["cut_reason"] == "over the soft mark"
    assert (second["plan"]["used"]["task"], second["plan"]["used"]["tool_results"]) == (300, 700)
    assert second["window"] == {"advertised": 8000, "effective": 5200, "reserve_output": 500, "source": "agent"}
