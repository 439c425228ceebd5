"""Loops, oscillations, contexts that grow for nothing; and all that looks like them and is well."""

from __future__ import annotations

import pytest

from quarterdeck.observe.runs import RunOptions
from quarterdeck.observe.runs.repeats import manner_of

from .spans import one, span

AGENT = span("a", "", "agent", 0, 999)


def calls(*steps, gap=1.0, parent="a", first=0, model=True):
    """A model call and a tool call a step; a step is (tool, arguments, result), or None for a model call without a tool."""
    spans, at = [], 1.0 + first
    for number, step in enumerate(steps, first):
        if model:
            spans.append(span(f"l{number}", parent, "llm", at, at + 0.2, tokens=(1000 + number, 5)))
        if step is not None:
            tool, args, result = step
            spans.append(
                span(
                    f"t{number}", parent, "tool", at + 0.2, at + 0.3,
                    tool_name=tool, tool_args_hash=args, tool_result_hash=result,
                )
            )  # fmt: skip
        at += 0.3 if gap == 1.0 else gap
    return spans


def flags(*spans, **options):
    found = one(AGENT, *spans, options=RunOptions(**options)).flags
    return {flag for flag in found if flag in ("loop", "oscillation", "stale_growth")}


GET = ("get_order", "7", "open")


def test_the_same_call_with_the_same_answer_again_and_again_is_a_loop():
    assert "loop" in flags(*calls(*[GET] * 5))
    assert "loop" not in flags(*calls(*[GET] * 4))


def test_other_calls_that_only_read_do_not_excuse_it():
    reads = [step for n in range(5) for step in (GET, ("search_orders", f"q{n}", f"hit {n}"))]
    assert flags(*calls(*reads)) == {"loop"}


def test_a_change_in_between_makes_it_another_call():
    tests = [
        step for n in range(8) for step in (("run_check", "all", "1 failed"), ("edit_file", f"v{n}", f"saved {n}"))
    ]
    assert flags(*calls(*tests)) == set()


def test_a_change_that_is_none_does_not():
    """The edit answers the same each time, with the same arguments: nothing was edited."""
    steps = [step for _ in range(5) for step in (GET, ("edit_file", "v1", "no such file"), ("get_user", "1", "ann"))]
    assert "loop" in flags(*calls(*steps))


def test_a_tool_that_nobody_knows_may_have_changed_something():
    steps = [step for n in range(8) for step in (GET, ("frobnicate", f"{n}", f"{n}"))]
    assert flags(*calls(*steps)) == set()


def test_results_that_are_not_known_excuse_what_comes_after():
    steps = [step for _ in range(8) for step in (GET, ("create_note", "x", None))]
    assert flags(*calls(*steps)) == set()


@pytest.mark.parametrize("tool", ["get_status", "checkJobProgress", "wait_for_build", "PollQueue"])
def test_polling_by_name_is_well(tool):
    assert flags(*calls(*[(tool, "job 1", "pending")] * 40)) == set()


def test_polling_with_a_tool_that_waits_is_well():
    steps = [step for _ in range(20) for step in (("get_job", "1", "pending"), ("sleep", "30", "ok"))]
    assert flags(*calls(*steps)) == set()


def test_polling_with_time_in_between_is_well():
    assert flags(*calls(*[("get_job", "1", "pending")] * 20, gap=15)) == set()
    assert flags(*calls(*[("get_job", "1", "pending")] * 20, gap=5)) >= {"loop"}


def test_where_the_model_thinks_unseen_a_pause_is_no_wait():
    assert "loop" in flags(*calls(*[GET] * 20, gap=15, model=False))
    assert flags(*calls(*[GET] * 20, gap=45, model=False)) == set()


def test_what_answers_differently_in_the_end_was_worth_asking():
    assert flags(*calls(*[("get_job", "1", "pending")] * 9, ("get_job", "1", "done"))) == set()


