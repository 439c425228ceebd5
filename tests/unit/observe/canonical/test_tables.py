"""The tables themselves: every dialect is registered, names fields that exist, and is documented."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from quarterdeck.model.spans import OpKind, Span
from quarterdeck.observe.canonical import dialects
from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.dialects import DIALECTS
from quarterdeck.observe.canonical.kinds import KINDS, PRESENCE, kind_of
from quarterdeck.observe.canonical.plan import LAZY, SLOTS, compile_plan, detect, shape_of
from quarterdeck.observe.canonical.precedence import GLOBAL, OWN
from quarterdeck.observe.canonical.reference import render

ROOT = Path(__file__).parents[4]
FIELDS = {*SLOTS, *LAZY}


def test_every_file_of_dialects_is_registered() -> None:
    folder = Path(dialects.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {dialect.name for dialect in DIALECTS}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_dialect_names_fields_and_kinds_that_exist(dialect: Dialect) -> None:
    assert set(dialect.fields) <= FIELDS
    kinds = [kind for _, kind in (*dialect.presence, *dialect.name_prefixes)]
    kinds += [kind for rule in dialect.usage_rules for kind in rule.kinds]
    assert set(kinds) <= set(get_args(OpKind))
    assert dialect.scopes or dialect.scopes_exact or dialect.markers


def test_the_global_tables_name_fields_and_kinds_that_exist() -> None:
    assert set(GLOBAL) | set(OWN) <= FIELDS
    assert set(Span._fields) <= set(SLOTS)
    for key, words in KINDS.items():
        assert set(words.values()) <= set(get_args(OpKind)), key
        assert all(word == word.lower() for word in words), key
    assert {kind for _, kind in PRESENCE} <= set(get_args(OpKind))


def test_the_reference_is_what_the_tables_say() -> None:
    page = ROOT / "docs/reference/dialects.md"
    assert page.read_text() == render(), (
        "run: python -m quarterdeck.observe.canonical.reference > docs/reference/dialects.md"
    )


@pytest.mark.parametrize(
    ("scope", "keys", "expected"),
    [
        ("langfuse-sdk", ("gen_ai.system",), "langfuse"),
        ("pydantic-ai", ("langfuse.session.id",), "pydantic_ai"),
        ("openinference.instrumentation.langchain", (), "openinference"),
        ("opentelemetry.instrumentation.openai", (), "openllmetry"),
        ("opentelemetry.instrumentation.openai_v2", ("gen_ai.system",), "otel_legacy"),
        ("opentelemetry.instrumentation.genai.openai", (), "otel_current"),
        ("logfire.openai", (), "logfire"),
        ("logfirex", (), "unknown"),
        ("ai", (), "vercel"),
        ("airbyte", (), "unknown"),
        ("", ("gen_ai.system", "gen_ai.provider.name"), "otel_current"),
        ("", ("gen_ai.system",), "otel_legacy"),
        ("", ("traceloop.entity.name",), "openllmetry"),
        ("", ("model", "input", "output"), "unknown"),
    ],
)
def test_detection(scope: str, keys: tuple[str, ...], expected: str) -> None:
    assert detect(scope, "", keys).name == expected


def test_a_plan_lists_what_is_there_in_order_of_precedence() -> None:
    keys = ("llm.token_count.prompt", "gen_ai.usage.input_tokens", "quarterdeck.agent.name", "gen_ai.agent.name")
    plan = compile_plan("openinference.instrumentation.x", "", keys)
    found = {slot: (key, *(other for other, _ in rest)) for slot, key, _read, rest in plan.reads}
    assert found[SLOTS["tokens_input"]] == ("llm.token_count.prompt", "gen_ai.usage.input_tokens")
    assert found[SLOTS["agent_name"]] == ("quarterdeck.agent.name", "gen_ai.agent.name")


def test_running_numbers_do_not_make_a_shape() -> None:
    small = {"a": 1, "llm.input_messages.7.message.role": "user"}
    assert shape_of(small) == tuple(small)
    large = {f"llm.input_messages.{index}.message.role": "user" for index in range(100)}
    assert shape_of(large) == ("llm.input_messages.0.message.role",)


def test_words_are_read_whatever_their_case() -> None:
    assert kind_of("LLM", KINDS["openinference.span.kind"]) == "llm"
    assert kind_of("ai.generateText.doGenerate my-function", KINDS["operation.name"]) == "llm"
    assert kind_of("no such word", KINDS["operation.name"]) is None
