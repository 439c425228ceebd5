"""Cost of a run: parts by their own model, residuals by the main model, reported beside computed."""

from __future__ import annotations

import math

import pytest

from quarterdeck.observe.runs import span_cost

from .spans import PRICES, one, span

AGENT = span("a", "", "agent", 0, 99)


def call(name, counts=(1_000_000, 100_000), model="gpt-4o-2024-08-06", provider="openai", start=1, **fields):
    return span(name, "a", "llm", start, start + 1, tokens=counts, model_response=model, provider=provider, **fields)


def test_calls_are_priced_by_their_own_model_with_cache_apart():
    run = one(
        AGENT,
        call("l1", tokens_cache_read=400_000),
        call("l2", model="claude-sonnet-4-20250514", provider="anthropic", start=3, counts=(100_000, 10_000),
             tokens_cache_write=50_000, tokens_cache_write_1h=20_000),
    )  # fmt: skip
    first = 0.6 * 2.5 + 0.4 * 1.25 + 0.1 * 10
    second = 0.05 * 3 + 0.03 * 3.75 + 0.02 * 6 + 0.01 * 15
    assert run.cost.computed == pytest.approx(first + second, abs=1e-12)
    assert (run.cost.source, run.cost.price_version, run.cost.reported) == ("priced", PRICES.version, None)
    assert run.flags == ()


def test_reported_costs_add_up_exactly():
    costs = [0.1, 0.2, 0.3, 1e-9, 0.7, 1e-12] * 7
    run = one(AGENT, *(call(f"l{i}", start=i, cost_reported_usd=c) for i, c in enumerate(costs)))
    assert run.cost.reported == math.fsum(costs)
    assert run.cost.source == "reconciled"


def test_an_ancestor_that_repeats_the_cost_adds_nothing():
    root = AGENT._replace(cost_reported_usd=0.3, usage_scope="inclusive")
    run = one(root, call("l1", cost_reported_usd=0.1), call("l2", start=3, cost_reported_usd=0.2))
    assert run.cost.reported == pytest.approx(0.3, abs=1e-12)


def test_an_ancestor_that_knows_more_cost_decides():
    run = one(
        AGENT._replace(cost_reported_usd=0.5, usage_scope="inclusive"), span("l", "a", "llm", cost_reported_usd=0.1)
    )
    assert (run.cost.reported, run.cost.source, run.cost.computed) == (pytest.approx(0.5), "reported", None)


def test_a_duplicated_call_is_paid_once():
    run = one(
        AGENT,
        call("l1", response_id="r", cost_reported_usd=0.1),
        call("l2", start=3, response_id="r", cost_reported_usd=0.1),
    )
    assert run.cost.reported == 0.1
    assert run.cost.computed == pytest.approx(3.5)


def test_a_wrapper_that_knows_the_cache_corrects_the_price_of_its_inner_span():
    run = one(
        AGENT,
        call("o", model="gpt-4o", tokens_cache_read=1_000_000),
        call("i", model="gpt-4o")._replace(parent_span_id="o"),
    )
    assert run.cost.computed == pytest.approx(1.25 + 1.0)


def test_residual_is_priced_at_the_main_model_and_says_so():
    root = span("a", "", "agent", 0, 99, tokens=(2_000_000, 100_000), usage_scope="inclusive")
    run = one(root, call("l1"))
    assert run.cost.computed == pytest.approx(3.5 + 2.5)
    assert {"residual", "residual_priced"} <= set(run.flags)


def test_an_agent_alone_is_priced_by_the_model_it_names():
    root = span(
        "a",
        "",
        "agent",
        0,
        9,
        tokens=(1_000_000, 0),
        usage_scope="inclusive",
        model_response="gpt-4o",
        provider="openai",
    )
    run = one(root)
    assert (run.cost.computed, run.model) == (pytest.approx(2.5), "gpt-4o")


def test_unpriced_calls_are_told():
    mixed = one(AGENT, call("l1"), call("l2", model="nobody-knows", start=3))
    assert (mixed.cost.computed, mixed.flags) == (pytest.approx(3.5), ("cost_partial",))
    none = one(AGENT, call("l2", model="nobody-knows"))
    assert (none.cost.computed, none.cost.source, none.cost.price_version) == (None, "unpriced", None)
    assert none.flags == ("cost_unpriced",)


def test_a_silent_call_makes_the_cost_partial():
    assert one(AGENT, call("l1"), span("l2", "a", "llm", 3, 4)).flags == ("cost_partial",)


def test_free_calls_cost_zero_and_unknown_ones_nothing():
    assert one(AGENT, call("l", counts=(0, 0))).cost.computed == 0.0
    assert one(AGENT).cost.computed is None


def test_a_long_prompt_pays_the_long_price_for_the_whole_call():
    run = one(AGENT, call("l", counts=(300_000, 1000), model="gemini-2.5-pro", provider="gcp.gemini"))
    assert run.cost.computed == pytest.approx(0.3 * 2.5 + 0.001 * 15)


def test_evaluators_cost_is_not_the_runs():
    run = one(AGENT, call("l1", cost_reported_usd=0.1), span("e", "a", "evaluator", 3, 9),
              call("j", start=4, cost_reported_usd=9.0)._replace(parent_span_id="e"))  # fmt: skip
    assert run.cost.reported == 0.1
    assert run.cost.computed == pytest.approx(3.5)


def test_the_cost_of_one_span_is_reported_else_priced_else_unknown():
    assert span_cost(call("l", cost_reported_usd=0.25), PRICES) == 0.25
    assert span_cost(call("l"), PRICES) == pytest.approx(3.5)
    assert span_cost(call("l", model="nobody-knows"), PRICES) is None
    assert span_cost(AGENT, PRICES) is None
