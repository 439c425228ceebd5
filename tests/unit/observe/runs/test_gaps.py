"""What an agent's finished runs teach about its silence, and what lifecycle makes of it."""

from __future__ import annotations

import random

import pytest

from quarterdeck.observe.runs import GapBook, RunOptions, build_runs, settle_runs
from quarterdeck.observe.runs.gaps import AGENTS_MAX, RUNS_MIN, Gap, bucket_end, bucket_of

from .spans import PRICES, ns, span

AGENT = ("default", "support", "1")


def book(*seconds, agent=AGENT):
    found = GapBook()
    found.learn([Gap(agent, f"run-{n}", gap) for n, gap in enumerate(seconds)])
    return found


def test_too_few_runs_teach_nothing():
    assert book(*[1.0] * (RUNS_MIN - 1)).patience_s(AGENT) is None
    assert book(*[1.0] * RUNS_MIN).patience_s(AGENT) is not None
    assert book(*[1.0] * RUNS_MIN).patience_s(("default", "support", "2")) is None


def test_the_limit_is_twice_the_99th_percentile_within_a_quarter():
    gaps = [0.5 * n for n in range(1, 201)]
    random.Random(1).shuffle(gaps)
    found = book(*gaps).patience_s(AGENT)
    assert 2 * 99 <= found <= 2 * 99 * 1.25


def test_a_run_that_settles_twice_counts_once():
    found = GapBook()
    for _ in range(RUNS_MIN):
        found.learn([Gap(AGENT, "the same", 1.0)])
    assert found.patience_s(AGENT) is None


def test_two_books_add_up():
    one, two = book(*[1.0] * 60), book(*[50.0] * 60)
    one.merge(two)
    assert one.patience_s(AGENT) == book(*[1.0] * 60, *[50.0] * 60).patience_s(AGENT)


def test_the_number_of_agents_is_bounded():
    found = GapBook()
    for n in range(AGENTS_MAX + 50):
        found.learn([Gap(("default", f"agent-{n}", None), f"run-{n}", 1.0)])
    assert len(found._counts) == AGENTS_MAX


@pytest.mark.parametrize("seconds", [0, 1e-4, 1e-3, 0.7, 1, 59.9, 3600, 1e9])
def test_a_bucket_holds_its_gap(seconds):
    end = bucket_end(bucket_of(seconds))
    assert seconds <= end * (1 + 1e-9) or seconds == 1e9
    assert end <= max(1e-3, seconds * 1.2500001)


def open_run():
    fields = {"agent_name": "support", "agent_version": "1"}
    return [span("a", "", "agent", 0, None, **fields), span("l", "a", "llm", 1, 2)]


def state(gaps, silent, spans=None):
    (tree,) = build_runs(spans or open_run(), now_ns=ns(2 + silent), prices=PRICES, gaps=gaps)
    return tree.run.lifecycle


def test_a_slow_agent_stalls_later_and_is_lost_later():
    slow = book(*[1_000.0] * RUNS_MIN)
    patience = slow.patience_s(AGENT)
    assert [state(slow, s) for s in (120, patience - 1, patience + 1)] == ["running", "running", "stalled"]
    assert [state(slow, s) for s in (4 * patience - 1, 4 * patience + 1)] == ["stalled", "lost"]


def test_a_quick_agent_stalls_sooner_but_not_at_once():
    quick = book(*[0.5] * RUNS_MIN)
    floor = RunOptions().stalled_min_s
    assert [state(quick, s) for s in (floor - 1, floor + 1)] == ["running", "stalled"]


def test_a_run_whose_root_has_not_come_is_not_over_while_its_agent_may_be_silent():
    spans = [span("l", "gone", "llm", 1, 2, service_name="desk")]
    slow = book(*[100.0] * RUNS_MIN, agent=("default", None, "desk"))
    assert [state(slow, s, spans) for s in (31, 199, 300)] == ["running", "running", "finished"]


def test_finished_runs_are_told_with_the_longest_time_in_which_nothing_was_heard():
    """A child's start is not heard of before its end: nothing was heard from 3 to 90."""
    spans = [
        span("a", "", "agent", 0, 91, agent_name="support", agent_version="1", service_name="desk"),
        span("l", "a", "llm", 1, 3),
        span("t", "a", "tool", 50, 90),
    ]
    runs, learned = settle_runs(spans, now_ns=ns(100), prices=PRICES, gaps=GapBook())
    assert learned == [Gap(AGENT, runs[0].run_id, 87.0), Gap(("default", None, "desk"), runs[0].run_id, 87.0)]
    _, nothing = settle_runs(open_run(), now_ns=ns(100), prices=PRICES, gaps=GapBook())
    assert nothing == []
