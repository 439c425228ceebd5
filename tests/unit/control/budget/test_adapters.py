"""Whatever a conversation looks like, what an adapter sends obeys the provider's own rules and stays within the limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest

from quarterdeck.control.budget import ContextBudget, Segment
from quarterdeck.control.budget.adapters import fit_anthropic, fit_openai_chat, fit_openai_responses
from quarterdeck.control.budget.adapters.conversations import Conversations
from quarterdeck.errors import BadInput, ContextOverflow
from quarterdeck.simulate.provider.order import check_anthropic, check_openai_chat, check_openai_responses

WORDS = [
    "order",
    "W2378156",
    "was",
    "shipped",
    "to",
    "763",
    "Broadway",
    "while",
    "item",
    "4202497723",
    "waits",
    "in",
    "the",
    "depot",
]
Step = tuple[str, Any]


def words(chance: Random, most: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randrange(1, most)))


def steps(chance: Random, dirty: bool) -> Iterator[Step]:
    """What happens in a conversation: (who, text or calls); a dirty one loses calls and results."""
    number = 0
    for _ in range(chance.randrange(1, 40)):
        kind = chance.choice(["user", "assistant", "calls", "calls", "calls"])
        if kind != "calls":
            yield kind, words(chance, 60)
            continue
        calls = [f"c{number + n}" for n in range(chance.randrange(1, 4))]
        number += len(calls)
        if not (dirty and chance.random() < 0.1):
            yield "calls", calls
        for call in calls:
            if not (dirty and chance.random() < 0.1):
                yield "result", (call, words(chance, 400))
        if dirty and chance.random() < 0.1:
            yield "result", (calls[0], "once more")


def chat(found: Sequence[Step]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Answer shortly."},
        {"role": "user", "content": "Go."},
    ]
    for who, what in found:
        if who == "calls":
            calls = [
                {"id": one, "type": "function", "function": {"name": "look", "arguments": json.dumps({"n": one})}}
                for one in what
            ]
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        elif who == "result":
            messages.append({"role": "tool", "tool_call_id": what[0], "content": what[1]})
        else:
            messages.append({"role": who, "content": what})
    return messages


def responses(found: Sequence[Step]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [{"role": "user", "content": "Go."}]
    for who, what in found:
        if who == "calls":
            items.append({"type": "reasoning", "id": f"rs-{what[0]}", "summary": []})
            items += [{"type": "function_call", "call_id": one, "name": "look", "arguments": "{}"} for one in what]
        elif who == "result":
            items.append({"type": "function_call_output", "call_id": what[0], "output": what[1]})
        else:
            items.append({"type": "message", "role": who, "content": what})
    return items


def blocks(found: Sequence[Step]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for who, what in found:
        role = "assistant" if who in ("calls", "assistant") else "user"
        if who == "calls":
            made = [{"type": "tool_use", "id": one, "name": "look", "input": {"n": 1}} for one in what]
        elif who == "result":
            made = [{"type": "tool_result", "tool_use_id": what[0], "content": what[1]}]
        else:
            made = [{"type": "text", "text": what}]
        if who == "result" and messages and messages[-1]["role"] == "user":
            messages[-1]["content"] += made
        else:
            messages.append({"role": role, "content": made})
    return messages


SHAPES: Mapping[str, tuple[Callable[[Sequence[Step]], list[Any]], Callable[..., Any], Callable[[Any], None]]] = {
    "openai_chat": (chat, fit_openai_chat, check_openai_chat),
    "openai_responses": (responses, fit_openai_responses, check_openai_responses),
    "anthropic": (blocks, fit_anthropic, check_anthropic),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dirty", [False, True])
def test_what_is_sent_is_valid_each_turn(shape: str, dirty: bool) -> None:
    write, fit, check = SHAPES[shape]
    fitted, cut = 0, 0
    for seed in range(60):
        chance = Random(seed)
        found = list(steps(chance, dirty))
        budget = ContextBudget("gpt-4o", window=chance.choice([1_500, 3_000, 8_000]), reserve_output=200)
        for end in range(1, len(found) + 1, 3):
            try:
                sent, plan = fit(budget, write(found[:end]))
            except ContextOverflow:
                continue
            check(sent)
            assert plan.tokens <= plan.limit, f"seed {seed}"
            fitted, cut = fitted + 1, cut + bool(plan.cuts)
    assert fitted > 200
    assert cut > 50, "the windows are small enough that cuts happen"


@pytest.mark.parametrize("shape", SHAPES)
def test_what_fits_comes_back_as_it_was(shape: str) -> None:
    write, fit, _ = SHAPES[shape]
    found: list[Step] = [
        ("user", "Where is it?"),
        ("calls", ["a", "b"]),
        ("result", ("a", "here")),
        ("result", ("b", "there")),
    ]
    given = write([*found, ("assistant", "Here.")])
    sent, plan = fit(ContextBudget("gpt-4o"), given)
    assert sent == given
    assert not plan.cuts


def test_the_tools_and_the_system_prompt_take_room() -> None:
    messages = [{"role": "user", "content": "Go."}]
    tools = [{"name": "look", "description": "look " * 500, "input_schema": {"type": "object"}}]
    bare = fit_anthropic(ContextBudget("claude-x"), messages).plan
    full = fit_anthropic(ContextBudget("claude-x"), messages, system="Be brief. " * 100, tools=tools).plan
    assert set(full.consumers) == {"tools", "system", "task"}
    assert full.tokens > bare.tokens + 700


def test_a_masked_result_keeps_its_call_and_names_it() -> None:
    budget = ContextBudget("gpt-4o", window=6_000, reserve_output=100)
    found: list[Step] = []
    for n in range(20):
        found += [("calls", [f"c{n}"]), ("result", (f"c{n}", f"item {n}00017 " + "x " * 800))]
        sent, plan = fit_openai_chat(budget, chat(found))
    masked = [one["content"] for one in sent if one["role"] == "tool" and "left out" in one["content"]]
    assert len(masked) == len(plan.ids("masked")) > 0
    assert all("look" in text and "00017" in text for text in masked)


def test_a_call_that_was_broken_off_gets_a_result_that_says_so() -> None:
    sent, _ = fit_openai_chat(ContextBudget("gpt-4o"), chat([("calls", ["a"]), ("user", "Never mind.")]))
    assert [one.get("content") for one in sent if one["role"] == "tool"] == ["[no result of this call was recorded]"]
    check_openai_chat(sent)


def test_the_conversation_of_anthropic_begins_with_the_user() -> None:
    sent, _ = fit_anthropic(ContextBudget("claude-x"), [{"role": "assistant", "content": "How can I help?"}])
    check_anthropic([*sent, {"role": "user", "content": "So."}])
    assert sent[0]["role"] == "user"


def test_cache_marks_stand_where_the_plan_breaks_unless_the_caller_has_some() -> None:
    given = blocks([("user", "Go."), ("calls", ["a"]), ("result", ("a", "here"))])
    sent, _ = fit_anthropic(ContextBudget("claude-x"), given, cache=True)
    assert 1 <= json.dumps(sent).count("cache_control") <= 4
    marked = [{**given[0], "content": [{**given[0]["content"][0], "cache_control": {"type": "ephemeral"}}]}, *given[1:]]
    assert json.dumps(fit_anthropic(ContextBudget("claude-x"), marked, cache=True).messages).count("cache_control") == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_the_world_is_shown_after_the_history(shape: str) -> None:
    write, fit, check = SHAPES[shape]
    world = Segment("world", "world", "Order W2378156 is cancelled.")
    sent, _ = fit(ContextBudget("gpt-4o"), write([("calls", ["a"]), ("result", ("a", "here"))]), world=world)
    check(sent)
    assert "W2378156" in json.dumps(sent[-1])


@pytest.mark.parametrize(
    ("fit", "given", "named"),
    [
        (fit_openai_chat, [{"role": "robot"}], "message 0"),
        (fit_openai_chat, [{"role": "tool", "content": "x"}], "tool_call_id"),
        (fit_openai_chat, ["text"], "message 0"),
        (fit_openai_responses, [{"type": "function_call"}], "call_id"),
        (fit_openai_responses, [{"type": "message", "role": "robot"}], "message"),
        (fit_anthropic, [{"role": "tool", "content": "x"}], "message 0"),
    ],
)
def test_another_shape_is_refused_by_name(fit: Callable[..., Any], given: Any, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        fit(ContextBudget("gpt-4o"), given)


def test_each_conversation_has_its_budget_and_the_longest_unused_goes() -> None:
    conversations = Conversations(lambda: ContextBudget("gpt-4o"), most=2)
    first = conversations.of("a")
    assert conversations.of("b") is not first
    assert conversations.of("a") is first
    conversations.of("c")
    assert len(conversations) == 2
    assert conversations.of("a") is first
    only = ContextBudget("gpt-4o")
    assert Conversations(only).of("x") is only
