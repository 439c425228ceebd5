"""Promises: written once, told with their run, gone with it; what has none comes in the order of writing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from quarterdeck.clock import FakeClock
from quarterdeck.model.estimates import Basis, Estimate, Promise, Spread
from quarterdeck.model.runs import Run, Tokens
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import RunFilter, TelemetryStore

from .builders import START_NS, make_run

SECOND_NS = 1_000_000_000
ESTIMATE = Estimate(
    {"tokens_total": Spread(10.0, 50.0, 90.0, 99.0), "steps": Spread(1.0, 2.0, 3.0, 4.0)},
    "medium",
    cold=False,
    basis=(Basis("agent_model", "triage on m-1", 41, 2, 0.75),),
    why="41 runs",
    warnings=("wide",),
)


def promise(number: int = 1, **changes: Any) -> Promise:
    return Promise("default", f"run-{number:05d}", START_NS, "server", ESTIMATE)._replace(**changes)


def spending(number: int, total: int, **changes: Any) -> Run:
    return make_run(number, tokens=Tokens(input=total, output=0, coverage="full"), **changes)


def put(store: TelemetryStore, *runs: Run) -> None:
    store.put_runs(runs, [], settled_seq=0)


def ids(runs: Any) -> list[str]:
    return [run.run_id for run in runs]


def test_a_promise_is_told_with_its_run_and_stays(store: TelemetryStore) -> None:
    put(store, make_run(1), make_run(2))
    assert store.put_promises([promise(1)]) == 1
    assert store.put_promises([promise(1, source="agent"), promise(2), promise(2, source="agent")]) == 1
    put(store, make_run(1, spans=9))
    run = store.get_run("default", "run-00001")
    assert (run.spans, run.estimate) == (9, promise(1))
    assert store.promises_of("default", ["run-00001", "run-00002", "run-00003"]) == {
        "run-00001": promise(1),
        "run-00002": promise(2),
    }
    assert store.promises_of("other", ["run-00001"]) == {}
    listed = store.list_runs(RunFilter("default"), sort="-started_at", cursor=None, limit=5).items
    assert [one.estimate for one in listed] == [promise(1), promise(2)]


def test_a_run_that_is_not_stored_gets_none(store: TelemetryStore) -> None:
    put(store, make_run(1, project="other"))
    assert store.put_promises([promise(1)]) == 0
    assert store.promises_of("default", ["run-00001"]) == {}


def test_quantiles_are_kept_to_five_digits(store: TelemetryStore) -> None:
    put(store, make_run(1))
    exact = Estimate({"cost_usd": Spread(0.0123456, 0.123456, 123456.7, 1e9)}, "low", cold=True, basis=(), why="")
    store.put_promises([promise(1, estimate=exact)])
    found = store.get_run("default", "run-00001").estimate
    assert found is not None
    assert found.estimate.spreads == {"cost_usd": Spread(0.012346, 0.12346, 123460.0, 1e9)}


def test_unpromised_runs_come_in_the_order_of_writing_live_ones_too(store: TelemetryStore) -> None:
    put(store, make_run(2))
    put(store, make_run(1, lifecycle="running", ended_at_ns=None), make_run(3, project="other"))
    first, at = store.unpromised(after_seq=0, limit=2)
    rest, end = store.unpromised(after_seq=at, limit=2)
    assert ids(first) + ids(rest) == ["run-00002", "run-00001", "run-00003"]
    assert end == store.last_run_seq()
    store.put_promises([promise(1)])
    assert ids(store.unpromised(after_seq=0, limit=9)[0]) == ["run-00002", "run-00003"]
    assert store.unpromised(after_seq=end, limit=9) == ([], end)


def test_a_promise_goes_with_its_run(store: TelemetryStore) -> None:
    put(store, make_run(1), make_run(2))
    store.put_promises([promise(1), promise(2)])
    store.put_runs([], [("default", "run-00001")], settled_seq=0)
    put(store, make_run(1))
    assert store.get_run("default", "run-00001").estimate is None
    assert store.expire_runs("default", before_ns=START_NS + 60 * SECOND_NS, limit=9) == 2
    assert store.promises_of("default", ["run-00002"]) == {}


def test_filters_ask_the_promise(store: TelemetryStore) -> None:
    put(store, spending(1, 91), spending(2, 90), spending(3, 91), make_run(4))
    put(store, spending(5, 5, lifecycle="running", ended_at_ns=None))
    store.put_promises([promise(n) for n in (1, 2, 4, 5)])

    def having(word: str) -> list[str]:
        return sorted(
            ids(store.list_runs(RunFilter("default", has=[word]), sort="started_at", cursor=None, limit=9).items)
        )

    assert having("over_budget") == ["run-00001"]
    assert having("within_budget") == ["run-00002"]
    assert having("estimated") == ["run-00001", "run-00002", "run-00004", "run-00005"]
    assert store.count_runs(RunFilter("default", has=["over_budget"])) == 1


def test_kept_promises_are_of_runs_that_are_over_newest_and_in_order(store: TelemetryStore) -> None:
    put(store, *(make_run(n) for n in range(1, 5)), make_run(5, lifecycle="running", ended_at_ns=None))
    store.put_promises([promise(n) for n in (1, 2, 4, 5)])
    until_ns = START_NS + 60 * SECOND_NS
    found = store.kept_promises("default", START_NS, until_ns, limit=2)
    assert [(run.run_id, run.estimate) for run in found] == [("run-00002", promise(2)), ("run-00004", promise(4))]
    assert ids(store.kept_promises("default", START_NS + 2 * SECOND_NS, until_ns, limit=9)) == [
        "run-00002",
        "run-00004",
    ]
    assert store.kept_promises("other", 0, until_ns, limit=9) == []


def test_a_file_of_format_3_gets_the_table(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    store = DuckDBStore(path, options=DuckDBOptions(), clock=FakeClock())
    put(store, make_run(1))
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP VIEW run_attribute; DROP VIEW run_trace; DROP TABLE promise")
        for table in ("span", "run"):
            for name in ("task_key", "promised"):
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        connection.execute("UPDATE meta SET value = '3' WHERE key = 'data_format'")
    store = DuckDBStore(path, options=DuckDBOptions(), clock=FakeClock())
    assert store.put_promises([promise(1)]) == 1
    assert store.get_run("default", "run-00001") == make_run(1, estimate=promise(1))
    store.close()
