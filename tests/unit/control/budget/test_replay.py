"""Recorded runs shown again to a policy: costs, floors, faults and reference recall."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.replay.join import joined
from quarterdeck.control.budget.replay.policies import POLICIES, policy_named
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.read import trajectories_of, trajectory_of
from quarterdeck.control.budget.replay.recall import Need, found, needs_of
from quarterdeck.control.budget.replay.references import references, references_of_values
from quarterdeck.control.budget.replay.replay import calls_of, replay, report
from quarterdeck.control.budget.replay.said import Shown, Trajectory, shown_in_full
from quarterdeck.control.budget.replay.valid import why_invalid
from quarterdeck.errors import BadInput

PRICES = CachePrices()


def count(text: str) -> int:
    return max(1, len(text) // 4)


def user(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def answer(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def call(name: str, id: str, **arguments: Any) -> dict[str, Any]:
    body = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": id, "type": "function", "function": body}]}


def result(id: str, text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": text}


def run_of(*messages: Mapping[str, Any]) -> Trajectory:
    return trajectory_of({"messages": list(messages)}, "run", count)


def support_run(turns: int = 30, *, result_size: int = 400) -> Trajectory:
    """A customer asks again and again; each answer takes a look-up and a change of what was looked up before."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": "You help customers. " * 20}]
    for turn in range(turns):
        order = f"#W{1000000 + turn}"
        messages += [
            user(f"What about order {order}?"),
            call("get_order", f"get-{turn}", order_id=order),
            result(f"get-{turn}", f"{order} holds item {7000000000 + turn}. " + "filler " * (result_size // 7)),
            answer("It is on its way."),
            user("Then change the item of the order before."),
            call("change", f"change-{turn}", item_id=str(7000000000 + max(turn - 1, 0))),
            result(f"change-{turn}", "done"),
            answer("Done."),
        ]
    return run_of(*messages)


def ticks() -> Any:
    count_up = itertools.count()
    return lambda: next(count_up) * 1e-3


def figures(policy: str, run: Trajectory, window: int) -> dict[str, Any]:
    return report(policy, [replay(run, policy_named(policy), Room(window, count), ticks(), PRICES)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order #W2378156 and W2378156.", {"W2378156"}),
        ("item 4983901480, price 227.80, zip 19122, 24/7 and/or 10/12/2024", {"4983901480"}),
        ("see src/app.py:12 and /etc/hosts, then README.md", {"src/app.py", "/etc/hosts", "README.md"}),
        ("C:\\\\work\\\\a.txt", {"C:\\work\\a.txt"}),
        ('{"note": "first\\nW1234567"}', {"W1234567"}),
        ("yusuf_rossi_9620 pays with credit_card_9513926", {"yusuf_rossi_9620", "credit_card_9513926"}),
        (
            "550e8400-e29b-41d4-a716-446655440000 at e3b0c44298fc",
            {"550e8400-e29b-41d4-a716-446655440000", "e3b0c44298fc"},
        ),
        ("2026-02-20T23:00:27 mail a_123@example.com gpt-4.1 foo_bar", set()),
    ],
)
def test_what_a_text_refers_to(text: str, expected: set[str]) -> None:
    assert references(text) == expected


def test_arguments_count_by_their_values_at_any_depth() -> None:
    arguments = {"order_9999999": ["#W2378156", {"deep": 4983901480, "yes": True}], "size": 3.5}
    assert references_of_values(arguments) == {"W2378156", "4983901480"}


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_twice_alike(text: str) -> None:
    assert references(text) == references(text)
    assert all(one in text.replace("\\\\", "\\") for one in references(text))


def newest_run() -> Trajectory:
    return run_of(
        user("My order is W1234567."),  # 0: an older mention
        call("get", "a", order_id="W1234567"),  # 1
        result("a", "W1234567: shipped to /srv/old"),  # 2: the newest before the user's last message
        answer("It was shipped."),  # 3
        user("Then cancel it, please."),  # 4: the current turn
        call("think", "b", note="cancel"),  # 5
        result("b", "W1234567 is in question"),  # 6: said within the turn
        call("cancel", "c", order_id="W1234567"),  # 7
        result("c", "cancelled"),
    )


def test_a_need_is_the_newest_mention_before_the_users_last_message() -> None:
    assert needs_of(newest_run().said, 7) == (Need("W1234567", 2),)


def test_an_older_mention_does_not_count() -> None:
    """The entity is in the window twice, by an older and by a later message; its newest earlier evidence is not."""
    said = newest_run().said
    needs = needs_of(said, 7)
    without = [shown_in_full(one) for one in said[:7] if one.index != 2]
    assert sum("W1234567" in one.text for one in without) > 1
    assert found(needs, without) == 0
    assert found(needs, [shown_in_full(one) for one in said[:7]]) == 1


def test_a_rendering_counts_when_it_shows_the_value() -> None:
    needs = needs_of(newest_run().said, 7)
    assert found(needs, [Shown(2, "[get: shows W1234567]", 6)]) == 1
    assert found(needs, [Shown(2, "[cleared]", 2)]) == 0
    assert found(needs, [Shown(2, "[get: shows W12345678]", 6)]) == 0


def test_what_was_never_said_before_the_turn_is_no_need() -> None:
    said = run_of(user("Hello"), answer("Hello"), user("Order W7654321"), call("get", "a", order_id="W7654321")).said
    assert needs_of(said, 3) == ()
    assert report("x", [])["reference_recall"] is None


def test_keeping_everything_recalls_everything_at_the_floor() -> None:
    run = support_run(10)
    kept = figures("keep_everything", run, 100_000)
    assert kept["reference_recall"] == 1
    assert kept["invalid_prompts"] == kept["pins_lost"] == 0
    assert kept["turns"] == 40
    # The floor reads all, the cache needs no reading of what is just written.
    assert kept["cost_per_turn"] < kept["floor_per_turn"] < kept["cost_per_turn"] * 1.1


def test_the_arithmetic_of_costs_and_floor() -> None:
    run = run_of(user("a" * 400, tokens=100), answer("b" * 40, tokens=10), user("c", tokens=40), answer("d", tokens=5))
    first, second = replay(run, POLICIES["keep_everything"], Room(1000, count), ticks(), PRICES)
    assert (first.cost, first.floor) == (125, pytest.approx(10 + 125))
    assert second.cost == pytest.approx(0.1 * 100 + 1.25 * 50)
    assert second.floor == pytest.approx(0.1 * 150 + 1.25 * 50)
    small = replay(run, POLICIES["keep_everything"], Room(120, count), ticks(), PRICES)[1]
    assert small.tokens == 50
    assert small.floor == pytest.approx(0.1 * 120 + 1.25 * 50)
    assert small.cached == 0


@pytest.mark.parametrize("policy", list(POLICIES))
@pytest.mark.parametrize("window", [700, 1_500, 4_000])
def test_every_policy_stays_within_the_window_and_the_rules(policy: str, window: int) -> None:
    made = figures(policy, support_run(), window)
    assert made["turns"] == 120
    assert made["pins_lost"] == 0
    if policy != "trim_messages":  # the only one that can leave nothing but the instructions
        assert made["invalid_prompts"] == 0
    assert made["ms_per_turn_p50"] == pytest.approx(1.0)


def test_ours_costs_less_and_recalls_more_than_sliding() -> None:
    ours, sliding = (figures(policy, support_run(), 1_500) for policy in ("quarterdeck", "trim_messages"))
    assert ours["cost_per_turn"] < sliding["cost_per_turn"]
    assert 1 - ours["reference_recall"] <= (1 - sliding["reference_recall"]) / 2


def test_a_pin_that_is_dropped_is_lost_once() -> None:
    run = run_of(user("Never touch /etc/passwd", pin=True), *[
        message for turn in range(40) for message in (answer("x" * 80), user("y" * 80))
    ], answer("end"))  # fmt: skip
    assert figures("last_n", run, 10_000)["pins_lost"] == 1
    assert figures("quarterdeck", run, 500)["pins_lost"] == 0


def test_what_a_provider_would_refuse() -> None:
    said = newest_run().said
    by_index = {one.index: one for one in said}
    full = [shown_in_full(one) for one in said]
    assert why_invalid(full, by_index, 10_000) is None
    assert "over the window" in str(why_invalid(full, by_index, 10))
    assert "answers a call that is not there" in str(why_invalid([full[0], full[2]], by_index, 10_000))
    assert "missing" in str(why_invalid([full[0], full[1], full[3]], by_index, 10_000))
    assert "no result" in str(why_invalid(full[:2], by_index, 10_000))
    assert "nothing is left" in str(why_invalid([], by_index, 10_000))


def test_tokens_come_from_what_calls_reported() -> None:
    usage = [{"prompt_tokens": size, "completion_tokens": 9} for size in (1_000, 1_030)]
    run = run_of(user("u" * 40), answer("a" * 40, usage=usage[0]), user("v" * 40), answer("end", usage=usage[1]))
    assert run.said[1].tokens + run.said[2].tokens == 30
    assert 0 < run.measured < 1
    shrunk = run_of(user("u" * 40), answer("a" * 40, usage=usage[1]), user("v" * 40), answer("end", usage=usage[0]))
    assert [one.tokens for one in shrunk.said[1:3]] == [14, 14], "a prompt that shrank tells nothing"


def test_a_head_that_the_file_lacks_is_pinned() -> None:
    run = trajectory_of({"messages": [user("hi"), answer("ho")]}, "run", count, head=4_000)
    assert [(one.role, one.tokens, one.pin) for one in run.said[:1]] == [("system", 4_000, True)]
    assert [one.index for one in run.said] == [0, 1, 2]


def test_runs_of_one_model_are_put_end_to_end() -> None:
    one = [user("hi"), call("get", "a", order="W1234567"), result("a", "x" * 400), answer("bye")]
    runs = [trajectory_of({"messages": [{"role": "system", "content": "head"}, *one], "model": model}, "r", count)
            for model in ("m", "n", "m")]  # fmt: skip
    both, other = joined(runs, 150)
    assert (both.model, other.model) == ("m", "n")
    assert [said.role for said in both.said].count("system") == 1
    assert [said.index for said in both.said] == list(range(9))
    assert len({said.answers for said in both.said if said.answers}) == 2
    assert len(calls_of(both.said)) == 4


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"role": "robot"}, "role 'robot'"),
        ({"hello": 1}, "neither a message nor a run"),
        (7, "neither a message nor a run"),
        ({"messages": 7}, "`messages` is not a list"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "tool_call_id"),
        ({"messages": [result("a", "x")]}, "nobody called"),
        ({"messages": [call("f", "a"), user("x")]}, "has no result"),
        ({"messages": [user("x", tokens=-1)]}, "`tokens` is -1"),
        ({"messages": [{"role": "user", "content": 7}]}, "`content` is int"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "without id and name"),
    ],
)
def test_what_cannot_be_read_is_named(value: Any, told: str) -> None:
    with pytest.raises(BadInput, match="line 3") as caught:
        list(trajectories_of([("line 3", value)], count) if not (isinstance(value, dict) and "role" in value)
             else [trajectory_of({"messages": [value]}, "line 3", count)])  # fmt: skip
    assert told in str(caught.value)
    assert caught.value.mend


def test_an_unknown_policy_is_told_the_names() -> None:
    with pytest.raises(BadInput, match="keep_everything"):
        policy_named("magic")