def test_pages_differ_in_their_arguments_and_are_well():
    assert flags(*calls(*[("list_orders", f"page {n}", f"rows {n}") for n in range(60)])) == set()
    assert flags(*calls(*[("list_orders", f"cursor {n}", f"rows {n % 30}") for n in range(60)])) == set()


def test_a_person_who_answers_may_be_asked_for_the_same_again():
    steps = [step for _ in range(8) for step in (GET, None)]
    spans = calls(*steps, gap=2.0)
    assert flags(*spans) == set()


def test_agents_of_one_run_may_all_read_the_same():
    spans = []
    for n in range(8):
        spans.append(span(f"w{n}", "a", "agent", 10 * n, 10 * n + 9))
        spans += calls(("read_file", "README", "text"), parent=f"w{n}", first=10 * n)
    assert flags(*spans) == set()
    again = calls(*[("read_file", "README", "text")] * 5, parent="w3", first=200)
    assert "loop" in flags(*spans, *again)


def test_to_and_fro_three_times_is_an_oscillation():
    a, b = ("turn_left", "x", "wall"), ("turn_right", "x", "wall")
    assert flags(*calls(*[a, b] * 3)) == {"oscillation"}
    assert flags(*calls(*[a, b] * 2, a)) == set()
    assert "oscillation" not in flags(*calls(*[a] * 6))
    assert flags(*calls(*[step for n in range(6) for step in (a, ("turn_right", "x", f"step {n}"))])) == set()


def test_to_and_fro_with_waits_is_polling():
    assert flags(*calls(*[("get_a", "1", "no"), ("get_b", "1", "no")] * 5, gap=20)) == set()


def test_a_context_that_grows_while_nothing_new_comes_in():
    known = [("search_docs", "q", "a hit"), *(("search_docs", f"q{n}", "no results") for n in range(6))]
    assert flags(*calls(*known, None)) == {"stale_growth"}
    assert flags(*calls(*known[:5], None)) == set()
    cycle = [(f"get_{part}", f"{part} 7", part) for part in ("user", "order", "payment")]
    assert flags(*calls(*cycle * 3, None)) == {"stale_growth"}


def test_a_tool_that_always_answers_the_same_proves_nothing():
    assert flags(*calls(*[("search_docs", f"q{n}", "ok") for n in range(20)], None)) == set()
    both = [(tool, f"q{n}", "ok") for n in range(9) for tool in ("search_docs", "take_note")]
    assert flags(*calls(("search_docs", "q", "a hit"), *both, None)) == set()


def test_arguments_behind_a_mask_are_not_known():
    tools = ["get_user", "get_order", "get_page"]
    assert flags(*calls(*[(tool, "***", "***") for _ in range(8) for tool in tools])) == set()
    assert "loop" in flags(*calls(*[(tool, tool, "none") for _ in range(8) for tool in tools]))


def test_a_context_that_does_not_grow_or_brings_something_is_well():
    growing = [("search_docs", f"q{n}", "no results" if n % 4 else f"hit {n}") for n in range(12)]
    assert flags(*calls(*growing, None)) == set()
    flat = [
        s._replace(tokens_input=1000) if s.op_kind == "llm" else s
        for s in calls(*[("find", f"{n}", "-") for n in range(9)])
    ]
    assert flags(*flat) == set()


def test_writes_that_all_answer_ok_are_progress():
    assert flags(*calls(*[("update_row", f"row {n}", "ok") for n in range(20)])) == set()


@pytest.mark.parametrize(
    ("tool", "polls", "writes"),
    [
        ("get_order_details", False, False),
        ("getOrder", False, False),
        ("find_and_replace", False, True),
        ("getHTTPStatus", True, False),
        ("sleep", True, True),
        ("get_set_of_orders", False, False),
        ("frobnicate", False, True),
        ("", False, True),
    ],
)
def test_what_the_words_of_a_name_say(tool, polls, writes):
    assert manner_of(tool)[:2] == (polls, writes)
