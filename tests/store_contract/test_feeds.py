"""Feeds: runs that are over and outcomes in the order of writing, each once; outcomes replace, repeat, go with their runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from quarterdeck.clock import FakeClock
from quarterdeck.errors import BadInput
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.feed import OutcomeName, OutcomeSummary
from quarterdeck.store.interface import TelemetryStore

from .builders import START_NS, make_run

SECOND_NS = 1_000_000_000
Place = Callable[[], AbstractContextManager[TelemetryStore]]


def outcome(number: int = 1, **changes: Any) -> Outcome:
    given = Outcome("default", f"run-{number:05d}", "thumbs", 1.0, None, START_NS, START_NS + SECOND_NS, "api")
    return given._replace(**changes)


def put(store: TelemetryStore, *runs: Run) -> None:
    store.put_runs(runs, [], settled_seq=0)


def ids(runs: Sequence[Run]) -> list[str]:
    return [run.run_id for run in runs]


# runs


def test_an_empty_store_has_no_numbers(store: TelemetryStore) -> None:
    assert store.last_run_seq() == 0
    assert store.runs_over(after_seq=0, limit=5) == ([], 0)
    assert store.outcomes_after(after_seq=0, limit=5) == ([], 0)


def test_runs_that_are_over_come_in_the_order_of_writing_and_then_as_they_ended(store: TelemetryStore) -> None:
    put(store, make_run(9), make_run(3, lifecycle="lost", ended_at_ns=None), make_run(4, lifecycle="running"))
    put(store, make_run(2), make_run(1, project="other"))
    first, at = store.runs_over(after_seq=0, limit=3)
    assert ids(first) == ["run-00003", "run-00009", "run-00001"]
    rest, end = store.runs_over(after_seq=at, limit=3)
    assert ids(rest) == ["run-00002"]
    assert end == store.last_run_seq()
    assert store.runs_over(after_seq=end, limit=3) == ([], end)


def test_a_page_may_end_within_one_write(store: TelemetryStore) -> None:
    put(store, *(make_run(n) for n in range(7)))
    seen: list[str] = []
    at = 0
    while len(seen) < 7:
        page, at = store.runs_over(after_seq=at, limit=2)
        seen += ids(page)
    assert seen == [f"run-{n:05d}" for n in range(7)]


def test_a_run_written_again_comes_again_once(store: TelemetryStore) -> None:
    put(store, make_run(1, agent="a"), make_run(2))
    _, at = store.runs_over(after_seq=0, limit=9)
    for agent in ("b", "c"):
        put(store, make_run(1, agent=agent))
    again, _ = store.runs_over(after_seq=at, limit=9)
    assert [(run.run_id, run.agent) for run in again] == [("run-00001", "c")]


def test_a_live_run_comes_when_it_is_over(store: TelemetryStore) -> None:
    put(store, make_run(1, lifecycle="running", ended_at_ns=None))
    found, at = store.runs_over(after_seq=0, limit=9)
    assert list(found) == []
    put(store, make_run(1))
    assert ids(store.runs_over(after_seq=at, limit=9)[0]) == ["run-00001"]


def test_a_run_that_is_gone_does_not_come_and_its_number_is_not_used_again(store: TelemetryStore) -> None:
    put(store, make_run(1), make_run(2))
    last = store.last_run_seq()
    store.put_runs([], [("default", "run-00002")], settled_seq=0)
    assert ids(store.runs_over(after_seq=0, limit=9)[0]) == ["run-00001"]
    put(store, make_run(3))
    assert store.last_run_seq() > last


def test_numbers_of_runs_and_outcomes_go_on_after_opening_again(place: Place) -> None:
    with place() as store:
        put(store, make_run(1), make_run(2))
        store.put_runs([], [("default", "run-00002")], settled_seq=0)
        store.put_outcomes([outcome()])
        last, (_, told) = store.last_run_seq(), store.outcomes_after(after_seq=0, limit=9)
    with place() as store:
        assert store.last_run_seq() == last
        put(store, make_run(3, tool_errors={"search": 2}))
        (run,), _ = store.runs_over(after_seq=last, limit=9)
        assert (run.run_id, run.tool_errors) == ("run-00003", {"search": 2})
        store.put_outcomes([outcome(2)])
        assert store.outcomes_after(after_seq=told, limit=9)[0] == [outcome(2)]
        assert store.outcomes_of("default", ["run-00001"]) == [outcome()]


def test_a_page_of_nothing_is_refused(store: TelemetryStore) -> None:
    with pytest.raises(BadInput, match="limit 0"):
        store.runs_over(after_seq=0, limit=0)
    with pytest.raises(BadInput, match="limit 0"):
        store.outcomes_after(after_seq=0, limit=0)


# outcomes


def test_the_newest_finding_of_a_name_and_a_source_stands(store: TelemetryStore) -> None:
    store.put_outcomes([outcome(score=0.5, at_ns=START_NS + 5)])
    store.put_outcomes([outcome(score=0.1, at_ns=START_NS + 4), outcome(source="span", score=0.9)])
    assert [(o.source, o.score) for o in store.outcomes_of("default", ["run-00001"])] == [("span", 0.9), ("api", 0.5)]
    store.put_outcomes([outcome(score=0.2, at_ns=START_NS + 5)])
    assert [(o.source, o.score) for o in store.outcomes_of("default", ["run-00001"])] == [("span", 0.9), ("api", 0.2)]


def test_what_is_said_again_is_no_news_and_later_words_still_count(store: TelemetryStore) -> None:
    store.put_outcomes([outcome()])
    _, at = store.outcomes_after(after_seq=0, limit=9)
    store.put_outcomes([outcome(at_ns=START_NS + 9, received_ns=START_NS + 99 * SECOND_NS)])
    assert store.outcomes_after(after_seq=at, limit=9) == ([], at)
    assert store.outcomes_of("default", ["run-00001"]) == [outcome(at_ns=START_NS + 9)]
    store.put_outcomes([outcome(score=0.0, at_ns=START_NS + 8)])
    assert store.outcomes_of("default", ["run-00001"]) == [outcome(at_ns=START_NS + 9)]


def test_outcomes_come_in_the_order_of_writing_in_pages(store: TelemetryStore) -> None:
    store.put_outcomes([outcome(3), outcome(1, project="other"), outcome(2)])
    store.put_outcomes([outcome(3, score=0.0, at_ns=START_NS + 1)])
    first, at = store.outcomes_after(after_seq=0, limit=2)
    rest, end = store.outcomes_after(after_seq=at, limit=2)
    assert [(o.project, o.run_id, o.score) for o in (*first, *rest)] == [
        ("other", "run-00001", 1.0),
        ("default", "run-00002", 1.0),
        ("default", "run-00003", 0.0),
    ]
    assert store.outcomes_after(after_seq=end, limit=2) == ([], end)


def test_one_call_may_name_an_outcome_twice(store: TelemetryStore) -> None:
    store.put_outcomes([outcome(score=0.3), outcome(score=0.4, at_ns=START_NS + 1), outcome(score=0.2)])
    assert [o.score for o in store.outcomes_of("default", ["run-00001"])] == [0.4]


def test_labels_comments_and_odd_text_survive(store: TelemetryStore) -> None:
    given = outcome(score=None, label="good \ud800", comment="it's\n'fine' ?")
    store.put_outcomes([given])
    assert store.outcomes_of("default", ["run-00001"]) == [given._replace(label="good ?")]


def test_a_run_has_only_its_own_outcomes(store: TelemetryStore) -> None:
    store.put_outcomes([outcome(), outcome(2), outcome(project="other")])
    assert [o.run_id for o in store.outcomes_of("default", ["run-00001", "nowhere"])] == ["run-00001"]
    assert list(store.outcomes_of("default", [])) == []


def test_dropped_outcomes_are_gone(store: TelemetryStore) -> None:
    store.put_outcomes([outcome(), outcome(name="faithful"), outcome(2), outcome(project="other")])
    assert store.drop_outcomes("default", ["run-00001", "nowhere"]) == 2
    assert store.drop_outcomes("default", []) == 0
    assert store.drop_outcomes("default", ["run-00002"], source="span") == 0
    assert store.outcome_names("default") == ["thumbs"]
    assert store.outcome_names("nobody") == []
    kept, _ = store.outcomes_after(after_seq=0, limit=9)
    assert [(o.project, o.run_id) for o in kept] == [("default", "run-00002"), ("other", "run-00001")]


def test_old_outcomes_without_a_run_expire(store: TelemetryStore) -> None:
    put(store, make_run(1))
    store.put_outcomes([outcome(), outcome(2), outcome(3, received_ns=START_NS + 9 * SECOND_NS)])
    store.put_outcomes([outcome(1, project="other")])
    assert store.expire_outcomes("default", before_ns=START_NS + 5 * SECOND_NS) == 1
    kept, _ = store.outcomes_after(after_seq=0, limit=9)
    assert [(o.project, o.run_id) for o in kept] == [
        ("default", "run-00001"),
        ("default", "run-00003"),
        ("other", "run-00001"),
    ]


def test_the_summary_counts_runs_by_name_and_says_how_late_outcomes_come(store: TelemetryStore) -> None:
    put(store, *(make_run(n) for n in range(1, 5)), make_run(5, lifecycle="running", ended_at_ns=None))
    put(store, make_run(6, lifecycle="lost", ended_at_ns=None), make_run(90), make_run(1, project="other"))
    # Run n ends n + 2 seconds after START_NS.
    late = [outcome(n, received_ns=START_NS + (n + 2 + wait) * SECOND_NS) for n, wait in ((1, 10), (2, 20), (3, 60))]
    store.put_outcomes([*late, outcome(5), outcome(90), outcome(7)])
    store.put_outcomes([outcome(1, name="tone", score=None, label="kind"), outcome(6, name="tone", score=0.25)])
    until = START_NS + 60 * SECOND_NS
    assert store.outcome_summary("default", START_NS, until) == OutcomeSummary(
        5,
        [OutcomeName("thumbs", 3, 3, 1.0, 20.0, 52.0), OutcomeName("tone", 2, 1, 0.25, -2.0, -2.0)],
    )
    assert store.outcome_summary("nobody", START_NS, until) == OutcomeSummary(0, [])


# format 2


def test_runs_of_format_2_are_numbered_as_they_ended(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    options = DuckDBOptions()
    store = DuckDBStore(path, options=options, clock=FakeClock())
    put(store, make_run(5, tools={"search": 1}))
    put(store, make_run(4))
    store.close()
    with duckdb.connect(str(path)) as connection:
        for statement in _BACK_TO_2:
            connection.execute(statement)
    store = DuckDBStore(path, options=options, clock=FakeClock())
    assert ids(store.runs_over(after_seq=0, limit=9)[0]) == ["run-00004", "run-00005"]
    assert store.last_run_seq() == 2
    assert store.get_run("default", "run-00005") == make_run(5, tools={"search": 1})
    put(store, make_run(1, tool_errors={"refund": 1}))
    assert ids(store.runs_over(after_seq=2, limit=9)[0]) == ["run-00001"]
    store.put_outcomes([outcome()])
    assert store.outcomes_of("default", ["run-00001"]) == [outcome()]
    store.close()
    with duckdb.connect(str(path)) as connection:
        rows = connection.execute("SELECT value FROM run_attribute WHERE key = 'tool_error'").fetchall()
        assert rows == [("refund",)]


_BACK_TO_2 = (
    "DROP VIEW run_attribute",
    "CREATE VIEW run_attribute AS SELECT run_id FROM run",
    "ALTER TABLE span DROP COLUMN evaluations",
    "ALTER TABLE run DROP COLUMN tool_errors",
    "ALTER TABLE run DROP COLUMN written_seq",
    "DROP TABLE outcome",
    "DROP TABLE promise",
    *(f"ALTER TABLE {table} DROP COLUMN {name}" for table in ("span", "run") for name in ("task_key", "promised")),
    "DELETE FROM meta WHERE key IN ('written_seq', 'outcome_seq')",
    "UPDATE meta SET value = '2' WHERE key = 'data_format'",
)
