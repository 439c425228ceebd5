"""Fleet and cohorts: the rollup answers what a count over the runs themselves would."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.model.runs import Cost, Run, Tokens
from quarterdeck.store.interface import COHORT_KEYS, CohortRow, TelemetryStore

from .builders import MINUTE_NS, START_NS, make_run

LIVE = ("running", "waiting", "stalled")
WINDOW = (START_NS, START_NS + 3 * MINUTE_NS)


def put(store: TelemetryStore, *runs: Run, gone: tuple[tuple[str, str], ...] = ()) -> None:
    store.put_runs(runs, gone, settled_seq=0)


def priced(usd: float) -> Cost:
    return Cost(computed=usd, source="priced")


def test_fleet_counts_the_window_and_live_runs_of_any_time(store: TelemetryStore) -> None:
    put(
        store,
        make_run(1, tokens=Tokens(10, 5), cost=priced(0.5), model_calls=2),
        make_run(2, status="error", tokens=Tokens(None, 1), model_calls=3),
        make_run(3, started_at_ns=START_NS + 2 * MINUTE_NS, status="unknown", lifecycle="lost"),
        make_run(4, started_at_ns=START_NS + MINUTE_NS, lifecycle="running", cost=priced(0.25)),
        make_run(5, started_at_ns=START_NS - MINUTE_NS, lifecycle="waiting"),
        make_run(6, started_at_ns=START_NS - MINUTE_NS),
        make_run(7, started_at_ns=START_NS + 3 * MINUTE_NS),
    )
    now = store.fleet("default", *WINDOW)
    assert dict(now.lifecycle) == {"finished": 2, "lost": 1, "running": 1, "waiting": 1}
    assert (now.runs, now.scored, now.failed) == (4, 3, 1)
    assert (now.tokens_total, now.tokens_known, now.cost_usd, now.cost_known) == (16, 2, 0.75, 2)
    assert [(m.minute_ns - START_NS) // MINUTE_NS for m in now.minutes] == [0, 1, 2]
    first = now.minutes[0]
    assert (first.runs, first.failed, first.scored, first.tokens_total) == (2, 1, 2, 16)
    assert (first.cost_usd, first.model_calls) == (0.5, 5)


def test_a_window_covers_the_minutes_that_it_touches(store: TelemetryStore) -> None:
    put(store, make_run(30), make_run(90), make_run(150))
    assert store.fleet("default", START_NS + 45 * 10**9, START_NS + 61 * 10**9).runs == 2
    assert store.fleet("default", START_NS + 60 * 10**9, START_NS + 120 * 10**9).runs == 1
    assert store.fleet("default", START_NS, START_NS).runs == 0


def test_an_empty_fleet_is_empty(store: TelemetryStore) -> None:
    now = store.fleet("default", *WINDOW)
    assert (now.runs, now.tokens_total, now.cost_usd, dict(now.lifecycle), list(now.minutes)) == (0, 0, 0, {}, [])
    assert store.cohorts("default", *WINDOW, ["agent"], limit=5) == []


def test_a_run_written_again_moves_and_never_counts_twice(store: TelemetryStore) -> None:
    put(store, make_run(1, agent=None, tokens=Tokens(5, 5)), make_run(2, agent="a"))
    put(store, make_run(1, agent="a", started_at_ns=START_NS + MINUTE_NS, tokens=Tokens(50, 50)))
    put(store, make_run(1, agent="a", started_at_ns=START_NS + MINUTE_NS, tokens=Tokens(50, 50)))
    (row,) = store.cohorts("default", *WINDOW, ["agent"], limit=5)
    assert (row.keys, row.runs, row.tokens_total, row.tokens_known) == ({"agent": "a"}, 2, 100, 1)
    assert [m.runs for m in store.fleet("default", *WINDOW).minutes] == [1, 1]
    put(store, gone=(("default", "run-00001"),))
    assert store.fleet("default", *WINDOW).runs == 1
    put(store, gone=(("default", "run-00002"),))
    assert store.cohorts("default", *WINDOW, ["agent"], limit=5) == []
    assert list(store.fleet("default", *WINDOW).minutes) == []


def test_a_cohort_with_nothing_reported_has_no_quantiles(store: TelemetryStore) -> None:
    put(store, make_run(1, ended_at_ns=None))
    (row,) = store.cohorts("default", *WINDOW, ["agent"], limit=5)
    assert (row.duration_s_p50, row.duration_s_p95, row.tokens_p50, row.tokens_p95) == (None, None, None, None)
    assert (row.cost_usd, row.cost_known) == (0, 0)


def test_cohorts_come_most_runs_first_and_unknown_is_a_cohort(store: TelemetryStore) -> None:
    put(store, *(make_run(n, agent="b") for n in (1, 2)), make_run(3), make_run(4, agent="a"))
    put(store, make_run(5, agent="old", started_at_ns=START_NS - MINUTE_NS, lifecycle="stalled"))
    rows = store.cohorts("default", *WINDOW, ["agent", "agent"], limit=5)
    assert [(row.keys["agent"], row.runs, row.live) for row in rows] == [
        ("b", 2, 0),
        ("a", 1, 0),
        (None, 1, 0),
        ("old", 0, 1),
    ]
    assert [row.keys["agent"] for row in store.cohorts("default", *WINDOW, ["agent"], limit=2)] == ["b", "a"]


def test_grouping_by_nothing_is_one_cohort(store: TelemetryStore) -> None:
    put(store, make_run(1, agent="a", tokens=Tokens(1, 1)), make_run(2, lifecycle="running"))
    (row,) = store.cohorts("default", *WINDOW, [], limit=5)
    assert (row.keys, row.runs, row.live) == ({}, 2, 1)
    assert row.tokens_p50 == pytest.approx(2, rel=0.01)


def test_cohort_values_are_not_confused_with_their_neighbours(store: TelemetryStore) -> None:
    put(store, make_run(1, agent="a", agent_version=None), make_run(2, agent=None, agent_version="a"))
    put(store, make_run(3, agent="ab", agent_version="c"), make_run(4, agent="a", agent_version="bc"))
    rows = store.cohorts("default", *WINDOW, ["agent", "agent_version"], limit=9)
    assert sorted(str(dict(row.keys)) for row in rows) == sorted(
        str({"agent": a, "agent_version": v}) for a, v in (("a", None), (None, "a"), ("ab", "c"), ("a", "bc"))
    )


RUNS = st.builds(
    lambda number, minute, **changes: make_run(number, started_at_ns=START_NS + minute * MINUTE_NS // 2, **changes),
    number=st.integers(1, 8),
    minute=st.integers(-2, 7),
    project=st.sampled_from(["default", "other"]),
    agent=st.sampled_from([None, "a", "ż"]),
    prompt_version=st.sampled_from([None, "1"]),
    lifecycle=st.sampled_from([*LIVE, "lost", "finished"]),
    status=st.sampled_from(["ok", "error", "unknown"]),
    outcome=st.sampled_from([None, "success", "Failure"]),
    model_calls=st.integers(0, 5),
    tool_calls=st.integers(0, 5),
    tokens=st.builds(Tokens, st.none() | st.integers(0, 10**9), st.none() | st.integers(0, 10**6)),
    cost=st.builds(priced, st.none() | st.floats(0, 1e6)),
)
STEPS = st.lists(
    st.tuples(
        st.lists(RUNS, max_size=5),
        st.lists(
            st.tuples(st.sampled_from(["default", "other"]), st.integers(1, 8).map("run-{:05d}".format)), max_size=2
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, by=st.lists(st.sampled_from(["agent", "prompt_version"]), max_size=2, unique=True))
def test_rollups_equal_a_count_over_the_runs(
    store: TelemetryStore, steps: list[tuple[list[Run], list[tuple[str, str]]]], by: list[str]
) -> None:
    held: dict[tuple[str, str], Run] = {}
    everything = [(project, f"run-{n:05d}") for project in ("default", "other") for n in range(1, 9)]
    store.put_runs([], everything, settled_seq=0)
    for runs, gone in steps:
        for key in gone:
            held.pop(key, None)
        held.update({(run.project, run.run_id): run for run in runs})
        store.put_runs(runs, gone, settled_seq=0)
    for project in ("default", "other"):
        mine = [run for run in held.values() if run.project == project]
        check_cohorts(store.cohorts(project, *WINDOW, by, limit=500), mine, by)
        check_fleet(store, project, mine)


def check_cohorts(rows: Sequence[CohortRow], runs: list[Run], by: list[str]) -> None:
    expected = defaultdict(list)
    for run in runs:
        if in_window(run) or run.lifecycle in LIVE:
            expected[tuple(getattr(run, key) for key in by)].append(run)
    assert {tuple(row.keys[key] for key in by) for row in rows} == set(expected)
    assert len(rows) == len(expected)
    for row in rows:
        group = expected[tuple(row.keys[key] for key in by)]
        inside = [run for run in group if in_window(run)]
        tokens = sorted(run.tokens.total for run in inside if run.tokens.total is not None)
        costs = [run.cost.computed for run in inside if run.cost.computed is not None]
        assert row.runs == len(inside)
        assert row.live == sum(run.lifecycle in LIVE for run in group)
        assert row.scored == sum(run.failed is not None for run in inside)
        assert row.failed == sum(run.failed is True for run in inside)
        assert (row.model_calls, row.tool_calls) == (
            sum(r.model_calls for r in inside),
            sum(r.tool_calls for r in inside),
        )
        assert (row.tokens_total, row.tokens_known) == (sum(tokens), len(tokens))
        assert row.cost_usd == pytest.approx(sum(costs))
        assert row.cost_known == len(costs)
        assert row.started_at_max_ns == max(run.started_at_ns for run in group)
        for q, found in ((0.5, row.tokens_p50), (0.95, row.tokens_p95)):
            expected_quantile = tokens[math.floor(q * (len(tokens) - 1))] if tokens else None
            assert found == (None if expected_quantile is None else pytest.approx(expected_quantile, rel=0.01))


def check_fleet(store: TelemetryStore, project: str, runs: list[Run]) -> None:
    now = store.fleet(project, *WINDOW)
    inside = [run for run in runs if in_window(run)]
    assert now.runs == len(inside) == sum(minute.runs for minute in now.minutes)
    assert now.failed == sum(run.failed is True for run in inside)
    assert now.tokens_total == sum(run.tokens.total or 0 for run in inside)
    assert sum(now.lifecycle.values()) == len({r.run_id for r in runs if in_window(r) or r.lifecycle in LIVE})


def in_window(run: Run) -> bool:
    return WINDOW[0] <= run.started_at_ns < WINDOW[1]


def test_every_cohort_key_groups(store: TelemetryStore) -> None:
    values = {key: f"value of {key}" for key in COHORT_KEYS}
    put(store, make_run(1, **values))
    (row,) = store.cohorts("default", *WINDOW, list(COHORT_KEYS), limit=5)
    assert dict(row.keys) == values
