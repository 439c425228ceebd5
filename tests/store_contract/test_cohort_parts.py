"""Cohorts over time: equal parts of a window, all of them, the same on every engine."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.errors import BadInput
from quarterdeck.model.runs import Tokens
from quarterdeck.store.cohort_parts import NOTHING, CohortPart, cut
from quarterdeck.store.interface import TelemetryStore

from .builders import MINUTE_NS, START_NS, make_run

WINDOW = (START_NS, START_NS + 6 * MINUTE_NS)


def at(minute: int) -> int:
    return START_NS + minute * MINUTE_NS


def test_each_cohort_has_every_part_oldest_first(store: TelemetryStore) -> None:
    store.put_runs(
        [
            make_run(1, agent="a", started_at_ns=at(0), tokens=Tokens(10, 5)),
            make_run(2, agent="a", started_at_ns=at(1), status="error"),
            make_run(3, agent="a", started_at_ns=at(4), status="unknown", lifecycle="lost", tokens=Tokens(1, 1)),
            make_run(4, agent=None, started_at_ns=at(5)),
            make_run(5, agent="a", started_at_ns=at(6)),
            make_run(6, agent="gone", started_at_ns=at(-1)),
        ],
        (),
        settled_seq=0,
    )
    found = store.cohort_parts("default", *WINDOW, ["agent"], parts=3)
    assert set(found) == {("a",), (None,)}
    assert list(found["a",]) == [CohortPart(2, 1, 2, 15, 1), NOTHING, CohortPart(1, 0, 0, 2, 1)]
    assert [part.runs for part in found[None,]] == [0, 0, 1]


def test_names_are_those_of_cohorts(store: TelemetryStore) -> None:
    with pytest.raises(BadInput, match="colour"):
        store.cohort_parts("default", *WINDOW, ["colour"], parts=3)
    assert store.cohort_parts("default", *WINDOW, ["agent"], parts=3) == {}


def test_parts_are_whole_minutes_that_cover_the_window() -> None:
    assert [cut(6, 3), cut(6, 4), cut(6, 60), cut(60, 20), cut(0, 5)] == [(2, 3), (2, 3), (1, 6), (3, 20), (1, 0)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.lists(st.integers(min_value=-2, max_value=8), max_size=20),
    parts=st.integers(min_value=1, max_value=9),
)
def test_the_parts_sum_to_the_cohorts(store: TelemetryStore, minutes: list[int], parts: int) -> None:
    """However the window is cut, no run of it is lost or counted twice."""
    runs = [make_run(i, agent="ab"[i % 2], started_at_ns=at(minute)) for i, minute in enumerate(minutes)]
    old = [("default", run.run_id) for run in (make_run(i) for i in range(20))]
    store.put_runs(runs, [key for key in old if key[1] not in {run.run_id for run in runs}], settled_seq=0)
    found = store.cohort_parts("default", *WINDOW, ["agent"], parts=parts)
    counted = {keys[0]: sum(part.runs for part in own) for keys, own in found.items()}
    rows = store.cohorts("default", *WINDOW, ["agent"], limit=9)
    assert counted == {row.keys["agent"]: row.runs for row in rows if row.runs}
    assert {len(own) for own in found.values()} <= {cut(6, parts)[1]}
