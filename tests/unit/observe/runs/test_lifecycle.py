"""Lifecycle by silence, status, times; pure in the time that is given."""

from __future__ import annotations

import pytest

from quarterdeck.observe.runs import RunOptions

from .spans import ns, one, span

OPEN = span("a", "", "agent", 0, None)
CALL = span("l", "a", "llm", 1, 2)


def test_an_ended_root_with_nothing_open_is_finished_at_once():
    run = one(span("a", "", "agent", 0, 3), CALL, now=3)
    assert (run.lifecycle, run.status, run.duration_s) == ("finished", "ok", 3)


def test_an_ended_root_with_a_span_open_is_not_finished():
    run = one(span("a", "", "agent", 0, 3), span("l", "a", "llm", 1, None), now=4)
    assert (run.lifecycle, run.status) == ("running", "unknown")


@pytest.mark.parametrize(
    ("silent", "state"), [(0, "running"), (119, "running"), (120, "stalled"), (3599, "stalled"), (3600, "lost")]
)
def test_an_open_run_goes_from_running_to_stalled_to_lost_by_silence(silent, state):
    assert one(OPEN, CALL, now=2 + silent).lifecycle == state
    assert one(OPEN, CALL, now=2 + silent).ended_at_ns is None


def test_a_run_with_long_gaps_of_its_own_stalls_later():
    slow = span("l2", "a", "llm", 62, 63)
    assert one(OPEN, CALL, slow, now=63 + 479).lifecycle == "running"
    assert one(OPEN, CALL, slow, now=63 + 480).lifecycle == "stalled"


def test_options_move_the_limits():
    options = RunOptions(stalled_after_s=10, stalled_gap_factor=1, lost_after_s=20)
    assert [one(OPEN, CALL, now=2 + s, options=options).lifecycle for s in (9, 10, 20)] == [
        "running",
        "stalled",
        "lost",
    ]


@pytest.mark.parametrize("fields", [{"tool_name": "ask_human"}, {"op_name": "wait"}])
def test_an_open_span_that_waits_on_a_human_or_a_queue_makes_the_run_wait(fields):
    waiting = span("w", "a", "tool", 3, None, **fields)
    assert one(OPEN, CALL, waiting, now=10_000).lifecycle == "waiting"
    assert one(OPEN, CALL, waiting, now=3 + 604_800).lifecycle == "lost"


def test_a_wait_that_ended_is_over():
    assert one(OPEN, CALL, span("w", "a", "tool", 3, 4, tool_name="ask_human"), now=5).lifecycle == "running"


def test_a_call_that_is_newer_than_the_wait_is_not_waiting():
    spans = [OPEN, span("w", "a", "tool", 3, None, tool_name="ask_human"), span("l", "a", "llm", 5, None)]
    assert one(*spans, now=6).lifecycle == "running"


def test_a_missing_root_is_running_until_it_was_silent_for_a_while():
    child = span("a", "gone", "agent", 0, 3)
    early, late = one(child, now=32), one(child, now=33)
    assert (early.lifecycle, early.status, early.flags) == ("running", "unknown", ("synthetic_root",))
    assert (late.lifecycle, late.status, late.flags) == ("finished", "ok", ("root_missing", "synthetic_root"))
    assert (late.started_at_ns, late.ended_at_ns) == (ns(0), ns(3))


def test_several_missing_parents_without_a_root_count_as_a_missing_root():
    spans = [span("l1", "g1", "llm", 0, 1), span("l2", "g2", "llm", 2, 3)]
    assert one(*spans, now=10).lifecycle == "running"
    assert "root_missing" in one(*spans, now=100).flags


def test_several_plain_roots_are_finished_when_all_ended():
    assert one(span("l1", "", "llm", 0, 1), span("l2", "", "llm", 2, 3), now=3).lifecycle == "finished"
    assert one(span("l1", "", "llm", 0, 1), span("l2", "", "llm", 2, None), now=3).ended_at_ns is None


def test_the_last_sign_of_life_is_the_latest_start_or_end():
    assert one(OPEN, CALL, span("x", "a", "tool", 7, None)).last_seen_ns == ns(7)
    assert one(OPEN, span("x", "a", "tool", 1, 8)).last_seen_ns == ns(8)


def test_the_status_is_that_of_subject_and_root_not_of_a_tool():
    tool = span("t", "a", "tool", 1, 2, status="error", error_class="tool_error")
    recovered = one(span("a", "", "agent", 0, 3), tool)
    assert (recovered.status, recovered.errors, recovered.error_class) == ("ok", 1, None)
    failed = one(span("a", "", "agent", 0, 3, status="error"), tool)
    assert (failed.status, failed.errors, failed.error_class) == ("error", 2, "tool_error")


def test_a_failed_request_above_an_agent_is_a_failed_run():
    assert one(span("http", end=9, status="error"), span("a", "http", "agent", 1, 2, status="ok")).status == "error"


def test_an_error_below_a_missing_root_is_an_error():
    agent = span("a", "gone", "agent", 0, 3, status="error", error_class="infra")
    assert (one(agent, now=4).status, one(agent, now=4).error_class) == ("error", "infra")
    assert one(span("l", "gone", "llm", 0, 3, status="error"), now=4).status == "unknown"


@pytest.mark.parametrize(("outcome", "failed"), [("failed", True), ("Error", True), ("resolved", False), (None, False)])
def test_an_outcome_may_say_that_it_failed_and_leaves_the_status(outcome, failed):
    run = one(span("a", "", "agent", 0, 3, outcome=outcome))
    assert (run.status, run.outcome, run.failed) == ("ok", outcome, failed)


def test_the_error_class_is_the_subjects_else_that_of_the_deepest_latest_error():
    root = span("a", "", "agent", 0, 9, status="error")
    deep = [
        span("t", "a", "tool", 1, 6, status="error", error_class="tool_error"),
        span("l1", "t", "llm", 2, 3, status="error", error_class="provider_overload"),
        span("l2", "t", "llm", 4, 5, status="error", error_class="provider_rate_limit"),
        span("x", "a", "tool", 7, 8, status="error", error_class="tool_timeout"),
    ]
    assert one(root, *deep).error_class == "provider_rate_limit"
    assert one(root._replace(error_class="cancelled"), *deep).error_class == "cancelled"


def test_an_end_before_the_start_is_told_and_not_rewritten():
    run = one(span("a", "", "agent", 5, 3))
    assert (run.started_at_ns, run.ended_at_ns, run.duration_s, run.flags) == (ns(5), ns(3), 0, ("clock_skew",))


def test_while_a_run_goes_on_a_parent_that_has_not_come_is_at_work_and_no_orphan():
    spans = [span("l1", "gone", "llm", 0, 3), span("l2", "gone", "llm", 4, 5)]
    live, over = one(*spans, now=6), one(*spans, now=6 + 100)
    assert (live.lifecycle, live.ended_at_ns, live.orphans.missing) == ("running", None, 0)
    assert (over.lifecycle, over.orphans.missing, "root_missing" in over.flags) == ("finished", 1, True)


def test_a_root_that_has_ended_ends_its_run_though_a_span_below_was_left_open():
    spans = [span("a", "", "agent", 0, 5), span("l", "a", "llm", 1, None)]
    assert one(*spans, now=6).lifecycle == "running"
    assert one(*spans, now=6 + 100).lifecycle == "finished"
