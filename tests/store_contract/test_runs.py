"""Runs: written, replaced and removed; filtered, ordered, paged and counted."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.store.interface import RUN_FACETS, RUN_SORTS, Batch, FacetCount, RunFilter, TelemetryStore

from .builders import START_NS, make_pair, make_run, span_id, trace_id

MINE = RunFilter("default")
SECOND_NS = 1_000_000_000


def put(store: TelemetryStore, *runs: Run, gone: tuple[tuple[str, str], ...] = ()) -> None:
    store.put_runs(runs, gone, settled_seq=0)


def ids(store: TelemetryStore, where: RunFilter = MINE, sort: str = "started_at") -> list[str]:
    return [run.run_id for run in store.list_runs(where, sort=sort, cursor=None, limit=500).items]


def full_run() -> Run:
    texts = {name: f"{name} ż" for name in RUN_FACETS if name not in ("lifecycle", "status")}
    return make_run(
        7,
        trace_ids=(trace_id(7), trace_id(8)),
        root_span_id=None,
        root_synthetic=True,
        session_source="attr",
        lifecycle="waiting",
        status="error",
        ended_at_ns=None,
        residual_tokens=0,
        tokens=Tokens(10, 20, 3, 0, None, "partial"),
        cost=Cost(0.5, None, "priced", "2026-01"),
        orphans=Orphans(2, 1),
        tools={"search": 3, "ż\x00": 1},
        models={},
        dialects=("otel_genai", "openinference"),
        flags=("residual", "late"),
        **texts,
    )


def test_every_field_of_a_run_comes_back(store: TelemetryStore) -> None:
    bare, full = make_run(1, root_span_id=span_id(4)), full_run()
    put(store, bare, full)
    assert store.get_run("default", bare.run_id) == bare
    assert store.get_run("default", full.run_id) == full
    assert store.session_runs("default", "session_id ż") == [full]
    assert store.list_runs(MINE, sort="started_at", cursor=None, limit=9).items == [full, bare]


def test_an_unknown_run_is_not_found(store: TelemetryStore) -> None:
    with pytest.raises(NotFound, match="nobody"):
        store.get_run("default", "nobody")


def test_a_run_is_replaced_and_removed_by_its_identity(store: TelemetryStore) -> None:
    put(store, make_run(1), make_run(2), make_run(1, project="other"))
    put(store, make_run(1, agent="new"), gone=(("default", "run-00002"), ("default", "never was")))
    assert store.get_run("default", "run-00001").agent == "new"
    assert store.get_run("other", "run-00001").agent is None
    assert ids(store) == ["run-00001"]
    assert store.counts()["runs"] == 2


def test_a_run_written_twice_at_once_keeps_its_last_form(store: TelemetryStore) -> None:
    put(store, make_run(1, agent="first"), make_run(1, agent="last"))
    put(store, make_run(2), gone=(("default", "run-00002"),))
    assert [run.agent for run in store.list_runs(MINE, sort="-started_at", cursor=None, limit=9).items] == [
        "last",
        None,
    ]


def test_live_runs_are_those_that_may_go_on_longest_silent_first(store: TelemetryStore) -> None:
    states = ("running", "finished", "waiting", "lost", "stalled")
    put(store, *(make_run(n, lifecycle=state, last_seen_ns=START_NS - n) for n, state in enumerate(states)))
    assert [run.lifecycle for run in store.live_runs(limit=9)] == ["stalled", "waiting", "running"]
    assert [run.lifecycle for run in store.live_runs(limit=1)] == ["stalled"]


def test_traces_of_runs(store: TelemetryStore) -> None:
    put(store, make_run(1, trace_ids=(trace_id(3), trace_id(1))), make_run(1, project="other"))
    found = store.traces_of_runs([("default", "run-00001"), ("default", "nobody"), ("default", "run-00001")])
    assert {key: list(value) for key, value in found.items()} == {("default", "run-00001"): [trace_id(3), trace_id(1)]}


def test_runs_of_traces(store: TelemetryStore) -> None:
    put(
        store,
        make_run(1, trace_ids=(trace_id(3), trace_id(1))),
        make_run(2, trace_ids=(trace_id(3),)),
        make_run(1, project="other", trace_ids=(trace_id(3),)),
    )
    wanted = [("default", trace_id(3)), ("default", trace_id(1)), ("default", trace_id(9)), ("default", trace_id(3))]
    found = {key: list(value) for key, value in store.runs_of_traces(wanted).items()}
    assert found == {
        ("default", trace_id(3)): ["run-00001", "run-00002"],
        ("default", trace_id(1)): ["run-00001"],
    }
    assert store.runs_of_traces([]) == {}


def test_a_session_lists_its_runs_in_order_of_start(store: TelemetryStore) -> None:
    put(
        store,
        *(make_run(n, session_id="s") for n in (3, 1, 2)),
        make_run(4),
        make_run(5, session_id="s", project="other"),
    )
    assert [run.run_id for run in store.session_runs("default", "s")] == ["run-00001", "run-00002", "run-00003"]
    assert store.session_runs("default", "unknown") == []


VARIED = [
    make_run(1, spans=5, model_calls=2, tool_calls=0, tokens=Tokens(10, 5), cost=Cost(computed=0.5, source="priced")),
    make_run(2, spans=5, model_calls=9, tool_calls=3, tokens=Tokens(None, 3), ended_at_ns=None),
    make_run(3, spans=1, model_calls=0, tool_calls=7, last_seen_ns=START_NS, cost=Cost(0.1, 0.7, "reported")),
    make_run(4, spans=9, model_calls=2, tool_calls=7, tokens=Tokens(100, 0), ended_at_ns=START_NS + 5 * SECOND_NS),
    make_run(5, spans=5, model_calls=2, tool_calls=3, ended_at_ns=START_NS + 5 * SECOND_NS, cost=Cost(reported=0.0)),
]

ORDERS = {
    "started_at": [5, 4, 3, 2, 1],
    "duration_s": [1, 3, 4, 5, 2],
    "tokens_total": [4, 1, 2, 3, 5],
    "cost_usd": [3, 1, 5, 2, 4],
    "model_calls": [2, 1, 4, 5, 3],
    "tool_calls": [3, 4, 2, 5, 1],
    "spans": [4, 1, 2, 5, 3],
    "last_seen": [5, 4, 2, 1, 3],
    "-duration_s": [5, 4, 1, 3, 2],
    "-cost_usd": [5, 1, 3, 2, 4],
    "-tokens_total": [2, 1, 4, 3, 5],
}


@pytest.mark.parametrize("sort", [*ORDERS, *(f"-{name}" for name in RUN_SORTS if f"-{name}" not in ORDERS)])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_follow_the_order_with_unknown_last_and_ties_by_id(store: TelemetryStore, sort: str, limit: int) -> None:
    put(store, *VARIED, make_run(9, project="other"))
    seen, cursor = [], None
    while True:
        page = store.list_runs(MINE, sort=sort, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        seen += [int(run.run_id[-1]) for run in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 5
    if sort in ORDERS:
        assert seen == ORDERS[sort]
    elif sort == "-started_at":
        assert seen == [1, 2, 3, 4, 5]
    else:
        assert set(seen) == {1, 2, 3, 4, 5}


def test_a_cursor_neither_repeats_nor_skips_when_runs_come_in_between(store: TelemetryStore) -> None:
    put(store, *(make_run(n * 10) for n in range(1, 7)))
    page = store.list_runs(MINE, sort="started_at", cursor=None, limit=3)
    assert [run.run_id for run in page.items] == ["run-00060", "run-00050", "run-00040"]
    put(store, make_run(99), make_run(55), make_run(25), gone=(("default", "run-00040"),))
    page = store.list_runs(MINE, sort="started_at", cursor=page.next_cursor, limit=500)
    assert [run.run_id for run in page.items] == ["run-00030", "run-00025", "run-00020", "run-00010"]
    assert page.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "żółw", "bnVsbA", "WyJydW5zIl0", "IiI", "=" * 9, "W" * 3000])
def test_a_cursor_that_is_not_ours_is_refused(store: TelemetryStore, cursor: str) -> None:
    put(store, *VARIED)
    with pytest.raises(BadInput, match="cursor"):
        store.list_runs(MINE, sort="started_at", cursor=cursor, limit=2)
    with pytest.raises(BadInput, match="cursor"):
        store.rejections("default", cursor=cursor, limit=2)


def test_a_cursor_of_another_order_is_refused(store: TelemetryStore) -> None:
    put(store, *VARIED)
    cursor = store.list_runs(MINE, sort="started_at", cursor=None, limit=2).next_cursor
    with pytest.raises(BadInput, match="sorted by 'started_at'"):
        store.list_runs(MINE, sort="-started_at", cursor=cursor, limit=2)


def test_unknown_names_and_limits_are_refused_with_what_is_known(store: TelemetryStore) -> None:
    with pytest.raises(BadInput, match="tokens_total"):
        store.list_runs(MINE, sort="colour", cursor=None, limit=5)
    with pytest.raises(BadInput, match="prompt_version"):
        store.count_runs(RunFilter("default", equals={"project": ["x"]}))
    with pytest.raises(BadInput, match="prompt_version"):
        store.facets(MINE, ["run_id"], limit=5)
    with pytest.raises(BadInput, match="task_class"):
        store.cohorts("default", 0, START_NS, ["session_id"], limit=5)
    with pytest.raises(BadInput, match="1 or more"):
        store.list_runs(MINE, sort="started_at", cursor=None, limit=0)


FILTERABLE = [
    make_run(1, agent="Support", model="gpt", flags=("late",)),
    make_run(2, agent="support", model=None, orphans=Orphans(repaired=1)),
    make_run(3, agent=None, model="gpt", residual_tokens=4, status="error"),
    make_run(4, agent="100%_\\", model="claude", root_name="Ärger", errors=1, orphans=Orphans(missing=2)),
    make_run(5, project="other", agent="support", model="gpt"),
]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"equals": {"model": ["gpt"]}}, [3, 1]),
        ({"equals": {"model": [""]}}, [2]),
        ({"equals": {"model": ["", "claude"]}}, [4, 2]),
        ({"equals": {"model": ["gpt"], "agent": ["", "support"]}}, [3]),
        ({"equals": {"model": []}}, [4, 3, 2, 1]),
        ({"equals": {"agent": ["' OR 1=1 --"]}}, []),
        ({"equals": {"status": ["error"], "lifecycle": ["finished"]}}, [3]),
        ({"text": "SUPPORT"}, [2, 1]),
        ({"text": "%_\\"}, [4]),
        ({"text": "ärg"}, [4]),
        ({"text": "run-00003"}, [3]),
        ({"text": trace_id(2)[-4:]}, [2]),
        ({"text": "\ud800"}, []),
        ({"text": ""}, [4, 3, 2, 1]),
        ({"has": ["late"]}, [1]),
        ({"has": ["orphans"]}, [4, 2]),
        ({"has": ["residual"]}, [3]),
        ({"has": ["error"]}, [4, 3]),
        ({"has": ["error", "orphans"]}, [4]),
        ({"has": ["no such flag"]}, []),
        ({"since_ns": START_NS + 2 * SECOND_NS}, [4, 3, 2]),
        ({"since_ns": START_NS + 2 * SECOND_NS, "until_ns": START_NS + 4 * SECOND_NS}, [3, 2]),
        ({"until_ns": START_NS}, []),
    ],
)
def test_filters(store: TelemetryStore, conditions: dict[str, Any], expected: list[int]) -> None:
    put(store, *FILTERABLE)
    where = RunFilter("default", **conditions)
    assert ids(store, where) == [f"run-{n:05d}" for n in expected]
    assert store.count_runs(where) == len(expected)


def test_facets_count_values_most_frequent_first_with_unknown_as_a_value(store: TelemetryStore) -> None:
    put(store, *FILTERABLE, make_run(6, agent="support", model="gpt"), make_run(7, agent="", model="gpt"))
    found = store.facets(MINE, ["model", "agent"], limit=3)
    assert found["model"] == [FacetCount("gpt", 4), FacetCount("claude", 1), FacetCount(None, 1)]
    assert found["agent"] == [FacetCount("support", 2), FacetCount(None, 2), FacetCount("100%_\\", 1)]


def test_a_facet_ignores_the_filter_on_itself_only(store: TelemetryStore) -> None:
    put(store, *FILTERABLE)
    where = RunFilter("default", equals={"model": ["gpt"], "status": ["ok"]})
    found = store.facets(where, ["model", "status"], limit=10)
    assert found["model"] == [FacetCount("claude", 1), FacetCount("gpt", 1), FacetCount(None, 1)]
    assert found["status"] == [FacetCount("error", 1), FacetCount("ok", 1)]


@pytest.mark.parametrize("name", RUN_FACETS)
def test_every_facet_can_be_counted_and_filtered(store: TelemetryStore, name: str) -> None:
    run = full_run()
    put(store, run)
    value = getattr(run, name)
    assert store.facets(MINE, [name], limit=2) == {name: [FacetCount(value, 1)]}
    assert store.count_runs(RunFilter("default", equals={name: [value]})) == 1
    assert store.count_runs(RunFilter("default", equals={name: [""]})) == 0


def test_a_project_sees_nothing_of_another(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1, project="theirs")]))
    put(store, make_run(1, project="theirs", session_id="s", agent="a", lifecycle="running"))
    key = (trace_id(1), span_id(1))
    assert ids(store) == []
    assert store.count_runs(MINE) == 0
    assert store.facets(MINE, ["agent"], limit=5) == {"agent": []}
    assert store.session_runs("default", "s") == []
    assert store.spans_raw("default", [key]) == {}
    assert store.load_traces([("default", trace_id(1))]) == {}
    assert store.traces_of_runs([("default", "run-00001")]) == {}
    assert store.cohorts("default", 0, 2 * START_NS, ["agent"], limit=5) == []
    assert store.fleet("default", 0, 2 * START_NS).lifecycle == {}
    assert store.coverage("default") == []
    assert store.unmapped("default", limit=5) == []
    assert store.rejections("default", cursor=None, limit=5).items == []
    with pytest.raises(NotFound):
        store.get_run("default", "run-00001")
    assert key in store.spans_raw("theirs", [key])
    assert ids(store, RunFilter("theirs")) == ["run-00001"]
