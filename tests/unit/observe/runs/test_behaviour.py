"""Retries, loops, sampling weights."""

from __future__ import annotations

import pytest

from quarterdeck.observe.runs import RunOptions

from .spans import one, span

AGENT = span("a", "", "agent", 0, 99)


def tool(name, start, status="ok", args="h", **fields):
    return span(name, "a", "tool", start, start + 1, status=status, tool_name="search", tool_args_hash=args, **fields)


def test_an_attempt_that_says_so_is_a_retry():
    assert (
        one(
            AGENT, tool("t0", 1, retry_attempt=0), tool("t1", 3, retry_attempt=1), tool("t2", 5, retry_attempt=2)
        ).retries
        == 2
    )


def test_the_same_call_beside_one_that_failed_is_a_retry():
    assert one(AGENT, tool("t1", 1, "error"), tool("t2", 3, "error"), tool("t3", 5)).retries == 2
    assert one(AGENT, tool("t1", 1), tool("t2", 3)).retries == 0
    assert one(AGENT, tool("t1", 1, "error"), tool("t2", 3, args="other")).retries == 0
    assert one(AGENT, tool("t1", 1, "error", args=None), tool("t2", 3, args=None)).retries == 0
    assert one(AGENT, tool("t1", 1, "error"), tool("t2", 3), tool("t3", 5)).retries == 1


def test_a_retry_is_counted_once_when_it_also_says_so():
    assert one(AGENT, tool("t1", 1, "error"), tool("t2", 3, retry_attempt=1)).retries == 1


def test_a_model_call_beside_one_that_failed_is_a_retry():
    def call(name, start, status):
        return span(name, "a", "llm", start, start + 1, name="chat", model_request="m", status=status)

    assert one(AGENT, call("l1", 1, "error"), call("l2", 3, "ok")).retries == 1


@pytest.mark.parametrize(("calls", "looped"), [(4, False), (5, True)])
def test_the_same_tool_arguments_and_result_five_times_are_a_loop(calls, looped):
    run = one(AGENT, *(tool(f"t{i}", 2 * i, tool_result_hash="r") for i in range(calls)))
    assert ("loop" in run.flags) is looped


def test_polling_with_new_results_and_unknown_results_are_no_loop():
    assert one(AGENT, *(tool(f"t{i}", i, tool_result_hash=f"r{i}") for i in range(9))).flags == ()
    assert one(AGENT, *(tool(f"t{i}", i) for i in range(9))).flags == ()


def test_the_number_of_repeats_is_an_option():
    spans = [AGENT, *(tool(f"t{i}", i, tool_result_hash="r") for i in range(3))]
    assert one(*spans, options=RunOptions(loop_repeats=3)).flags == ("loop",)


@pytest.mark.parametrize(("weight", "flags"), [(1.0, ()), (10.0, ("sampled",)), (None, ("sampled",))])
def test_a_weight_other_than_one_or_unknown_is_sampling(weight, flags):
    assert one(AGENT._replace(weight=weight)).flags == flags
