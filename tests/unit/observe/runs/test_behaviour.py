"""Retries, loops, sampling weights."""

from __future__ import annotations

import pytest

from quarterdeck.observe.runs import RunOptions

from .spans import one, span, trees

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


def test_failed_calls_are_counted_by_tool():
    run = one(
        AGENT,
        tool("t1", 1, "error"),
        tool("t2", 3, "error"),
        tool("t3", 5),
        span("t4", "a", "tool", 7, 8, name="execute x", status="error"),
        span("t5", "a", "tool", 8, 9, tool_name="fetch"),
        span("l1", "a", "llm", 9, 10, status="error"),
    )
    assert run.tools == {"search": 3, "execute x": 1, "fetch": 1}
    assert run.tool_errors == {"search": 2, "execute x": 1}
    assert one(AGENT, tool("t1", 1)).tool_errors == {}


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


def attempts(*spans):
    (tree,) = trees(*spans)
    return {node.span_id: (node.attempt, node.attempts) for node in tree.nodes if node.attempt is not None}


def test_retries_are_attempts_of_one_operation():
    spans = [
        span("a", "", "agent", 0, 50),
        span("t1", "a", "tool", 1, 2, tool_name="pay", tool_args_hash="h", status="error"),
        span("t2", "a", "tool", 3, 4, tool_name="pay", tool_args_hash="h", status="error"),
        span("t3", "a", "tool", 5, 6, tool_name="pay", tool_args_hash="h"),
        span("t4", "a", "tool", 7, 8, tool_name="pay", tool_args_hash="h"),
        span("o1", "a", "tool", 9, 10, tool_name="look", tool_args_hash="h", status="error"),
    ]
    assert attempts(*spans) == {"t1": (1, 3), "t2": (2, 3), "t3": (3, 3)}


def test_a_try_that_says_so_follows_one_that_did_not_fail():
    spans = [
        span("a", "", "agent", 0, 50),
        span("l1", "a", "llm", 1, 2, name="chat"),
        span("l2", "a", "llm", 3, 4, name="chat", retry_attempt=1),
        span("l3", "a", "llm", 5, 6, name="chat"),
    ]
    assert attempts(*spans) == {"l1": (1, 2), "l2": (2, 2)}


def test_an_operation_that_was_tried_once_has_no_attempts():
    assert (
        attempts(span("a", "", "agent", 0, 5), span("t", "a", "tool", 1, 2, tool_args_hash="h", status="error")) == {}
    )


def test_parallel_calls_count_their_time_once():
    run = one(
        span("a", "", "agent", 0, 50),
        span("l1", "a", "llm", 1, 5),
        span("t1", "a", "tool", 3, 9),
        span("t2", "a", "tool", 4, 6),
        span("l2", "a", "llm", 20, 21),
        span("l3", "a", "llm", 30, None),
    )
    assert run.busy_s == 9
    assert one(span("a", "", "agent", 0, 5)).busy_s is None


def test_links_out_of_the_run_are_kept_once_and_links_within_are_not():
    link = f"handoff {'2' * 32} {'3' * 16}"
    run = one(span("a", "", "agent", 0, 5, links=f"{link}; t1 b"), span("b", "a", "llm", 1, 2, links=link))
    assert run.links == (link,)
