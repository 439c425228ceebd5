"""Contrast: two selections counted by attribute, the same on every engine as a count over the runs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.errors import BadInput
from quarterdeck.model.runs import Run
from quarterdeck.store.contrast import ContrastRows
from quarterdeck.store.interface import CONTRAST_KEYS, ContrastCounts, RunFilter, TelemetryStore

from .builders import MINUTE_NS, START_NS, make_run

FAILED = RunFilter("default", has=("failed",))
ALL = RunFilter("default")


def rows(counts: ContrastCounts) -> list[tuple[str, str | None, int, int]]:
    return [(cell.key, cell.value, cell.where, cell.against) for cell in counts.cells]


def test_values_are_counted_on_both_sides_and_unknown_is_a_value(store: TelemetryStore) -> None:
    bad = {"status": "error", "error_class": "tool_error"}
    store.put_runs(
        [
            make_run(1, agent="a", tools={"search": 3, "refund": 1}, tool_errors={"refund": 1}, flags=("loop",), **bad),
            make_run(2, agent="a", tools={"search": 1}, **bad),
            make_run(3, agent="b", tools={"search": 9}),
            make_run(4, agent=""),
            make_run(5, project="other", agent="a"),
        ],
        [],
        settled_seq=0,
    )
    counts = store.contrast(FAILED, ALL, ("agent", "tool", "tool_error", "flag", "error_class"), values_max=10)
    assert (counts.where, counts.against, counts.left_out) == (2, 2, 0)
    assert rows(counts) == [
        ("agent", "a", 2, 0),
        ("agent", "b", 0, 1),
        ("agent", None, 0, 1),
        ("tool", "search", 2, 1),
        ("tool", "refund", 1, 0),
        ("tool_error", "refund", 1, 0),
        ("flag", "loop", 1, 0),
        ("error_class", "tool_error", 2, 0),
        ("error_class", None, 0, 2),
    ]


def test_a_run_that_both_select_counts_on_the_first_side_only(store: TelemetryStore) -> None:
    store.put_runs([make_run(1, agent="a"), make_run(2, agent="b")], [], settled_seq=0)
    first = RunFilter("default", equals={"agent": ("a",)})
    assert rows(store.contrast(first, ALL, ("agent",), values_max=9)) == [("agent", "a", 1, 0), ("agent", "b", 0, 1)]
    assert store.contrast(ALL, first, (), values_max=9) == ContrastCounts(2, 0, [], 0)


def test_nothing_selected_is_two_empty_sides(store: TelemetryStore) -> None:
    assert store.contrast(FAILED, ALL, CONTRAST_KEYS, values_max=9) == ContrastCounts(0, 0, [], 0)


def test_more_values_than_asked_for_are_counted_as_left_out(store: TelemetryStore) -> None:
    store.put_runs([make_run(n, agent=f"a{n // 2}", model="m") for n in range(9)], [], settled_seq=0)
    counts = store.contrast(FAILED, ALL, ("agent", "model"), values_max=2)
    assert rows(counts) == [("agent", "a0", 0, 2), ("agent", "a1", 0, 2), ("model", "m", 0, 9)]
    assert counts.left_out == 3


def test_the_windows_of_the_sides_may_differ(store: TelemetryStore) -> None:
    store.put_runs([make_run(n, agent=str(n)) for n in (0, 60, 120)], [], settled_seq=0)
    now = RunFilter("default", since_ns=START_NS + 2 * MINUTE_NS)
    before = RunFilter("default", since_ns=START_NS, until_ns=START_NS + MINUTE_NS)
    assert rows(store.contrast(now, before, ("agent",), values_max=9)) == [("agent", "0", 0, 1), ("agent", "120", 1, 0)]


def test_an_unknown_attribute_is_named(store: TelemetryStore) -> None:
    with pytest.raises(BadInput, match="attribute 'colour' is not known: expected one of agent"):
        store.contrast(FAILED, ALL, ("colour",), values_max=9)
    with pytest.raises(BadInput, match="filter or facet 'colour'"):
        store.contrast(RunFilter("default", equals={"colour": ("x",)}), ALL, (), values_max=9)


RUNS = st.lists(
    st.builds(
        make_run,
        st.integers(0, 200),
        agent=st.sampled_from((None, "a", "b", "ż?'$1")),
        model=st.sampled_from((None, "m", "n")),
        status=st.sampled_from(("ok", "error", "unknown")),
        tools=st.dictionaries(st.sampled_from(("search", 'say "hi"', "?")), st.integers(1, 3)),
        flags=st.lists(st.sampled_from(("loop", "clock_skew")), unique=True).map(tuple),
        dialects=st.lists(st.sampled_from(("otel_genai", "vercel")), unique=True).map(tuple),
    ),
    max_size=30,
    unique_by=lambda run: run.run_id,
)
FILTERS = st.builds(
    RunFilter,
    st.just("default"),
    since_ns=st.sampled_from((None, START_NS + 50 * 10**9)),
    until_ns=st.sampled_from((None, START_NS + 150 * 10**9)),
    equals=st.dictionaries(
        st.sampled_from(("agent", "model")), st.lists(st.sampled_from(("", "a", "m", "ż?'$1"))).map(tuple)
    ),
    has=st.sampled_from(((), ("failed",), ("loop",), ("succeeded",))),
)


@given(runs=RUNS, where=FILTERS, against=FILTERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_it_is_a_count_over_the_runs(
    store: TelemetryStore, runs: list[Run], where: RunFilter, against: RunFilter
) -> None:
    gone = [("default", f"run-{n:05d}") for n in range(201)]
    store.put_runs(runs, gone, settled_seq=0)
    ones, others = (_found(store, side) for side in (where, against))
    counts = store.contrast(where, against, ("tool", "agent", "flag"), values_max=100)
    assert (counts.where, counts.against) == (len(ones), len(others - ones))
    assert {(cell.key, cell.value): (cell.where, cell.against) for cell in counts.cells} == {
        (key, value): tuple(sum(value in _of(run, key) for run in runs if run.run_id in side) for side in sides)
        for sides in ((ones, others - ones),)
        for key in ("tool", "agent", "flag")
        for value in {v for run in runs if run.run_id in ones | others for v in _of(run, key)}
    }


def _found(store: TelemetryStore, where: RunFilter) -> set[str]:
    return {run.run_id for run in store.list_runs(where, sort="started_at", cursor=None, limit=500).items}


def _of(run: Run, key: str) -> set[str | None]:
    return {"tool": set(run.tools), "flag": set(run.flags), "agent": {run.agent}}[key]


# --- rows of all attributes together


def grouped(found: ContrastRows) -> dict[tuple[object, ...], tuple[int, int]]:
    return {row.values: (row.where, row.against) for row in found.rows}


def test_runs_are_grouped_by_all_attributes_with_lists_whole(store: TelemetryStore) -> None:
    bad = {"status": "error", "error_class": "tool_error"}
    store.put_runs(
        [
            make_run(1, agent="a", tools={"search": 3, "refund": 1}, tool_errors={"refund": 1}, **bad),
            make_run(2, agent="a", tools={"refund": 2, "search": 1}, tool_errors={"refund": 2}, **bad),
            make_run(3, agent="a", tools={"search": 1, "refund": 1}),
            make_run(4, agent="", tools={}),
            make_run(5, project="other", agent="a"),
        ],
        [],
        settled_seq=0,
    )
    found = store.contrast_rows(FAILED, ALL, ("agent", "tool", "tool_error"), runs_max=10)
    assert (found.where, found.against) == (2, 2)
    assert grouped(found) == {
        ("a", ("refund", "search"), ("refund",)): (2, 0),
        ("a", ("refund", "search"), ()): (0, 1),
        (None, (), ()): (0, 1),
    }
    assert grouped(store.contrast_rows(FAILED, ALL, (), runs_max=10)) == {(): (2, 2)}
    with pytest.raises(BadInput, match="attribute"):
        store.contrast_rows(FAILED, ALL, ("colour",), runs_max=10)


def test_of_many_runs_the_same_are_drawn_by_every_engine(store: TelemetryStore) -> None:
    made = [make_run(at, agent=f"a{at}", status="error" if at % 3 == 0 else "ok") for at in range(60)]
    store.put_runs(made, [], settled_seq=0)
    found = store.contrast_rows(FAILED, ALL, ("agent",), runs_max=7)
    order = sorted(made, key=lambda run: hashlib.md5(run.run_id.encode()).hexdigest())
    assert (found.where, found.against) == (7, 7)
    for side, count in ((True, "where"), (False, "against")):
        drawn = [run.agent for run in order if run.failed is side][:7]
        assert {row.values[0] for row in found.rows if getattr(row, count)} == set(drawn)


def test_nothing_selected_has_no_rows(store: TelemetryStore) -> None:
    assert store.contrast_rows(FAILED, ALL, CONTRAST_KEYS, runs_max=9) == ContrastRows(0, 0, [])
