"""The newest value wins, what it replaced is known with its place, and an action that uses the past is told apart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest

from quarterdeck.control.budget import ContextBudget
from quarterdeck.control.budget.adapters import fit_openai_chat
from quarterdeck.control.budget.counting import TokenCounter
from quarterdeck.control.budget.world import RULES, Event, Fact, Said, World, superseded, world_of

IDS = count()
Messages = list[dict[str, Any]]


def call(name: str, arguments: dict[str, Any], result: Any, *, error: bool = False) -> Messages:
    """A call of OpenAI's shape and its result."""
    one = f"c{next(IDS)}"
    function = {"name": name, "arguments": json.dumps(arguments)}
    text = result if isinstance(result, str) else json.dumps(result)
    return [
        {"role": "assistant", "content": None, "tool_calls": [{"id": one, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": one, "content": text, "error": error},
    ]


def order(street: str, status: str = "pending") -> dict[str, Any]:
    return {"order_id": "#W2378156", "status": status, "address": {"street": street, "zip": "19122"}}


LOOKED = call("get_order_details", {"order_id": "#W2378156"}, order("763 Broadway"))
MOVED = call("modify_order_address", {"order_id": "#W2378156", "street": "1 Elm Road"}, order("1 Elm Road"))


def test_the_newest_value_of_an_entity_wins_and_the_old_one_is_past() -> None:
    world = world_of([*LOOKED, *MOVED])
    values = {(fact.entity, fact.name): fact.value for fact in world.facts}
    assert values["#W2378156", "address.street"] == "1 Elm Road"
    (past,) = world.past
    assert (past.value, past.now, past.ended_at) == ("763 Broadway", "1 Elm Road", 3)


def test_an_action_with_the_old_address_of_an_order_is_reported_with_its_place() -> None:
    world = world_of([*LOOKED, *MOVED])
    action = {"name": "ship", "arguments": {"order_id": "#W2378156", "to": {"street": "763 Broadway"}}}
    (found,) = superseded(action, world)
    assert (found.argument, found.now, found.ended_at) == ("to.street", "1 Elm Road", 3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"order_id": "#W2378156", "street": "1 Elm Road"},  # what is true now
        {"order_id": "#W9999999", "street": "763 Broadway"},  # of another order
        {"order_id": "#W2378156", "street": "5 New Street"},  # never heard of
    ],
)
def test_what_is_no_reference_to_the_past_is_not_reported(arguments: dict[str, Any]) -> None:
    assert superseded({"name": "ship", "arguments": arguments}, world_of([*LOOKED, *MOVED])) == ()


def test_a_value_that_is_true_again_is_no_longer_past() -> None:
    back = call("modify_order_address", {"order_id": "#W2378156"}, order("763 Broadway"))
    action = {"name": "ship", "arguments": {"order_id": "#W2378156", "street": "763 Broadway"}}
    assert superseded(action, world_of([*LOOKED, *MOVED, *back])) == ()


def test_a_failed_call_changes_nothing() -> None:
    failed = call("modify_order_address", {"order_id": "#W2378156"}, order("1 Elm Road"), error=True)
    assert world_of([*LOOKED, *failed]).past == ()


def test_a_deleted_file_is_reported_where_it_is_read_and_not_where_it_is_made_anew() -> None:
    gone = [*call("write_file", {"path": "src/old.py"}, "ok"), *call("delete_file", {"path": "src/old.py"}, "ok")]
    world = world_of(gone)
    (found,) = superseded({"name": "read_file", "arguments": {"path": "src/old.py"}}, world)
    assert (found.subject, found.now, found.ended_at) == ("file", "deleted", 3)
    assert superseded({"name": "create_file", "arguments": {"path": "src/old.py"}}, world) == ()
    again = world_of([*gone, *call("create_file", {"path": "src/old.py"}, "ok")])
    assert superseded({"name": "read_file", "arguments": {"path": "src/old.py"}}, again) == ()


def test_a_moved_file_is_known_under_its_new_name() -> None:
    world = world_of(call("move_file", {"source": "a/one.py", "destination": "b/two.py"}, "ok"))
    (found,) = superseded({"name": "read_file", "arguments": {"path": "a/one.py"}}, world)
    assert found.now == "moved to b/two.py"
    assert "b/two.py" in world.text()


def test_goals_that_are_done_leave_and_decisions_and_constraints_stay() -> None:
    todos = [{"content": "find the leak", "status": "done"}, {"content": "write the test", "status": "in_progress"}]
    said = {"role": "user", "content": "Fix it. Never touch the schema! Thanks."}
    text = world_of(
        [
            said,
            *call("write_todos", {"todos": todos}, "ok"),
            *call("remember", {"key": "db", "value": "use SQLite"}, "ok"),
        ]
    ).text()
    assert text.splitlines()[1:] == [
        "- constraint: Never touch the schema",
        "- decision: db: use SQLite",
        "- goal write the test: in_progress",
    ]


def test_anthropic_blocks_and_responses_items_tell_the_same() -> None:
    blocks = [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {"order_id": "#W1"}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": '{"order_id": "#W1", "n": 7}'}],
        },
    ]
    items = [
        {"type": "function_call", "call_id": "t1", "name": "look", "arguments": '{"order_id": "#W1"}'},
        {"type": "function_call_output", "call_id": "t1", "output": '{"order_id": "#W1", "n": 7}'},
    ]
    assert world_of(blocks).facts == world_of(items).facts != ()


def test_the_text_is_bounded_and_says_how_much_is_left_out() -> None:
    messages = [
        one for n in range(300) for one in call("look", {"id": n}, {"order_id": f"#W{n:07d}", "status": "sent"})
    ]
    world = world_of([*messages, *call("ship", {"order": "#W0000005"}, "ok")])
    text = world.text(200)
    assert TokenCounter().count("", text) <= 200
    assert "#W0000299" in text, "the newest stay"
    assert "#W0000005" in text, "and what was used just now"
    assert "#W0000100" not in text
    shown = text.count("- record")
    assert f"- {300 - shown:,} older facts are left out." in text


def test_a_rule_of_ones_own_joins_the_others() -> None:
    class Prices:
        def facts(self, event: Event) -> Iterable[Fact]:
            if isinstance(event, Said) and "price is" in event.text:
                yield Fact("decision", "price", "price", event.text.rsplit(" ", 1)[-1])

    world = World(rules=(*RULES, Prices())).read(
        [{"role": "assistant", "content": f"The price is {n}"} for n in (12, 15)]
    )
    assert world.text().endswith("price: 15")
    assert [past.value for past in world.past] == ["12"]


def test_a_growing_conversation_is_read_once() -> None:
    world = World()
    messages: Messages = []
    for part in (LOOKED, MOVED):
        messages += part
        world.follow(messages)
    assert world.facts == world_of(messages).facts
    assert world.past == world_of(messages).past


def test_the_world_is_pinned_and_outlives_what_it_was_found_in() -> None:
    world, messages = World(), [{"role": "user", "content": "Go."}, *LOOKED, *MOVED]
    budget = ContextBudget("gpt-4o", window=3_000, reserve_output=100)
    for _ in range(20):
        messages += call("look", {}, "word " * 300)
        sent, plan = fit_openai_chat(budget, messages, world=world)
    assert plan.cuts
    assert "1 Elm Road" in sent[-1]["content"]


@pytest.mark.parametrize(
    "message", [{}, {"role": "tool"}, {"role": "assistant", "content": [3]}, "text", {"content": None}]
)
def test_a_message_of_no_known_shape_tells_nothing(message: Any) -> None:
    assert world_of([message]).facts == ()
