"""The desk: one bad item refuses nothing else, the same post changes nothing, verdicts stand in runs old and new."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.store_contract.builders import make_run

from quarterdeck.clock import FakeClock
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.observe.outcomes import NameBook, OutcomeDesk, OutcomeGauges, OutcomeOptions, Verdicts
from quarterdeck.observe.outcomes.verdict import verdict_of
from quarterdeck.store.memory import MemoryStore

NOW_NS = 1_795_503_600 * 10**9


class Telling(MemoryStore):
    """A store that puts verdicts into runs as the server's does; counts writes."""

    def __init__(self, options: OutcomeOptions) -> None:
        super().__init__()
        self.verdicts = Verdicts(self, options)
        self.writes = 0

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        self.writes += 1
        super().put_runs(self.verdicts.apply(runs), gone, settled_seq=settled_seq)


class House:
    def __init__(self, **options: Any) -> None:
        self.options = OutcomeOptions(**options)
        self.store = Telling(self.options)
        self.clock = FakeClock(NOW_NS)
        self.registry = CollectorRegistry()
        self.desk = self.open(self.registry)

    def open(self, registry: CollectorRegistry) -> OutcomeDesk:
        return OutcomeDesk(
            self.store,
            self.errand,
            NameBook(self.store, self.options),
            options=self.options,
            clock=self.clock,
            gauges=OutcomeGauges(registry),
        )

    @staticmethod
    def errand(act: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(act(None))
        return future

    def post(self, *items: Any) -> Any:
        return self.desk.post("default", items)

    def put(self, *runs: Run) -> None:
        self.store.put_runs(runs, [], settled_seq=0)

    def outcome(self, number: int) -> str | None:
        return self.store.get_run("default", f"run-{number:05d}").outcome

    def counted(self, what: str) -> float | None:
        return self.registry.get_sample_value("quarterdeck_outcomes_total", {"source": "api", "what": what})


@pytest.fixture
def house() -> House:
    found = House()
    found.put(make_run(1), make_run(2, outcome="success"))
    return found


def item(run_id: str = "run-00001", name: str = "thumbs", **more: Any) -> dict[str, Any]:
    return {"run_id": run_id, "name": name, "score": 1.0, **more}


def test_one_bad_item_does_not_refuse_the_rest(house: House) -> None:
    found = house.post(item(), "nonsense", item("later"), item("run-00002", score=5))
    assert (found.accepted, found.unknown_runs) == (3, 1)
    assert [(r.item, r.reason) for r in found.rejected] == [
        (1, "found 'nonsense', expected an object with run_id and name")
    ]
    assert [(n.item, n.reason) for n in found.noted] == [(3, "score 5 is outside 0 to 1 and was kept as a label")]
    assert [o.name for o in house.store.outcomes_of("default", ["run-00001", "later"])] == ["thumbs", "thumbs"]
    assert [house.counted(what) for what in ("accepted", "unknown_run", "rejected")] == [2, 1, 1]


def test_the_same_post_again_changes_nothing(house: House) -> None:
    house.post(item())
    _, at = house.store.outcomes_after(after_seq=0, limit=9)
    house.clock.advance(60)
    assert house.post(item()).accepted == 1
    assert house.store.outcomes_after(after_seq=at, limit=9) == ([], at)


def test_other_names_leave_the_run_as_it_is(house: House) -> None:
    writes = house.store.writes
    house.post(item(score=0.0), item("run-00002", "faithful", score=0.0))
    assert (house.outcome(1), house.outcome(2), house.store.writes) == (None, "success", writes)


@pytest.mark.parametrize(
    ("said", "outcome", "failed"),
    [
        ({"score": 0.49}, "failure", True),
        ({"score": 0.5}, "success", False),
        ({"score": 1, "label": "failed"}, "failed", True),
        ({"score": None, "label": "escalated"}, "escalated", False),
    ],
)
def test_the_outcome_of_that_name_decides_about_the_run(house: House, said: Any, outcome: str, failed: bool) -> None:
    house.post(item(name="outcome", **said), item("run-00002", "outcome", **said))
    assert (house.outcome(1), house.outcome(2)) == (outcome, outcome)
    assert house.store.get_run("default", "run-00001").failed is failed


def test_a_verdict_reaches_a_run_that_is_written_later_and_written_again(house: House) -> None:
    assert house.post(item("run-00003", "outcome", score=0)).unknown_runs == 1
    house.put(make_run(3))
    assert house.outcome(3) == "failure"
    house.put(make_run(3, outcome="success", agent="again"))
    assert house.outcome(3) == "failure"
    assert house.outcome(1) is None


def test_a_verdict_is_of_its_project(house: House) -> None:
    house.desk.post("other", [item(name="outcome", score=0)])
    house.put(make_run(1), make_run(1, project="other"))
    assert house.outcome(1) is None
    assert house.store.get_run("other", "run-00001").outcome == "failure"


def test_the_name_and_the_bar_can_be_set() -> None:
    house = House(outcome_name="resolved", success_from=0.9)
    house.put(make_run(1))
    house.post(item(name="outcome", score=0), item(name="resolved", score=0.8))
    assert house.outcome(1) == "failure"


def test_the_newest_verdict_stands_and_of_equals_the_posted_one() -> None:
    def said(at_ns: int, source: str, label: str) -> Outcome:
        return Outcome("p", "r", "outcome", None, label, at_ns, at_ns, source)

    options = OutcomeOptions()
    assert verdict_of([said(2, "span", "late"), said(1, "api", "early")], options) == "late"
    assert verdict_of([said(1, "api", "posted"), said(1, "span", "told")], options) == "posted"
    assert verdict_of([], options) is None


def test_further_names_are_refused_also_after_a_restart() -> None:
    house = House(names_max=2)
    found = house.post(item(name="a"), item(name="b"), item(name="c"), item(name="a"))
    assert [(r.item, r.reason) for r in found.rejected] == [
        (2, "name 'c' is new and the project has 2 names, expected one of those (setting outcomes.names_max)")
    ]
    again = house.open(CollectorRegistry())
    assert len(again.post("default", [item(name="c")]).rejected) == 1
    assert again.post("other", [item(name="c")]).rejected == []


def test_an_empty_post_is_nothing(house: House) -> None:
    assert house.post() == (0, 0, [], [])
