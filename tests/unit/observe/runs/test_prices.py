"""The price table: names as producers write them, dates, a user's file on top, clear errors."""

from __future__ import annotations

import json

import pytest

from quarterdeck.errors import BadFile
from quarterdeck.observe.runs import PriceTable

from .spans import NOW

NOW_NS = NOW * 10**9
PRICES = PriceTable.shipped()


@pytest.mark.parametrize(
    ("provider", "model", "price_in", "price_out"),
    [
        ("openai", "gpt-4o", 2.5, 10),
        ("openai", "gpt-4o-2024-08-06", 2.5, 10),
        ("openai", "gpt-4o-mini-2024-07-18", 0.15, 0.6),
        ("openai", "gpt-4.1-nano-2025-04-14", 0.1, 0.4),
        ("openai", "gpt-5-mini", 0.25, 2),
        ("openai", "o3-mini", 1.1, 4.4),
        ("azure.ai.openai", "gpt-4o", 2.5, 10),
        ("anthropic", "claude-3-haiku-20240307", 0.25, 1.25),
        ("anthropic", "claude-3-5-sonnet-latest", 3, 15),
        ("anthropic", "claude-opus-4-20250514", 15, 75),
        ("aws.bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", 3, 15),
        ("aws.bedrock", "anthropic.claude-3-haiku-20240307-v1:0", 0.25, 1.25),
        ("aws.bedrock", "meta.llama3-1-8b-instruct-v1:0", 0.22, 0.22),
        ("gcp.gemini", "models/gemini-2.5-flash", 0.3, 2.5),
        ("gcp.vertex_ai", "gemini-2.0-flash-001", 0.1, 0.4),
        ("gcp.vertex_ai", "claude-sonnet-4-5@20250929", 3, 15),
        ("mistral_ai", "mistral-large-latest", 2, 6),
        ("deepseek", "deepseek-reasoner", 0.55, 2.19),
        ("x_ai", "grok-3", 3, 15),
        (None, "openai/gpt-4.1", 2, 8),
        ("openrouter", "anthropic/claude-sonnet-4.5", 3, 15),
    ],
)
def test_common_models_are_found_as_producers_name_them(provider, model, price_in, price_out):
    rates = PRICES.rates(provider, model, NOW_NS)
    assert rates is not None
    assert (rates.input, rates.output) == (price_in, price_out)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-4o-turbo-max"), ("ollama", "gpt-4o"), (None, "my-own"), ("anthropic", "gpt-4o")],
)
def test_a_model_that_no_entry_names_has_no_price(provider, model):
    assert PRICES.rates(provider, model, NOW_NS) is None


def test_the_rates_in_force_at_the_time_of_the_call_apply():
    day = 86_400 * 10**9
    old = PRICES.rates("deepseek", "deepseek-chat", 1_735_689_600 * 10**9)
    new = PRICES.rates("deepseek", "deepseek-chat", 1_735_689_600 * 10**9 + 400 * day)
    assert old is not None
    assert new is not None
    assert (old.input, new.input) == (0.27, 0.28)


def test_every_shipped_rate_is_plausible():
    rows = [row for models in PRICES.exact.values() for rows in models.values() for row in rows]
    assert len(rows) > 400
    assert all(0 <= row.cache_read <= max(row.input, row.output) + 1e-9 for row in rows)
    assert all(row.input < 1000 and row.output < 1000 for row in rows)


def write(tmp_path, document):
    path = tmp_path / "prices.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return path


def entry(**price):
    return {"provider": "openai", "model": "gpt-4o", "prices": [{"input": 1, "output": 2, **price}]}


def test_a_users_file_lies_on_top(tmp_path):
    path = write(
        tmp_path,
        {
            "price_version": "ours",
            "models": [entry(), {**entry(), "provider": "house", "model": "own", "prefixes": ["own-"]}],
        },
    )
    table = PriceTable.load(path)
    assert table.version == f"{PRICES.version}+ours"
    found = [
        table.rates(*key, NOW_NS) for key in (("openai", "gpt-4o"), ("house", "own-7b"), ("openai", "gpt-4o-mini"))
    ]
    assert [rates and rates.input for rates in found] == [1, 1, 0.15]


def test_missing_cache_rates_fall_back_to_the_nearest(tmp_path):
    table = PriceTable.load(write(tmp_path, {"price_version": "v", "models": [entry(cache_write=1.5)]}))
    rates = table.rates("openai", "gpt-4o", NOW_NS)
    assert rates is not None
    assert (rates.cache_read, rates.cache_write, rates.cache_write_1h) == (1, 1.5, 1.5)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{\n  nonsense", ":2: expected JSON"),
        ([], 'expected an object {"price_version"'),
        ({"models": []}, 'expected "price_version" to be a text'),
        ({"price_version": "v", "models": [3]}, 'each of "models" to be an object'),
        ({"price_version": "v", "models": [{"model": "m", "prices": []}]}, 'expected "provider"'),
        ({"price_version": "v", "models": [{"provider": "p", "model": "m", "prices": []}]}, 'expected "prices" of m'),
        ({"price_version": "v", "models": [{"provider": "p", "model": "m", "prices": [1]}]}, "expected a price of m"),
        ({"price_version": "v", "models": [entry(input=-1)]}, "dollars per million tokens, >= 0, got -1"),
        ({"price_version": "v", "models": [entry(output=None)]}, 'to have "input" and "output"'),
        ({"price_version": "v", "models": [entry(inptu=1)]}, "unknown key 'inptu'"),
        ({"price_version": "v", "models": [entry(**{"from": "tomorrow"})]}, "a date like 2026-01-31"),
        ({"price_version": "v", "models": [entry(long_context={"input": 1})]}, "above_input_tokens"),
        ({"price_version": "v", "models": [{**entry(), "aliases": "x"}]}, 'expected "aliases" to be a list'),
    ],
)
def test_a_bad_file_is_refused_with_what_was_expected(tmp_path, document, said):
    path = write(tmp_path, document)
    with pytest.raises(BadFile) as refused:
        PriceTable.load(path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_a_bad_entry_is_named_by_its_line(tmp_path):
    path = write(tmp_path, {"price_version": "v", "models": [{**entry(), "model": "first"}, entry(input="cheap")]})
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if '"gpt-4o"' in text)
    with pytest.raises(BadFile, match=f"prices.json:{line}: "):
        PriceTable.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadFile, match="cannot be read as a price list"):
        PriceTable.load(tmp_path / "none.json")
